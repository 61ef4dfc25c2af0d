#!/bin/bash
# Measures vault serve beside a bare Go server, both over TLS, with wrk.
#
#   docs/load/run.sh [DIRECTORY]
#
# The directory keeps the store, so that a second run need not make it again; it
# is a temporary one, and removed, when none is named. Needs Go, wrk, curl and
# openssl, and for PostgreSQL its server programs. What can be chosen:
#
#   STORE=sqlite         or postgres: a server of its own, started below the directory
#   INTEGRATIONS=100000  records in the store, and CREDENTIALS=10000
#   ROUNDS=5 SECONDS_EACH=4 CONNECTIONS="1 8 64" STARTS=20
#   STRANGERS=20         seconds of log-ins that are refused, over all integrations
#   OPERATIONS="read log-in checkout"
#   LOAD_KEYS=random     idempotency keys that follow no order; else UUIDs of version 7
#   PGTCP=yes            PostgreSQL over loopback instead of through its socket
#   VAULT=, BARE=, FIRST= programs that are built already
#   ACCESS_LOG=FILE      where the log of the calls goes; /dev/null
set -eu
here=$(cd "$(dirname "$0")" && pwd)
root=$(cd "$here/../.." && pwd)
STORE=${STORE:-sqlite} INTEGRATIONS=${INTEGRATIONS:-100000} CREDENTIALS=${CREDENTIALS:-10000}
ROUNDS=${ROUNDS:-5} SECONDS_EACH=${SECONDS_EACH:-4} CONNECTIONS=${CONNECTIONS:-1 8 64} STARTS=${STARTS:-20} STRANGERS=${STRANGERS:-20}
ACCESS_LOG=${ACCESS_LOG:-/dev/null} OPERATIONS=${OPERATIONS:-read log-in checkout}
CALLERS=100 # integrations that sign in

made=
if [ $# -gt 0 ]; then
  mkdir -p "$1"
  dir=$(cd "$1" && pwd)
else
  made=$(mktemp -d)
  dir=$made
fi
running=()

# leave ends what this script has started.
leave() {
  local pid
  for pid in "${running[@]}"; do kill "$pid" 2>/dev/null || true; done
  wait
  [ -z "$made" ] || rm -rf "$made"
}
trap leave EXIT

say() { printf '%s\n' "$*" >&2; }

build() { (cd "$root" && CGO_ENABLED=0 go build -trimpath -ldflags '-s -w' -o "$1" "$2"); }

programs() {
  vault=${VAULT:-$dir/vault} bare=${BARE:-$dir/bareserver} first=${FIRST:-$dir/firstanswer}
  [ -n "${VAULT:-}" ] || build "$vault" ./cmd/vault
  [ -n "${BARE:-}" ] || build "$bare" ./pkg/bench/testdata/bareserver
  [ -n "${FIRST:-}" ] || build "$first" ./pkg/bench/testdata/firstanswer
}

# postgres starts a server of the directory's own, and finds its address.
postgres() {
  local bin as=() port=${PGPORT:-54329}
  bin=$(find /usr/lib/postgresql -maxdepth 2 -name bin | sort | tail -n 1)
  if [ "$(id -u)" = 0 ]; then
    as=(runuser -u postgres --)
    chmod 0755 "$dir"
    install -d -o postgres "$dir/pg"
  fi
  mkdir -p "$dir/pg"
  [ -e "$dir/pg/data" ] || "${as[@]}" "$bin/initdb" -D "$dir/pg/data" -U admin --auth=trust -E UTF8 --locale=C >/dev/null
  "${as[@]}" "$bin/pg_ctl" -D "$dir/pg/data" -w -l "$dir/pg/log" \
    -o "-p $port -k $dir/pg -c listen_addresses=127.0.0.1 -c max_connections=300" start >/dev/null
  running+=("$(head -n 1 "$dir/pg/data/postmaster.pid")")
  local host=$dir/pg
  [ "${PGTCP:-}" != yes ] || host=127.0.0.1
  export REDIM_STORE="postgres://admin@/vault?host=$host&port=$port&sslmode=disable"
  "$bin/psql" -h "$host" -p "$port" -U admin -qAt -d postgres -c "select 1 from pg_database where datname = 'vault'" | grep -q 1 ||
    "$bin/psql" -h "$host" -p "$port" -U admin -q -d postgres -c 'create database vault'
  pgbench=("$bin/pgbench" -h "$host" -p "$port" -U admin)
}

# fill makes the records: integrations 5,000 at a time, for each import is one unit.
fill() {
  local from n
  [ "$STORE" != postgres ] || "$vault" store migrate >/dev/null
  say "making $INTEGRATIONS integrations and $CREDENTIALS credentials"
  for ((from = 1; from <= INTEGRATIONS; from += 5000)); do
    {
      echo name,auth,allowed_ips,grants,hours,description
      for ((n = from; n < from + 5000 && n <= INTEGRATIONS; n++)); do
        printf 'app-%06d,application,"10.0.0.0/8,127.0.0.0/8","web*/*",8,application %d of the load\n' $n $n
      done
    } | "$vault" integrations import - >/dev/null 2>&1
  done
  "$vault" policies new shared --exclusive no 2>/dev/null
  {
    echo system,account,policy,secret
    for ((n = 1; n <= CREDENTIALS; n++)); do printf 'web%05d,svc,shared,made up for the load %d\n' $n $n; done
  } | "$vault" credentials import - >/dev/null 2>&1
  for ((n = 1; n <= CALLERS; n++)); do
    printf '{"name":"app-%06d","credential":"%s"}\n' $n "$("$vault" integrations rotate-credential "app-$(printf %06d $n)" --field credential 2>/dev/null)"
  done >"$dir/logins"
}

certificate() {
  openssl req -x509 -newkey ec -pkeyopt ec_paramgen_curve:P-256 -nodes -days 30 -subj /CN=localhost \
    -addext subjectAltName=DNS:localhost,IP:127.0.0.1 -keyout "$dir/key.pem" -out "$dir/cert.pem" 2>/dev/null
}

# start runs a server until it says where it is: its process and its address.
start() {
  local log=$dir/$1.out
  shift
  : >"$log"
  "$@" >"$log" 2>>"$ACCESS_LOG" &
  pid=$!
  running+=("$pid")
  until address=$(sed -n 's/^ready //p' "$log") && [ -n "$address" ]; do
    kill -0 "$pid" || exit 1
    sleep 0.05
  done
}

# ask is one request; it prints the answer.
ask() { curl -sS --fail-with-body --cacert "$dir/cert.pem" -H 'Content-Type: application/json' "$@"; }

# sign_in makes the list of tokens, each with a check-out of its own.
sign_in() {
  local body token id n=0
  while read -r body; do
    token=$(ask -d "$body" "$1/v1/login" | sed 's/.*"token":"\([^"]*\)".*/\1/')
    n=$((n + 1))
    id=$(ask -H "Authorization: Bearer $token" -d "$(printf '{"system":"web%05d","account":"svc"}' $n)" "$1/v1/checkouts" | sed 's/^{"id":"\([^"]*\)".*/\1/')
    echo "$token $id"
  done <"$dir/logins" >"$dir/tokens"
}

ticks() { awk '{ print $14 + $15 }' "/proc/$1/stat"; }

# load runs wrk once, and notes the rate, p50, p99, failures and the server's
# processor time in one line of $dir/results.
load() {
  local what=$1 connections=$2 pid=$3 url=$4 script=$5 before after out
  before=$(ticks "$pid")
  out=$(LOAD_RUN=$(date +%s%N) LOAD_PATH=/${url#https://*/} wrk -t1 -c"$connections" -d"${SECONDS_EACH}s" -s "$here/$script" "$url" | grep '^result ')
  after=$(ticks "$pid")
  printf '%s %s %s %s\n' "$what" "$connections" "$out" $(((after - before) * 10000)) >>"$dir/results"
}

measure() {
  local c round what
  export LOAD_DIR=$dir LOAD_SCRIPTS=$here LOAD_CREDENTIALS=$CREDENTIALS
  : >"$dir/results"
  for ((round = 1; round <= ROUNDS; round++)); do
    say "round $round of $ROUNDS"
    sign_in "$vault_at"
    for c in $CONNECTIONS; do
      load bare "$c" "$bare_pid" "$bare_at/hello" bare.lua
      load bare-checkout "$c" "$bare_pid" "$bare_at/checkout" checkout.lua
      [ "$STORE" != postgres ] || pgbench_round "$c"
      for what in $OPERATIONS; do operation "$what" "$c"; done
    done
  done
}

operation() {
  case $1 in
  read) load read "$2" "$vault_pid" "$vault_at/v1/checkouts" read.lua ;;
  log-in) load log-in "$2" "$vault_pid" "$vault_at/v1/login" login.lua ;;
  checkout) load checkout "$2" "$vault_pid" "$vault_at/v1/checkouts" checkout.lua ;;
  esac
}

# pgbench_round does one read, a lease and two events in a transaction, on tables
# without an index but their keys.
pgbench_round() {
  local tps
  tps=$("${pgbench[@]}" -n -M prepared -f "$dir/pgbench.sql" -c "$1" -j 2 -T "$SECONDS_EACH" bench 2>/dev/null | sed -n 's/^tps = \([0-9]*\).*/\1/p')
  printf 'pgbench %s result %s 1000000 0 0 0 0\n' "$1" "$tps" >>"$dir/results"
}

pgbench_tables() {
  local sql=("${pgbench[0]%pgbench}psql" "${pgbench[@]:1}" -qAt)
  "${sql[@]}" -d postgres -c 'drop database if exists bench' -c 'create database bench' 2>/dev/null
  "${sql[@]}" -d bench -c 'create table c (n int primary key, sealed bytea)' -c 'create table l (id uuid primary key default gen_random_uuid(), c int, who text, due bigint)' \
    -c 'create table e (n bigserial primary key, body text)' \
    -c "insert into c select n, decode(repeat('00', 96), 'hex') from generate_series(1, $CREDENTIALS) n"
  cat >"$dir/pgbench.sql" <<SQL
\\set c random(1, $CREDENTIALS)
begin;
select sealed from c where n = :c;
insert into l (c, who, due) values (:c, 'app', 1);
insert into e (body) values (repeat('x', 200)), (repeat('x', 200));
commit;
SQL
}

# table prints the medians of the rounds. x-bare is the bare server's rate over
# this one's, in the same round with as many connections; of-limit is this one's
# over that of the bare check-out, or of pgbench.
table() {
  awk '
    function median(list, n,   i, j, t) {
      for (i = 2; i <= n; i++) for (j = i; j > 1 && list[j - 1] > list[j]; j--) { t = list[j]; list[j] = list[j - 1]; list[j - 1] = t }
      return list[int((n + 1) / 2)]
    }
    function mid(what, key, n,   i, list) { for (i = 1; i <= n; i++) list[i] = all[what, key, i]; return median(list, n) }
    {
      key = $1 " " $2; n = ++count[key]
      if (n == 1) order[++keys] = key
      rate = $4 * 1e6 / $5; all["rate", key, n] = rate; all["p50", key, n] = $6 / 1000; all["p99", key, n] = $7 / 1000
      failed[key] += $8; all["cpu", key, n] = $4 ? $9 / $4 : 0; is[$1, $2, n] = rate
      all["hello", key, n] = rate ? is["bare", $2, n] / rate : 0
      limit = $1 == "checkout" || $1 == "log-in" ? (("pgbench", $2, n) in is ? is["pgbench", $2, n] : is["bare-checkout", $2, n]) : 0
      all["limit", key, n] = limit ? rate / limit : 0
    }
    END {
      printf "%-14s %5s %9s %8s %8s %8s %8s %9s %s\n", "operation", "conns", "rate/s", "p50 ms", "p99 ms", "cpu us", "x-bare", "of-limit", "failed"
      for (k = 1; k <= keys; k++) {
        key = order[k]; n = count[key]; split(key, part, " ")
        printf "%-14s %5s %9.0f %8.2f %8.2f %8.0f %8.1f %9.2f %d\n", part[1], part[2], mid("rate", key, n), mid("p50", key, n), mid("p99", key, n),
          mid("cpu", key, n), mid("hello", key, n), mid("limit", key, n), failed[key]
      }
    }' "$dir/results"
}

memory() { printf 'memory %s: ' "$1" && awk '/^Vm(RSS|HWM)/ { printf "%s %d MiB ", $1, $2 / 1024 } END { print "" }' "/proc/$vault_pid/status"; }

main() {
  programs
  export REDIM_STORE=sqlite:$dir/vault.db REDIM_KEY=file:$dir/master.key REDIM_CONFIG=$dir/settings.yaml XDG_DATA_HOME=$dir XDG_STATE_HOME=$dir
  [ "$STORE" != postgres ] || postgres
  [ -e "$dir/filled" ] || { fill && certificate && touch "$dir/filled"; }
  local serve=("$vault" serve --set "tls.cert_file=$dir/cert.pem" --set "tls.key_file=$dir/key.pem" --set trusted_proxies=127.0.0.1)
  [ "$STORE" != postgres ] || pgbench_tables
  rm -f "$dir"/bare.db*
  start bare "$bare" -cert "$dir/cert.pem" -key "$dir/key.pem" -db "$dir/bare.db"
  bare_pid=$pid bare_at=$address
  start vault "${serve[@]}" --listen 127.0.0.1:0
  vault_pid=$pid vault_at=$address
  measure
  table
  memory 'after the load'
  LOAD_INTEGRATIONS=$INTEGRATIONS wrk -t1 -c64 -d"${STRANGERS}s" -s "$here/strangers.lua" "$vault_at/v1/login" | sed -n 's/^result \([0-9]*\).*/log-ins refused: \1/p'
  memory 'after those'
  kill "$vault_pid"
  wait "$vault_pid" || true
  printf 'start to first answer, ms (median, least, most of %s): ' "$STARTS"
  "$first" -n "$STARTS" https://127.0.0.1:18443/readyz "${serve[@]}" --listen 127.0.0.1:18443
}

main

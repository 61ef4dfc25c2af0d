//go:build unix

package store_test

import (
	"context"
	"database/sql"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"regexp"
	"strconv"
	"sync"
	"sync/atomic"
	"syscall"
	"testing"
	"time"

	"github.com/redim-tools/redim/pkg/audit"
	"github.com/redim-tools/redim/pkg/store"
	"github.com/redim-tools/redim/pkg/store/storetest"
	"github.com/redim-tools/redim/pkg/vault"
)

const benchCredentials = 10_000

// BenchmarkCheckOut compares durable check-outs with the least that the same
// rows cost: on SQLite a loop that does nothing but gather and commit, on
// PostgreSQL pgbench.
func BenchmarkCheckOut(b *testing.B) {
	for _, callers := range []int{1, 8, 64} {
		b.Run(fmt.Sprintf("sqlite/%d/plain", callers), func(b *testing.B) { benchBare(b, callers, plainRows()) })
		b.Run(fmt.Sprintf("sqlite/%d/bare", callers), func(b *testing.B) { benchBare(b, callers, sameRows()) })
		b.Run(fmt.Sprintf("sqlite/%d/store", callers), func(b *testing.B) { benchStore(b, sqliteBackend().make(b), callers) })
	}
	server := storetest.Start(b)
	for _, callers := range []int{1, 8, 64} {
		b.Run(fmt.Sprintf("postgres/%d/pgbench", callers), func(b *testing.B) { benchPgbench(b, server, callers) })
		b.Run(fmt.Sprintf("postgres/%d/store", callers), func(b *testing.B) { benchStore(b, server.Database(b), callers) })
	}
}

// between runs b.N calls among so many callers.
func between(b *testing.B, callers int, do func(n int64) error) {
	b.Helper()
	var next atomic.Int64
	var wg sync.WaitGroup
	b.ResetTimer()
	before := cpu()
	for range callers {
		wg.Go(func() {
			for n := next.Add(1); n <= int64(b.N); n = next.Add(1) {
				if err := do(n); err != nil {
					b.Error(err)
					return
				}
			}
		})
	}
	wg.Wait()
	b.ReportMetric(float64(b.N)/b.Elapsed().Seconds(), "ops/s")
	b.ReportMetric(float64((cpu()-before).Microseconds())/float64(b.N), "cpu-us/op")
}

// cpu is the time that this process has computed, which a busy machine changes
// less than it changes the clock.
func cpu() time.Duration {
	var u syscall.Rusage
	if syscall.Getrusage(syscall.RUSAGE_SELF, &u) != nil {
		return 0
	}
	return time.Duration(u.Utime.Nano() + u.Stime.Nano())
}

func fill(b *testing.B, s *store.Store) {
	b.Helper()
	const batch = 1000
	for from := 0; from < benchCredentials; from += batch {
		err := s.Update(context.Background(), func(ctx context.Context, tx vault.Tx) error {
			for n := from; n < from+batch; n++ {
				c := aCredential(n, fmt.Sprintf("host%06d", n), "root")
				c.Endpoints = nil
				if err := tx.AddCredential(ctx, c); err != nil {
					return err
				}
				if err := tx.AddSecretVersion(ctx, vault.SecretVersion{CredentialID: c.ID, Number: 1, Sealed: make([]byte, 64), Wrapped: make([]byte, 64), WrappedBy: "k"}); err != nil {
					return err
				}
			}
			return nil
		})
		if err != nil {
			b.Fatal(err)
		}
	}
}

func benchStore(b *testing.B, address string, callers int) {
	s := open(b, address)
	fill(b, s)
	between(b, callers, func(n int64) error {
		credential := id(int(n*7919) % benchCredentials)
		return s.Update(context.Background(), func(ctx context.Context, tx vault.Tx) error {
			if _, err := tx.LockCredential(ctx, credential); err != nil {
				return err
			}
			if _, err := tx.SecretVersion(ctx, credential, 1); err != nil {
				return err
			}
			l, intent, outcome := benchRows(n, credential)
			if err := tx.AddLease(ctx, l); err != nil {
				return err
			}
			return record(ctx, tx, intent, outcome)
		})
	})
}

func benchRows(n int64, credential string) (vault.Lease, audit.Event, audit.Event) {
	lease := strconv.FormatInt(1<<42+(n*2654435761)%(1<<41), 36) // scattered, as ids are
	l := aLease(lease, credential)
	l.Exclusive = false
	intent, outcome := anEvent(1, audit.CheckoutIntent, "a"), anEvent(1, audit.CheckoutOutcome, "a")
	intent.Lease, outcome.Lease, intent.Released, outcome.Released = lease, lease, "", lease
	return l, intent, outcome
}

// bareJob is one row set that waits for the loop.
type bareJob struct {
	n    int64
	done chan error
}

// rowSet is what a bare loop does for each check-out.
type rowSet struct {
	setup      []string // statements
	credential string   // adds one: id, secret
	read       string   // one credential: id
	lease      string
	event      string // chain, seq, prev, hash, lease, credential, body
}

// plainRows go to tables without an index, a check or a trigger.
func plainRows() rowSet {
	return rowSet{[]string{
		"create table c (id text primary key, secret blob) without rowid",
		"create table l (id text primary key, credential text, holder text, reason text, comment text, at integer, due integer) without rowid",
		"create table e (n integer primary key, chain text, seq integer, prev blob, hash blob, lease text, credential text, body blob)",
	},
		"insert into c values (?, ?)", "select secret from c where id = ?",
		"insert into l values (?, ?, ?, ?, ?, ?, ?)", "insert into e (chain, seq, prev, hash, lease, credential, body) values (?, ?, ?, ?, ?, ?, ?)",
	}
}

// sameRows go to the tables of the store.
func sameRows() rowSet {
	return rowSet{nil,
		"insert into secret_versions (credential_id, number, sealed, wrapped, wrapped_by, created, created_by) values (?, 1, ?, x'00', 'k', 0, '')",
		"select sealed from secret_versions where credential_id = ? and number = 1",
		`insert into leases (id, credential_id, actor_name, reason, comment, at, due, credential, secret, exclusive, ticket, request_id, idempotency, state, ended, actor_kind, actor_id, actor_address, actor_key, version, created, created_by, changed, changed_by)
values (?, ?, ?, ?, ?, ?, ?, 'web01/root', 1, 0, 't', '', '', 'open', 0, 'integration', '01900000-0000-7000-8000-000000000900', '', 'integration:01900000-0000-7000-8000-000000000900', 1, 1, 'alice', 1, 'bob')`,
		"insert into events (chain, seq, prev, hash, lease, credential, body, at, kind, actor, integration_id, integration, released) values (?, ?, ?, ?, ?, ?, ?, 1763726460000123, 'checkout.intent', 'alice', '01900000-0000-7000-8000-000000000001', 'a', 'keyed')",
	}
}

func benchBare(b *testing.B, callers int, rows rowSet) {
	path := filepath.Join(b.TempDir(), "bare.db")
	if rows.setup == nil {
		_ = open(b, "sqlite:"+path).Close()
	}
	db, err := sql.Open("sqlite", path+"?_pragma=journal_mode(wal)&_pragma=synchronous(full)&_pragma=cache_size(-16384)")
	if err != nil {
		b.Fatal(err)
	}
	b.Cleanup(func() { _ = db.Close() })
	db.SetMaxOpenConns(1)
	for _, statement := range append(rows.setup, "begin") {
		bareExec(b, db, statement)
	}
	for n := range benchCredentials {
		bareExec(b, db, rows.credential, id(n), make([]byte, 128))
	}
	bareExec(b, db, "commit")
	work := make(chan bareJob, callers)
	ended := make(chan struct{})
	go func() {
		defer close(ended)
		bareLoop(b, db, rows, work)
	}()
	between(b, callers, func(n int64) error {
		j := bareJob{n, make(chan error, 1)}
		work <- j
		return <-j.done
	})
	close(work)
	<-ended
}

func bareExec(b *testing.B, db *sql.DB, statement string, args ...any) {
	b.Helper()
	if _, err := db.ExecContext(context.Background(), statement, args...); err != nil {
		b.Fatal(err)
	}
}

// bareLoop gathers what waits into one transaction, with prepared statements.
func bareLoop(b *testing.B, db *sql.DB, rows rowSet, work <-chan bareJob) {
	ctx := context.Background()
	stmts := make([]*sql.Stmt, 5)
	for i, text := range []string{"begin immediate", "commit", rows.read, rows.lease, rows.event} {
		s, err := db.PrepareContext(ctx, text)
		if err != nil {
			b.Error(err)
			return
		}
		stmts[i] = s
	}
	defer func() {
		for _, s := range stmts {
			_ = s.Close()
		}
	}()
	begin, commit, read, lease, event := stmts[0], stmts[1], stmts[2], stmts[3], stmts[4]
	for j := range work {
		batch := bareBatch(j, work)
		_, err := begin.ExecContext(ctx)
		for _, j := range batch {
			credential := id(int(j.n*7919) % benchCredentials)
			l, intent, outcome := benchRows(j.n, credential)
			var secret []byte
			err = errors.Join(err, read.QueryRowContext(ctx, credential).Scan(&secret))
			_, e := lease.ExecContext(ctx, l.ID, credential, l.Holder.Name, l.Reason, l.Comment, l.At.UnixMicro(), l.Due.UnixMicro())
			err = errors.Join(err, e)
			for i, ev := range []audit.Event{intent, outcome} {
				_, e := event.ExecContext(ctx, "chain-212530.572190215-1", j.n*2+int64(i), make([]byte, 32), make([]byte, 32), l.ID, "web01/root", ev.Encode())
				err = errors.Join(err, e)
			}
		}
		_, e := commit.ExecContext(ctx)
		for _, j := range batch {
			j.done <- errors.Join(err, e)
		}
	}
}

func bareBatch(first bareJob, work <-chan bareJob) []bareJob {
	batch := []bareJob{first}
	for len(batch) < 256 {
		select {
		case more, ok := <-work:
			if !ok {
				return batch
			}
			batch = append(batch, more)
		default:
			return batch
		}
	}
	return batch
}

const pgbenchScript = `\set n random(0, 9999)
\set l random(0, 1000000000000)
begin;
select id, secret from bench_c where id = :n for no key update;
insert into bench_l values (:l, :n, 'backup', 'reason', 'comment', 1, 2);
insert into bench_e (chain, seq, prev, hash, body) values ('chain', :l, decode(repeat('00', 32), 'hex'), decode(repeat('00', 32), 'hex'), decode(repeat('61', 150), 'hex'));
insert into bench_e (chain, seq, prev, hash, body) values ('chain', :l, decode(repeat('00', 32), 'hex'), decode(repeat('00', 32), 'hex'), decode(repeat('61', 150), 'hex'));
commit;
`

func benchPgbench(b *testing.B, server *storetest.Server, callers int) {
	server.Exec(b, "postgres", `drop table if exists bench_c, bench_l, bench_e;
create table bench_c (id bigint primary key, secret bytea);
insert into bench_c select n, decode(repeat('00', 128), 'hex') from generate_series(0, 9999) n;
create table bench_l (id bigint, credential bigint, holder text, reason text, comment text, at bigint, due bigint);
create table bench_e (n bigint generated always as identity primary key, chain text, seq bigint, prev bytea, hash bytea, body bytea)`)
	script := filepath.Join(server.Dir, "checkout.sql")
	if err := os.WriteFile(script, []byte(pgbenchScript), 0o644); err != nil {
		b.Fatal(err)
	}
	each := max(b.N/callers, 1)
	out := server.Bench(b, "-n", "-M", "prepared", "-f", script, "-c", strconv.Itoa(callers), "-j", "2", "-t", strconv.Itoa(each), "postgres")
	rate := regexp.MustCompile(`tps = ([0-9.]+)`).FindStringSubmatch(out)
	if rate == nil {
		b.Fatal(out)
	}
	tps, _ := strconv.ParseFloat(rate[1], 64)
	b.ReportMetric(tps, "ops/s")
}

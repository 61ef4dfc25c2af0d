//go:build unix

package store_test

import (
	"context"
	"fmt"
	"os"
	"path/filepath"
	"regexp"
	"strconv"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/redim-tools/redim/pkg/engine"
	"github.com/redim-tools/redim/pkg/pam"
	"github.com/redim-tools/redim/pkg/seal"
	"github.com/redim-tools/redim/pkg/secret"
	"github.com/redim-tools/redim/pkg/store/storetest"
	"github.com/redim-tools/redim/pkg/vault"
)

const benchCredentials = 10_000

// BenchmarkCheckOut compares durable check-outs through the engine with the least
// that they have to write: on SQLite with loops that do nothing but gather and
// commit, to our own tables (bare) and to tables without an index (plain), on
// PostgreSQL with pgbench.
func BenchmarkCheckOut(b *testing.B) {
	server := storetest.Start(b)
	for _, callers := range []int{1, 8, 64} {
		b.Run(fmt.Sprintf("sqlite/%d", callers), func(b *testing.B) {
			contest(b, callers, throughEngine(b, sqliteBackend().make(b)), bareLoop(b, "bare", sameRows()), bareLoop(b, "plain", plainRows()))
		})
	}
	for _, callers := range []int{1, 8, 64} {
		b.Run(fmt.Sprintf("postgres/%d", callers), func(b *testing.B) {
			contest(b, callers, throughEngine(b, server.Database(b)), pgbench(b, server, callers))
		})
	}
}

// benchKeys holds one master key.
type benchKeys struct{ key seal.Key }

func (k benchKeys) Current(context.Context) (vault.Key, error)      { return k.key, nil }
func (k benchKeys) Find(context.Context, string) (vault.Key, error) { return k.key, nil }

// benchVault is a vault with an integration that may check out everything.
type benchVault struct {
	*vault.Service
	actor vault.Actor
	ahead atomic.Int64 // how far its clock is before the true one
}

func newBenchVault(b *testing.B, address string, credentials int) *benchVault {
	b.Helper()
	v := &benchVault{}
	var err error
	v.Service, err = vault.Open(b.Context(), vault.Options{Store: open(b, address), Keys: benchKeys{seal.GenerateKey()}, Clock: v.now})
	if err != nil {
		b.Fatal(err)
	}
	root, name := vault.Actor{Kind: vault.ActorAdmin, Name: "root"}, "backup"
	reason, comment, grants := "nightly backup", "from the datacentre", []vault.Pattern{{System: "host*", Account: "root"}}
	made, err := v.CreateIntegration(b.Context(), root, vault.IntegrationEdit{Name: &name, Reason: &reason, Comment: &comment, Grants: &grants})
	if err != nil {
		b.Fatal(err)
	}
	v.actor = vault.Actor{Kind: vault.ActorIntegration, ID: made.Integration.ID, Name: name, Address: "10.1.2.3"}
	rows := make([]vault.CredentialRow, credentials)
	for n := range rows {
		system, account := host(n), "root"
		rows[n] = vault.CredentialRow{Line: n, CredentialEdit: vault.CredentialEdit{System: &system, Account: &account, Secret: secret.FromString(fmt.Sprintf("c4nary-Pa55/+\"<&é %d", n))}}
	}
	if _, err := v.ImportCredentials(b.Context(), root, rows, false); err != nil {
		b.Fatal(err)
	}
	return v
}

func host(n int) string { return fmt.Sprintf("host%06d", n) }

func (v *benchVault) now() time.Time { return time.Now().Add(time.Duration(v.ahead.Load())) }

// checkOut goes through the engine, as every caller of the vault does.
func (v *benchVault) checkOut(system string) error {
	session, err := v.Session(vault.Ask{Actor: v.actor})
	if err != nil {
		return err
	}
	e := &engine.Engine{Source: session, Journal: session, Clock: v.now, NewID: vault.NewLeaseID}
	_, release, err := e.CheckOut(context.Background(), engine.CheckOutRequest{
		Identity: pam.Identity{Name: v.actor.Name}, Credential: pam.Credential{System: system, Account: "root"}, Comment: "run 17", Ticket: "CHG-4711", For: time.Hour,
	})
	release.Secret.Wipe()
	return err
}

// giveBack lets the hours of all check-outs pass.
func (v *benchVault) giveBack(b *testing.B) {
	v.ahead.Add(int64(2 * time.Hour))
	if _, err := v.Maintain(b.Context()); err != nil {
		b.Error(err)
	}
}

// throughEngine checks out one credential after the other, in an order that is
// none in the store. Each has one holder at a time, which is the vault's default.
func throughEngine(b *testing.B, address string) contender {
	b.Helper()
	v := newBenchVault(b, address, benchCredentials)
	v.warm(b)
	return contender{name: "engine", rest: func() { v.giveBack(b) }, call: func(n int64) error { return v.checkOut(host(scattered(n))) }}
}

// warm checks all out once, for the service recalls what it has read.
func (v *benchVault) warm(b *testing.B) {
	b.Helper()
	var next atomic.Int64
	var wg sync.WaitGroup
	for range 64 {
		wg.Go(func() {
			for n := next.Add(1); n <= benchCredentials; n = next.Add(1) {
				if err := v.checkOut(host(scattered(n))); err != nil {
					b.Error(err)
					return
				}
			}
		})
	}
	wg.Wait()
	v.giveBack(b)
}

// scattered visits all credentials before it comes back to the first.
func scattered(n int64) int { return int(n * 7919 % benchCredentials) }

const pgbenchScript = `\set n random(0, 9999)
\set l random(0, 1000000000000)
begin;
select id, secret from bench_c where id = :n;
insert into bench_l values (:l, :n, 'backup', 'reason', 'comment', 1, 2);
insert into bench_e (chain, seq, prev, hash, body) values ('chain', :l, decode(repeat('00', 32), 'hex'), decode(repeat('00', 32), 'hex'), decode(repeat('61', 150), 'hex'));
insert into bench_e (chain, seq, prev, hash, body) values ('chain', :l, decode(repeat('00', 32), 'hex'), decode(repeat('00', 32), 'hex'), decode(repeat('61', 150), 'hex'));
commit;
`

// pgbench runs the equivalent transaction on tables without an index but their keys.
func pgbench(b *testing.B, server *storetest.Server, callers int) contender {
	b.Helper()
	server.Exec(b, "postgres", `drop table if exists bench_c, bench_l, bench_e;
create table bench_c (id bigint primary key, secret bytea);
insert into bench_c select n, decode(repeat('00', 128), 'hex') from generate_series(0, 9999) n;
create table bench_l (id bigint primary key, credential bigint, holder text, reason text, comment text, at bigint, due bigint);
create table bench_e (n bigint generated always as identity primary key, chain text, seq bigint, prev bytea, hash bytea, body bytea)`)
	script := filepath.Join(server.Dir, "checkout.sql")
	if err := os.WriteFile(script, []byte(pgbenchScript), 0o644); err != nil {
		b.Fatal(err)
	}
	each := 50
	return contender{name: "pgbench", run: func() float64 {
		out := server.Bench(b, "-n", "-M", "prepared", "-f", script, "-c", strconv.Itoa(callers), "-j", "2", "-t", strconv.Itoa(each), "postgres")
		found := regexp.MustCompile(`tps = ([0-9.]+)`).FindStringSubmatch(out)
		if found == nil {
			b.Fatal(out)
		}
		rate, _ := strconv.ParseFloat(found[1], 64)
		each = max(int(rate*slice.Seconds())/callers, 10)
		return rate
	}}
}

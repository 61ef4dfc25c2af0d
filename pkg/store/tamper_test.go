package store_test

import (
	stdbytes "bytes"
	"context"
	"database/sql"
	"errors"
	"fmt"
	"math/rand/v2"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"github.com/jackc/pgx/v5"

	"github.com/redim-tools/redim/pkg/audit"
	"github.com/redim-tools/redim/pkg/store"
	"github.com/redim-tools/redim/pkg/store/storetest"
	"github.com/redim-tools/redim/pkg/vault"
)

// beneath runs statements on a store as somebody would who goes round the program.
type beneath func(statement string) error

func beneathSQLite(t *testing.T, path string) beneath {
	db, err := sql.Open("sqlite", path)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = db.Close() })
	return func(statement string) error {
		_, err := db.ExecContext(context.Background(), statement)
		return err
	}
}

func beneathPostgreSQL(t *testing.T, address string) beneath {
	conn, err := pgx.Connect(t.Context(), address)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = conn.Close(context.Background()) })
	return func(statement string) error {
		_, err := conn.Exec(context.Background(), statement)
		return err
	}
}

// written is a store with ten records in one chain.
func written(t *testing.T, address string) *store.Store { return writtenBy(t, address, "keyed") }

// writtenBy is the same with intents that have this keyed hash: with none they
// stand in one row with their outcomes, as those of check-outs do.
func writtenBy(t *testing.T, address, released string) *store.Store {
	s := open(t, address)
	for n := range 5 {
		update(t, s, func(ctx context.Context, tx vault.Tx) error {
			intent := anEvent(n, audit.CheckoutIntent, "a")
			intent.Released = released
			return record(ctx, tx, intent, anEvent(n, audit.CheckoutOutcome, "a"))
		})
	}
	verify(t, s, 10)
	return s
}

func TestTheDatabaseItselfRefusesToChangeEvents(t *testing.T) {
	t.Parallel()
	path := filepath.Join(t.TempDir(), "vault.db")
	address := storetest.Start(t).Database(t)
	for name, c := range map[string]struct {
		store *store.Store
		do    beneath
		more  []string
	}{
		"sqlite": {written(t, "sqlite:"+path), beneathSQLite(t, path), []string{
			"insert into event_lots (lot, least, most, words) values (-1, 0, 0, x'')", "insert into event_lots (lot, least, most, words) values ((1 << 53) - 1, 0, 0, x'')",
		}},
		"postgres": {written(t, address), beneathPostgreSQL(t, address), []string{"truncate events", "truncate heads", "truncate checkpoints"}},
	} {
		update(t, c.store, func(ctx context.Context, tx vault.Tx) error {
			return tx.AddCheckpoint(ctx, audit.Checkpoint{Time: at(1), Signature: []byte{1}})
		})
		for _, statement := range append(c.more,
			"update events set actor = 'mallory'", "update events set body = body where seq = 3", "delete from events", "delete from events where seq = 10",
			"update heads set seq = seq - 1", "delete from heads", "update checkpoints set at = 0", "delete from checkpoints",
		) {
			if err := c.do(statement); err == nil {
				t.Errorf("%s: it takes %q", name, statement)
			}
		}
		verify(t, c.store, 10)
	}
}

// TestNoEventIsReplacedUnnoticed replaces one by the program's own connection, which
// is refused, and by one of another program, which is found.
func TestNoEventIsReplacedUnnoticed(t *testing.T) {
	t.Parallel()
	path := filepath.Join(t.TempDir(), "vault.db")
	s := written(t, "sqlite:"+path)
	columns := "seq, prev, hash, at, kind, rare, %s, integration_id, integration, credential, lease, released, body"
	replace := "insert or replace into events (" + fmt.Sprintf(columns, "actor") + ") select " + fmt.Sprintf(columns, "'mallory'") + " from events where seq = 6"
	if err := s.Script(t.Context(), replace); err == nil || !strings.Contains(err.Error(), "never removed") {
		t.Errorf("the program replaced an event: %v", err)
	}
	verify(t, s, 10)
	if err := beneathSQLite(t, path)(replace); err != nil {
		t.Fatal(err)
	}
	names(t, s, "replaced", 6)
}

type trick struct {
	do   string
	want uint64
}

// tricks are what somebody may do who first takes the triggers off, and the
// first record that is broken by it.
func tricks(cast string) map[string]trick {
	columns := "kind actor integration_id integration credential lease released"
	if cast != "sqlite" {
		columns += " chain"
	}
	all := map[string]trick{}
	for _, seq := range []uint64{1, 2, 6, 10} {
		all[fmt.Sprintf("a removed row %d", seq)] = trick{fmt.Sprintf("delete from events where seq = %d", seq), seq}
		all[fmt.Sprintf("another actor in %d", seq)] = trick{fmt.Sprintf("update events set actor = 'mallory' where seq = %d", seq), seq}
		all[fmt.Sprintf("a flipped byte in the hash of %d", seq)] = trick{fmt.Sprintf("update events set hash = %s where seq = %d", flip(cast, "hash", 5), seq), seq}
		all[fmt.Sprintf("a flipped byte in the link of %d", seq)] = trick{fmt.Sprintf("update events set prev = %s where seq = %d", flip(cast, "prev", 32), seq), seq}
	}
	for _, place := range []int{1, 9, 60, 120} {
		all[fmt.Sprintf("a flipped byte %d in the body of 4", place)] = trick{fmt.Sprintf("update events set body = %s where seq = 4", flip(cast, "body", place)), 4}
	}
	for _, seq := range []uint64{1, 5, 10} {
		for column := range strings.FieldsSeq(columns) {
			all[fmt.Sprintf("another %s in %d", column, seq)] = trick{fmt.Sprintf("update events set %[1]s = %[1]s || '.' where seq = %[2]d", column, seq), seq}
		}
		all[fmt.Sprintf("another time in %d", seq)] = trick{fmt.Sprintf("update events set at = at + 1 where seq = %d", seq), seq}
		all[fmt.Sprintf("another number in %d", seq)] = trick{fmt.Sprintf("update events set seq = 11 where seq = %d", seq), seq}
		all[fmt.Sprintf("an end of the body of %d that is cut off", seq)] = trick{fmt.Sprintf("update events set body = substr(body, 1, length(body) - 1) where seq = %d", seq), seq}
	}
	swap := "update events set seq = -seq where seq in (%[1]d, %[2]d); update events set seq = %[1]d + %[2]d + seq where seq < 0"
	all["two swapped rows"] = trick{fmt.Sprintf(swap, 3, 7), 3}
	all["two swapped neighbours"] = trick{fmt.Sprintf(swap, 9, 10), 9}
	all["two removed at the end"] = trick{"delete from events where seq > 8", 9}
	all["all removed"] = trick{"delete from events", 1}
	return all
}

// packedTricks are the same where a row holds the records of one check-out: that
// of 3 and 4 is numbered 4.
func packedTricks(cast string) map[string]trick {
	all := map[string]trick{
		"a removed row 4":      {"delete from events where seq = 4", 3},
		"a removed row 10":     {"delete from events where seq = 10", 9},
		"another actor in 4":   {"update events set actor = 'mallory' where seq = 4", 3},
		"other kinds in 4":     {"update events set kind = 'checkout.outcome checkout.intent' where seq = 4", 3},
		"one kind in 4":        {"update events set kind = 'checkout.intent' where seq = 4", 4},
		"another hash in 4":    {"update events set released = 'other' where seq = 4", 3},
		"a hash less in 4":     {"update events set hash = substr(hash, 1, 32) where seq = 4", 4},
		"another number for 4": {"update events set seq = 11 where seq = 4", 3},
		"a flipped link of 3":  {"update events set prev = " + flip(cast, "prev", 1) + " where seq = 4", 3},
		"a flipped hash of 3":  {"update events set hash = " + flip(cast, "hash", 32) + " where seq = 4", 3},
		"a flipped hash of 4":  {"update events set hash = " + flip(cast, "hash", 33) + " where seq = 4", 4},
	}
	for place, want := range map[int]uint64{1: 3, 10: 3, 60: 3, 120: 3, 190: 4, 250: 4, 300: 4} {
		all[fmt.Sprintf("a flipped byte %d in the body", place)] = trick{fmt.Sprintf("update events set body = %s where seq = 4", flip(cast, "body", place)), want}
	}
	return all
}

// flip changes the byte at a place, counted from 1.
func flip(cast, column string, place int) string {
	if cast == "sqlite" {
		return fmt.Sprintf("cast(substr(%[1]s, 1, %[2]d - 1) || (case when hex(substr(%[1]s, %[2]d, 1)) = 'AA' then x'ab' else x'aa' end) || substr(%[1]s, %[2]d + 1) as blob)", column, place)
	}
	return fmt.Sprintf("set_byte(%[1]s, %[2]d - 1, get_byte(%[1]s, %[2]d - 1) # 64)", column, place)
}

func TestVerifyNamesTheFirstBrokenRecord(t *testing.T) {
	t.Parallel()
	server := storetest.Start(t)
	for name, c := range map[string]struct {
		released string
		tricks   func(cast string) map[string]trick
	}{
		"one in a row": {"keyed", tricks}, "packed": {"", packedTricks},
	} {
		t.Run("sqlite/"+name, func(t *testing.T) {
			path := filepath.Join(t.TempDir(), "vault.db")
			lite := writtenBy(t, "sqlite:"+path, c.released)
			if err := lite.Backup(t.Context(), path+".whole"); err != nil {
				t.Fatal(err)
			}
			for name, trick := range c.tricks("sqlite") {
				if _, err := store.Restore(t.Context(), options("sqlite:"+path), path+".whole"); err != nil {
					t.Fatal(err)
				}
				raw(t, path, "pragma ignore_check_constraints = 1; drop trigger events_are_never_changed; drop trigger events_are_never_removed; drop trigger heads_only_advance; "+trick.do)
				names(t, lite, name, trick.want)
			}
		})
		t.Run("postgres/"+name, func(t *testing.T) {
			address := server.Database(t)
			s := writtenBy(t, address, c.released)
			do := beneathPostgreSQL(t, address)
			must := func(statements string) {
				if err := do(statements); err != nil {
					t.Fatalf("%s: %v", statements, err)
				}
			}
			must("create table whole as table events; alter table events disable trigger all; alter table heads disable trigger all; alter table events drop constraint events_seq_is_positive, drop constraint events_hash_is_hashes")
			for name, trick := range c.tricks("postgres") {
				must(trick.do)
				names(t, s, name, trick.want)
				must("delete from events; insert into events select * from whole")
				verify(t, s, 10)
			}
		})
	}
}

// TestNoFlippedByteOfTheFileGoesUnnoticed changes single bytes of the pages that
// hold events, wherever they are: when a row reads otherwise than before, or
// can't be read, verification fails.
func TestNoFlippedByteOfTheFileGoesUnnoticed(t *testing.T) {
	t.Parallel()
	path := filepath.Join(t.TempDir(), "vault.db")
	if err := writtenBy(t, "sqlite:"+path, "").Close(); err != nil {
		t.Fatal(err)
	}
	whole, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	rows, err := eventRows(t, path)
	if err != nil {
		t.Fatal(err)
	}
	changed, unreadable := 0, 0
	for _, place := range placesOfEvents(whole, 400) {
		bad := slices.Clone(whole)
		bad[place] ^= 1 << rand.IntN(8)
		if err := os.WriteFile(path, bad, 0o600); err != nil {
			t.Fatal(err)
		}
		now, err := eventRows(t, path)
		if err == nil && now == rows {
			continue // nothing of a row is there
		}
		if changed++; err != nil {
			unreadable++
		}
		if err := verifiedFile(t, path); err == nil {
			t.Fatalf("a changed byte at %d is not noticed", place)
		}
	}
	t.Logf("%d changed bytes, %d of them so that SQLite can't read the rows", changed, unreadable)
	if changed == 0 {
		t.Error("no row was changed at all")
	}
}

// placesOfEvents are offsets in the pages of the table of events.
func placesOfEvents(file []byte, n int) []int {
	const page = 4096
	var pages []int
	for at := 0; at < len(file); at += page {
		if at > 0 && stdbytes.Count(file[at:at+page], []byte("Web01/Root")) > 2 {
			pages = append(pages, at)
		}
	}
	places := make([]int, n)
	for i := range places {
		places[i] = pages[rand.IntN(len(pages))] + rand.IntN(page)
	}
	return places
}

// eventRows is what the columns of all events say, read past the program.
func eventRows(t *testing.T, path string) (rows string, err error) {
	t.Helper()
	db, err := sql.Open("sqlite", path)
	if err != nil {
		t.Fatal(err)
	}
	defer func() { _ = db.Close() }()
	err = db.QueryRowContext(t.Context(), "select group_concat(seq || quote(prev) || quote(hash) || at || quote(kind) || rare || quote(actor) || quote(integration_id) || quote(integration) || quote(credential) || quote(lease) || quote(released) || quote(body)) from (select * from events not indexed order by seq)").Scan(&rows)
	return rows, err
}

func verifiedFile(t *testing.T, path string) error {
	t.Helper()
	s, err := store.Open(t.Context(), options("sqlite:"+path))
	if err != nil {
		return err
	}
	defer func() { _ = s.Close() }()
	_, err = verified(s)
	return err
}

func names(t *testing.T, s *store.Store, name string, want uint64) {
	t.Helper()
	_, err := verified(s)
	b, ok := errors.AsType[*audit.BrokenError](err)
	if !ok || b.Seq != want {
		t.Errorf("%s %s: %v, want record %d", s, name, err, want)
	}
}

package store_test

import (
	"context"
	"database/sql"
	"errors"
	"fmt"
	"path/filepath"
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
func written(t *testing.T, address string) *store.Store {
	s := open(t, address)
	for n := range 5 {
		update(t, s, func(ctx context.Context, tx vault.Tx) error {
			return record(ctx, tx, anEvent(n, audit.CheckoutIntent, "a"), anEvent(n, audit.CheckoutOutcome, "a"))
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
			"replace into events select * from events", "insert or replace into events (chain, seq, prev, hash, at, kind, actor, integration_id, integration, credential, lease, released, body) select chain, seq, prev, hash, at, kind, 'mallory', integration_id, integration, credential, lease, released, body from events",
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

// tricks are what somebody may do who first takes the triggers off, and the
// first record that is broken by it.
func tricks(cast, guard string) map[string]struct {
	do   string
	want uint64
} {
	type trick = struct {
		do   string
		want uint64
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
	swap := "update events set seq = -seq where seq in (%[1]d, %[2]d); update events set seq = %[1]d + %[2]d + seq where seq < 0"
	all["two swapped rows"] = trick{guard + fmt.Sprintf(swap, 3, 7), 3}
	all["two swapped neighbours"] = trick{guard + fmt.Sprintf(swap, 9, 10), 9}
	all["two removed at the end"] = trick{"delete from events where seq > 8", 9}
	all["all removed"] = trick{"delete from events", 1}
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
	path := filepath.Join(t.TempDir(), "vault.db")
	lite := written(t, "sqlite:"+path)
	if err := lite.Backup(t.Context(), path+".whole"); err != nil {
		t.Fatal(err)
	}
	for name, trick := range tricks("sqlite", "pragma ignore_check_constraints = 1; ") {
		if err := store.Restore(t.Context(), options("sqlite:"+path), path+".whole"); err != nil {
			t.Fatal(err)
		}
		raw(t, path, "drop trigger events_are_never_changed; drop trigger events_are_never_removed; drop trigger heads_only_advance", trick.do)
		names(t, lite, name, trick.want)
	}
	server := storetest.Start(t)
	for name, trick := range tricks("postgres", "alter table events drop constraint events_seq_is_positive; ") {
		address := server.Database(t)
		s := written(t, address)
		do := beneathPostgreSQL(t, address)
		if err := do("alter table events disable trigger all; alter table heads disable trigger all; " + trick.do); err != nil {
			t.Fatalf("%s: %v", name, err)
		}
		names(t, s, name, trick.want)
		_ = s.Close()
	}
}

func names(t *testing.T, s *store.Store, name string, want uint64) {
	t.Helper()
	_, err := verified(s)
	b, ok := errors.AsType[*audit.BrokenError](err)
	if !ok || b.Seq != want {
		t.Errorf("%s %s: %v, want record %d", s, name, err, want)
	}
}

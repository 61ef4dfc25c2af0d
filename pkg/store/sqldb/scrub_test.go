package sqldb_test

import (
	"context"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/jackc/pgx/v5"

	"github.com/redim-tools/redim/pkg/pam"
	"github.com/redim-tools/redim/pkg/store/sqldb"
	"github.com/redim-tools/redim/pkg/store/storetest"
)

func TestScrubNeedsTheOwnerOfTheTables(t *testing.T) {
	t.Parallel()
	server := storetest.Start(t)
	address := server.Database(t)
	exec(t, postgres(t, address), "create table t (n bigint)")
	server.Exec(t, "postgres", "create role clerk login; grant usage on schema test1 to clerk; grant all on test1.t to clerk")
	clerk := postgres(t, strings.Replace(address, "admin@", "clerk@", 1))
	exec(t, clerk, "insert into t values (1)")
	fails(t, sqldb.Scrub(t.Context(), clerk, "t"), pam.ErrPartial, "may not remove them")
	if err := sqldb.Scrub(t.Context(), postgres(t, address), "t"); err != nil {
		t.Error(err)
	}
}

// TestScrubWaitsForTransactionsThatSeeWhatWasThere holds a snapshot of before
// until the scrub asks for it.
func TestScrubWaitsForTransactionsThatSeeWhatWasThere(t *testing.T) {
	t.Parallel()
	server := storetest.Start(t)
	address := server.Database(t)
	db := postgres(t, address)
	exec(t, db, "create table t (n bigint)")
	exec(t, db, "insert into t values (1)")
	old, err := pgx.Connect(t.Context(), address)
	if err != nil {
		t.Fatal(err)
	}
	defer func() { _ = old.Close(context.Background()) }()
	for _, text := range []string{"begin isolation level repeatable read", "select * from t"} {
		if _, err := old.Exec(t.Context(), text); err != nil {
			t.Fatal(err)
		}
	}
	exec(t, db, "update t set n = 2")
	done := make(chan error, 1)
	go func() { done <- sqldb.Scrub(context.Background(), db, "t") }()
	for count(t, db, "select count(*) from pg_stat_activity where query like '%backend_xmin is not null%' and pid <> pg_backend_pid()") == 0 {
		continue // it does not look yet
	}
	select {
	case err := <-done:
		t.Fatalf("it did not wait: %v", err)
	default:
	}
	if _, err := old.Exec(t.Context(), "commit"); err != nil {
		t.Fatal(err)
	}
	if err := <-done; err != nil {
		t.Error(err)
	}
}

func TestScrubEmptiesTheLogOfAFileThatOthersUse(t *testing.T) {
	t.Parallel()
	path := filepath.Join(t.TempDir(), "x.db")
	db, other := lite(t, path, sqldb.Hooks{}), lite(t, path, sqldb.Hooks{})
	exec(t, db, "create table t (n integer primary key)")
	reading, release, done := make(chan struct{}), make(chan struct{}), make(chan error, 1)
	go func() {
		done <- other.Read(context.Background(), func(ctx context.Context, tx *sqldb.Tx) error {
			_, err := sqldb.All(ctx, tx, func(sqldb.Row) (struct{}, error) { return struct{}{}, nil }, "select n from t")
			close(reading)
			<-release
			return err
		})
	}()
	<-reading
	db.(interface{ Patience(time.Duration) }).Patience(50 * time.Millisecond)
	fails(t, sqldb.Scrub(t.Context(), db, "t"), pam.ErrUnreachable, "log of the store")
	close(release)
	if err := <-done; err != nil {
		t.Error(err)
	}
	if err := sqldb.Scrub(t.Context(), db, "t"); err != nil {
		t.Error(err)
	}
	if n := count(t, db, "select count(*) from sqlite_schema where name = 'scrubbed'"); n != 0 {
		t.Error("its table is left behind")
	}
}

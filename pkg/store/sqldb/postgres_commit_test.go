package sqldb_test

import (
	"context"
	"errors"
	"slices"
	"testing"
	"time"

	"github.com/jackc/pgx/v5"

	"github.com/redim-tools/redim/pkg/pam"
	"github.com/redim-tools/redim/pkg/store/sqldb"
	"github.com/redim-tools/redim/pkg/store/storetest"
)

// endedInItsCommit has the server end a session in the middle of its commit, as an
// orderly restart does: it says COMMIT first, and then that the session is at an end.
func endedInItsCommit(t *testing.T, server *storetest.Server) {
	address := server.Database(t) + "&commit_siblings=0&commit_delay=100000" // a tenth of a second
	exec(t, postgres(t, address), "create table t (n bigint)")
	db, done := postgres(t, address), make(chan error, 1)
	go func() { done <- write(db, "insert into t values (1)") }()
	whileOneCommits(t, server, "select pg_terminate_backend(pid)")
	if err := <-done; err != nil || count(t, db, "select count(*) from t") != 1 {
		t.Errorf("%v, and %d rows", err, count(t, db, "select count(*) from t"))
	}
}

// leftInItsCommit has a caller leave while its commit takes long, which is no
// reason to give up the other connections.
func leftInItsCommit(t *testing.T, server *storetest.Server) {
	db := postgres(t, server.Database(t))
	exec(t, db, "create table t (n bigint)")
	exec(t, db, "create function wait() returns trigger language plpgsql as $$ begin perform pg_sleep(60); return null; end $$")
	exec(t, db, "create constraint trigger late after insert on t deferrable initially deferred for each row execute function wait()")
	first, second := twoSlots(t, db)
	ctx, cancel := context.WithCancel(t.Context())
	done := make(chan error, 1)
	go func() {
		done <- db.Write(ctx, func(ctx context.Context, tx *sqldb.Tx) error { return tx.Later(ctx, "insert into t values (1)") })
	}()
	whileOneCommits(t, server, "select pid")
	cancel()
	if err := <-done; !errors.Is(err, pam.ErrUncertain) {
		t.Errorf("%v", err)
	}
	third, fourth := twoSlots(t, db)
	if left := []*sqldb.Slot{third, fourth}; !slices.Contains(left, first) && !slices.Contains(left, second) {
		t.Error("no connection is left")
	}
}

// twoSlots are those of two connections.
func twoSlots(t *testing.T, db sqldb.DB) (one, other *sqldb.Slot) {
	t.Helper()
	err := db.Write(t.Context(), func(ctx context.Context, tx *sqldb.Tx) error {
		one = tx.Slot
		return db.Write(ctx, func(_ context.Context, tx *sqldb.Tx) error {
			other = tx.Slot
			return nil
		})
	})
	if err != nil {
		t.Fatal(err)
	}
	return one, other
}

// whileOneCommits asks something of the sessions that commit, once there are any.
func whileOneCommits(t *testing.T, server *storetest.Server, ask string) {
	t.Helper()
	conn, err := pgx.Connect(t.Context(), server.URL("postgres"))
	if err != nil {
		t.Fatal(err)
	}
	defer func() { _ = conn.Close(context.Background()) }()
	for deadline := time.Now().Add(10 * time.Second); time.Now().Before(deadline); {
		tag, err := conn.Exec(t.Context(), ask+" from pg_stat_activity where query = 'commit' and state = 'active'")
		if err != nil {
			t.Fatal(err)
		}
		if tag.RowsAffected() > 0 {
			return
		}
	}
	t.Error("nobody commits")
}

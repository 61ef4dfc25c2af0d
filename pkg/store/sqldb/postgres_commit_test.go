package sqldb_test

import (
	"testing"
	"time"

	"github.com/jackc/pgx/v5"

	"github.com/redim-tools/redim/pkg/store/storetest"
)

// endedInItsCommit has the server end a session in the middle of its commit, as an
// orderly restart does: it says COMMIT first, and then that the session is at an end.
func endedInItsCommit(t *testing.T, server *storetest.Server) {
	address := server.Database(t) + "&commit_siblings=0&commit_delay=100000" // a tenth of a second
	exec(t, postgres(t, address), "create table t (n bigint)")
	db, done := postgres(t, address), make(chan error, 1)
	go func() { done <- write(db, "insert into t values (1)") }()
	endCommits(t, server)
	if err := <-done; err != nil || count(t, db, "select count(*) from t") != 1 {
		t.Errorf("%v, and %d rows", err, count(t, db, "select count(*) from t"))
	}
}

// endCommits ends the first session that commits.
func endCommits(t *testing.T, server *storetest.Server) {
	t.Helper()
	conn, err := pgx.Connect(t.Context(), server.URL("postgres"))
	if err != nil {
		t.Fatal(err)
	}
	defer func() { _ = conn.Close(t.Context()) }()
	for deadline := time.Now().Add(10 * time.Second); time.Now().Before(deadline); {
		tag, err := conn.Exec(t.Context(), "select pg_terminate_backend(pid) from pg_stat_activity where query = 'commit' and state = 'active'")
		if err != nil || tag.RowsAffected() > 0 {
			if err != nil {
				t.Error(err)
			}
			return
		}
	}
	t.Error("nobody commits")
}

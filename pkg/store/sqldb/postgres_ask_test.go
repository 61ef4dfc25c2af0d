package sqldb_test

import (
	"context"
	"fmt"
	"math/rand/v2"
	"testing"

	"github.com/jackc/pgx/v5"

	"github.com/redim-tools/redim/pkg/store/sqldb"
	"github.com/redim-tools/redim/pkg/store/storetest"
)

// editions are those that servers told, with the rows that they showed.
type editions struct {
	*testing.T
	rows map[string]string
}

// see looks at both in one snapshot, and returns the edition.
func (e editions) see(db sqldb.DB) string {
	e.Helper()
	var edition, rows string
	err := db.Read(e.Context(), func(ctx context.Context, tx *sqldb.Tx) (err error) {
		if edition, err = sqldb.Edition(ctx, tx); err != nil {
			return err
		}
		_, err = sqldb.One(ctx, tx, "select coalesce(string_agg(n::text, ' ' order by n), '') from t", nil, []any{&rows})
		return err
	})
	if err != nil {
		e.Fatal(err)
	}
	if before, known := e.rows[edition]; known && edition != "" && before != rows {
		e.Fatalf("%q showed %q, and now %q", edition, before, rows)
	}
	e.rows[edition] = rows
	return edition
}

// session writes in transactions of every kind, one statement at a time.
type session struct {
	*pgx.Conn
	name     string
	open     bool
	prepared bool
	points   int
}

// next is a statement that fits what went before.
func (s *session) next(n int) string {
	what := rand.IntN(10)
	switch {
	case s.prepared:
		s.prepared = false
		return []string{"commit", "rollback"}[what%2] + " prepared '" + s.name + "'"
	case !s.open:
		s.open, s.points = true, 0
		return "begin"
	case what < 4:
		return fmt.Sprintf("insert into t values (%d)", n)
	case what < 6:
		s.points++
		return fmt.Sprintf("savepoint s%d", s.points)
	case what < 8 && s.points > 0:
		s.points--
		return fmt.Sprintf([]string{"release savepoint s%d", "rollback to savepoint s%d"}[what%2], s.points+1)
	}
	s.open, s.prepared = false, what == 9
	if s.prepared {
		return "prepare transaction '" + s.name + "'"
	}
	return []string{"commit", "commit", "rollback"}[rand.IntN(3)]
}

// TestEqualEditionsShowEqualRows has sessions write in turn, with savepoints and
// prepared transactions, and looks after every statement; also when the server has
// crashed in between.
func TestEqualEditionsShowEqualRows(t *testing.T) {
	t.Parallel()
	server := storetest.Start(t)
	server.Exec(t, "postgres", "alter system set max_prepared_transactions = 10")
	server.Stop()
	e := editions{t, map[string]string{}}
	address := server.URL("postgres")
	db := postgres(t, address)
	n := 0
	for life := range 3 {
		if err := server.Launch(); err != nil {
			t.Fatal(err)
		}
		if life == 0 {
			exec(t, db, "create table t (n bigint)")
		}
		sessions := sessionsAt(t, address, life)
		for range 200 {
			n++
			s := sessions[rand.IntN(len(sessions))]
			if _, err := s.Exec(t.Context(), s.next(n)); err != nil {
				t.Fatal(err)
			}
			if e.see(db) == "" {
				t.Fatal("a primary tells no edition")
			}
		}
		server.Kill()
	}
	if len(e.rows) < 50 {
		t.Errorf("only %d editions were seen", len(e.rows))
	}
}

func sessionsAt(t *testing.T, address string, life int) []*session {
	t.Helper()
	var all []*session
	for n := range 4 {
		c, err := pgx.Connect(t.Context(), address)
		if err != nil {
			t.Fatal(err)
		}
		t.Cleanup(func() { _ = c.Close(context.Background()) })
		all = append(all, &session{Conn: c, name: fmt.Sprintf("life %d session %d", life, n)})
	}
	return all
}

// TestAStandbyTellsNoEdition looks through one connection before and after the
// standby is promoted.
func TestAStandbyTellsNoEdition(t *testing.T) {
	t.Parallel()
	primary := storetest.Start(t)
	standby := primary.Standby(t)
	before, after := postgres(t, primary.URL("postgres")), postgres(t, standby.URL("postgres"))
	exec(t, before, "create table t (n bigint)")
	e := editions{t, map[string]string{}}
	for n := range 5 {
		exec(t, before, fmt.Sprintf("insert into t values (%d)", n))
		if edition := e.see(before); edition == "" || e.see(after) != "" {
			t.Errorf("the primary tells %q", edition)
		}
	}
	primary.Kill()
	standby.Promote(t)
	for n := range 5 {
		if e.see(after) == "" {
			t.Error("it is promoted, and tells no edition")
		}
		insert := fmt.Sprintf("insert into t values (%d)", 10+n)
		standby.Exec(t, "postgres", "set synchronous_commit = local; "+insert)
	}
	if len(e.rows) != 11 {
		t.Errorf("%d editions were seen", len(e.rows))
	}
}

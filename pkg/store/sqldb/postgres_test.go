package sqldb_test

import (
	"context"
	"errors"
	"fmt"
	"net"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/redim-tools/redim/pkg/pam"
	"github.com/redim-tools/redim/pkg/store/sqldb"
	"github.com/redim-tools/redim/pkg/store/storetest"
)

func postgres(t *testing.T, address string) sqldb.DB {
	t.Helper()
	a, err := sqldb.ParseAddress(address)
	if err != nil {
		t.Fatal(err)
	}
	db, err := sqldb.OpenPostgreSQL(t.Context(), a, sqldb.Hooks{})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = db.Close() })
	return db
}

// TestACallerWhoLeftSaysNothingOfTheServer has callers leave before there is a connection.
func TestACallerWhoLeftSaysNothingOfTheServer(t *testing.T) {
	t.Parallel()
	db := postgres(t, "postgres://admin@127.0.0.1:1/vault?sslmode=disable")
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	unit := func(context.Context, *sqldb.Tx) error { return nil }
	for name, do := range map[string]func(context.Context, sqldb.Unit) error{"read": db.Read, "write": db.Write, "glance": db.Glance} {
		t.Run(name, func(t *testing.T) { fails(t, do(ctx, unit), pam.ErrInterrupted, "interrupted") })
	}
}

func TestPostgreSQLKeepsItsPromises(t *testing.T) {
	t.Parallel()
	server := storetest.Start(t)
	t.Run("a deadlock is undone and run again", func(t *testing.T) { deadlock(t, postgres(t, server.Database(t))) })
	t.Run("what can't be put in order is undone and run again", func(t *testing.T) { outOfOrder(t, postgres(t, server.Database(t))) })
	t.Run("a host that is down is passed over", func(t *testing.T) { passOver(t, server) })
	t.Run("a constraint is named", func(t *testing.T) {
		db := postgres(t, server.Database(t))
		exec(t, db, "create table t (n bigint constraint t_is_small check (n < 10))")
		c, ok := errors.AsType[*sqldb.ConstraintError](write(db, "insert into t values (11)"))
		if !ok || c.Name != "t_is_small" {
			t.Errorf("%v", c)
		}
		fails(t, write(db, "insert into nowhere values (1)"), pam.ErrOther, "nowhere")
		later := db.Write(t.Context(), func(ctx context.Context, tx *sqldb.Tx) error {
			return tx.Later(ctx, "insert into t values ($1)", int64(12))
		})
		if _, ok := errors.AsType[*sqldb.ConstraintError](later); !ok || count(t, db, "select count(*) from t") != 0 {
			t.Errorf("what was left for later: %v", later)
		}
	})
	t.Run("a database or user that isn't there is named at once", func(t *testing.T) {
		fails(t, write(postgres(t, server.URL("none")), "select 1"), pam.ErrUnreachable, "can't be reached")
		wrong := strings.Replace(server.URL("postgres"), "admin@", "nobody:c4nary-Pa55@", 1)
		err := write(postgres(t, wrong), "select 1")
		if fails(t, err, pam.ErrUnreachable, "can't be reached"); strings.Contains(err.Error(), "c4nary") {
			t.Error("the password shows")
		}
	})
	t.Run("what was committed is not written again", func(t *testing.T) { endedInItsCommit(t, server) })
	t.Run("who leaves in a commit costs nobody else a connection", func(t *testing.T) { leftInItsCommit(t, server) })
	t.Run("a server that dies loses nothing that was answered", func(t *testing.T) { dies(t, server) })
}

func deadlock(t *testing.T, db sqldb.DB) {
	exec(t, db, "create table t (id bigint primary key, n bigint)")
	exec(t, db, "insert into t values (1, 0), (2, 0)")
	first := []chan struct{}{make(chan struct{}), make(chan struct{})}
	var once [2]sync.Once
	var wg sync.WaitGroup
	for i := range 2 {
		wg.Go(func() {
			err := db.Write(context.Background(), func(ctx context.Context, tx *sqldb.Tx) error {
				if _, err := tx.Exec(ctx, "update t set n = n + 1 where id = $1", int64(i+1)); err != nil {
					return err
				}
				once[i].Do(func() { close(first[i]) })
				<-first[1-i]
				_, err := tx.Exec(ctx, "update t set n = n + 1 where id = $1", int64(2-i))
				return err
			})
			if err != nil {
				t.Error(err)
			}
		})
	}
	wg.Wait()
	if n := count(t, db, "select sum(n)::bigint from t"); n != 4 {
		t.Errorf("%d changes are kept", n)
	}
}

func passOver(t *testing.T, server *storetest.Server) {
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	down := l.Addr().String()
	_ = l.Close()
	address := strings.Replace(server.Database(t), "@", "@"+down+",", 1)
	exec(t, postgres(t, address), "create table t (n bigint)")
}

// dies kills the server twice while eight callers write.
func dies(t *testing.T, server *storetest.Server) {
	db := postgres(t, server.Database(t))
	exec(t, db, "create table t (n bigint)")
	var mu sync.Mutex
	kept, unsure := map[int64]bool{}, map[int64]bool{}
	stop := make(chan struct{})
	var wg sync.WaitGroup
	for w := range int64(8) {
		wg.Go(func() {
			for n := w; ; n += 8 {
				select {
				case <-stop:
					return
				default:
				}
				err := write(db, fmt.Sprintf("insert into t values (%d)", n))
				mu.Lock()
				kept[n], unsure[n] = err == nil, errors.Is(err, pam.ErrUncertain)
				mu.Unlock()
				if err != nil && !errors.Is(err, pam.ErrUnreachable) {
					t.Errorf("%v", err)
				}
			}
		})
	}
	for range 2 {
		before := count(t, db, "select count(*) from t")
		for deadline := time.Now().Add(10 * time.Second); count(t, db, "select count(*) from t") < before+20 && time.Now().Before(deadline); {
			time.Sleep(5 * time.Millisecond)
		}
		server.Kill()
		if err := server.Launch(); err != nil {
			t.Fatal(err)
		}
	}
	close(stop)
	wg.Wait()
	rows := map[int64]int{}
	err := db.Read(t.Context(), func(ctx context.Context, tx *sqldb.Tx) error {
		return sqldb.Each(ctx, tx, func(r sqldb.Row) error {
			var n int64
			err := r.Scan(&n)
			rows[n]++
			return err
		}, "select n from t")
	})
	if err != nil {
		t.Fatal(err)
	}
	for n, yes := range kept {
		if !unsure[n] && (rows[n] == 1) != yes || rows[n] > 1 {
			t.Errorf("%d is there %d times, kept: %v, unsure: %v", n, rows[n], yes, unsure[n])
		}
	}
}

// outOfOrder has the server refuse a unit twice as it refuses those that can't be
// put in order with others, once in a statement and once at the commit.
func outOfOrder(t *testing.T, db sqldb.DB) {
	exec(t, db, "create table t (n bigint)")
	exec(t, db, "create table tries (n bigint)")
	exec(t, db, `create function refuse() returns trigger language plpgsql as $$ begin
  raise exception 'refused at the commit' using errcode = 'serialization_failure'; end $$`)
	exec(t, db, "create constraint trigger late after insert on tries deferrable initially deferred for each row execute function refuse()")
	tries := 0
	err := db.Write(t.Context(), func(ctx context.Context, tx *sqldb.Tx) error {
		tries++
		if _, err := tx.Exec(ctx, "insert into t values ($1)", int64(tries)); err != nil {
			return err
		}
		switch tries {
		case 1:
			return tx.Script(ctx, "do $$ begin raise exception using errcode = 'serialization_failure'; end $$")
		case 2:
			return tx.Later(ctx, "insert into tries values (1)")
		}
		return nil
	})
	if err != nil || tries != 3 || count(t, db, "select sum(n)::bigint from t") != 3 {
		t.Errorf("%d tries: %v", tries, err)
	}
	ctx, cancel := context.WithTimeout(t.Context(), 100*time.Millisecond)
	defer cancel()
	err = db.Write(ctx, func(ctx context.Context, tx *sqldb.Tx) error {
		return tx.Script(ctx, "do $$ begin raise exception using errcode = 'serialization_failure'; end $$")
	})
	if f, ok := errors.AsType[*pam.Failure](err); !ok || f.Class != pam.ErrUnreachable || f.Hint == "" {
		t.Errorf("refused for good: %v", err)
	}
	if n := count(t, db, "select count(*) from t"); n != 1 {
		t.Errorf("%d rows are left", n)
	}
}

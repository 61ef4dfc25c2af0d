package sqldb_test

import (
	"context"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"testing/fstest"
	"time"

	"github.com/redim-tools/redim/pkg/pam"
	"github.com/redim-tools/redim/pkg/store/sqldb"
)

func lite(t *testing.T, path string, hooks sqldb.Hooks) sqldb.DB {
	t.Helper()
	a, err := sqldb.ParseAddress("sqlite:" + path)
	if err != nil {
		t.Fatal(err)
	}
	db, err := sqldb.OpenSQLite(a, hooks)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		if err := db.Close(); err != nil {
			t.Error(err)
		}
	})
	return db
}

func exec(t *testing.T, db sqldb.DB, statement string) {
	t.Helper()
	if err := write(db, statement); err != nil {
		t.Fatal(err)
	}
}

func write(db sqldb.DB, statement string) error {
	return db.Write(context.Background(), func(ctx context.Context, tx *sqldb.Tx) error {
		_, err := tx.Exec(ctx, statement)
		return err
	})
}

func count(t *testing.T, db sqldb.DB, query string) (n int64) {
	t.Helper()
	err := db.Read(t.Context(), func(ctx context.Context, tx *sqldb.Tx) error {
		_, err := sqldb.One(ctx, tx, query, nil, []any{&n})
		return err
	})
	if err != nil {
		t.Fatal(err)
	}
	return n
}

func fails(t *testing.T, err error, class pam.Class, says string) {
	t.Helper()
	f, ok := errors.AsType[*pam.Failure](err)
	if !ok || f.Class != class || f.Hint == "" || !strings.Contains(f.Message, says) {
		t.Errorf("got %v, want %s that says %q and hints", err, class, says)
	}
}

func TestUnitsThatWaitShareOneTransaction(t *testing.T) {
	t.Parallel()
	var transactions atomic.Int64
	db := lite(t, filepath.Join(t.TempDir(), "x.db"), sqldb.Hooks{BeforeCommit: func(context.Context, *sqldb.Tx) error { transactions.Add(1); return nil }})
	exec(t, db, "create table t (n integer primary key)")
	started, release := make(chan struct{}), make(chan struct{})
	var wg sync.WaitGroup
	wg.Go(func() {
		_ = db.Write(context.Background(), func(context.Context, *sqldb.Tx) error { close(started); <-release; return nil })
	})
	<-started
	mine := errors.New("mine")
	errs := make([]error, 40)
	for i := range errs {
		wg.Go(func() {
			errs[i] = db.Write(context.Background(), func(ctx context.Context, tx *sqldb.Tx) error {
				if _, err := tx.Exec(ctx, "insert into t values ($1)", int64(i)); err != nil {
					return err
				}
				switch i % 4 {
				case 1:
					return mine
				case 2:
					_, err := tx.Exec(ctx, "insert into t values ($1)", int64(i))
					return err
				case 3:
					panic("a unit that panics")
				}
				return nil
			})
		})
	}
	for db.(interface{ Waiting() int }).Waiting() < len(errs) {
		time.Sleep(time.Millisecond)
	}
	before := transactions.Load()
	close(release)
	wg.Wait()
	if n := transactions.Load() - before; n != 2 {
		t.Errorf("%d transactions, want the blocking one and one for all", n)
	}
	for i, err := range errs {
		var c *sqldb.ConstraintError
		if ok := []bool{err == nil, err == mine, errors.As(err, &c) && c.Name == "t.n", err != nil && strings.Contains(err.Error(), "panic")}[i%4]; !ok {
			t.Errorf("%d: %v", i, err)
		}
	}
	if n := count(t, db, "select count(*) from t"); n != 10 {
		t.Errorf("%d rows, want 10", n)
	}
}

// TestACallerWhoGoesAwayLeavesNothingToOthers cuts reads short at every instant.
// The connections that they had serve the next callers.
func TestACallerWhoGoesAwayLeavesNothingToOthers(t *testing.T) {
	t.Parallel()
	db := lite(t, filepath.Join(t.TempDir(), "x.db"), sqldb.Hooks{})
	exec(t, db, "create table t (n integer primary key)")
	var all sync.WaitGroup
	for range 8 {
		all.Go(func() {
			for n := range 500 {
				ctx, cancel := context.WithTimeout(context.Background(), time.Duration(n)*time.Microsecond)
				err := db.Read(ctx, func(ctx context.Context, tx *sqldb.Tx) error {
					var n int64
					_, err := sqldb.One(ctx, tx, "select count(*) from t", nil, []any{&n})
					return err
				})
				cancel()
				if err != nil && !errors.Is(err, pam.ErrUnreachable) && !errors.Is(err, pam.ErrInterrupted) {
					t.Errorf("%d us: %v", n, err)
					return
				}
			}
		})
	}
	all.Wait()
	for range 8 {
		count(t, db, "select count(*) from t")
	}
}

func TestALockedFileIsWaitedForThenNamed(t *testing.T) {
	t.Parallel()
	path := filepath.Join(t.TempDir(), "x.db")
	db, other := lite(t, path, sqldb.Hooks{}), lite(t, path, sqldb.Hooks{})
	exec(t, db, "create table t (n integer primary key)")
	holding, release := make(chan struct{}), make(chan struct{})
	var wg sync.WaitGroup
	wg.Go(func() {
		_ = db.Write(context.Background(), func(context.Context, *sqldb.Tx) error { close(holding); <-release; return nil })
	})
	<-holding
	ctx, cancel := context.WithTimeout(t.Context(), 30*time.Millisecond)
	defer cancel()
	err := other.Write(ctx, func(context.Context, *sqldb.Tx) error { t.Error("it ran"); return nil })
	fails(t, err, pam.ErrUnreachable, "did not answer in time")
	other.(interface{ Patience(time.Duration) }).Patience(20 * time.Millisecond)
	fails(t, write(other, "insert into t values (1)"), pam.ErrUnreachable, "locked by another process")
	close(release)
	wg.Wait()
	exec(t, other, "insert into t values (1)")
}

func TestAFullDiskChangesNothing(t *testing.T) {
	t.Parallel()
	db := lite(t, filepath.Join(t.TempDir(), "x.db"), sqldb.Hooks{})
	exec(t, db, "create table t (b blob)")
	exec(t, db, "pragma max_page_count = 20")
	fails(t, write(db, "insert into t values (zeroblob(1000000))"), pam.ErrJournal, "full")
	exec(t, db, "insert into t values (zeroblob(10))")
	if n := count(t, db, "select count(*) from t"); n != 1 {
		t.Errorf("%d rows", n)
	}
	exec(t, db, "pragma query_only = 1")
	fails(t, write(db, "insert into t values (zeroblob(10))"), pam.ErrJournal, "read-only")
}

func TestAFullDiskInTheMiddleFailsTheUnitsThatShareIt(t *testing.T) {
	t.Parallel()
	db := lite(t, filepath.Join(t.TempDir(), "x.db"), sqldb.Hooks{})
	exec(t, db, "create table t (b blob)")
	exec(t, db, "pragma max_page_count = 30")
	started, release := make(chan struct{}), make(chan struct{})
	var wg sync.WaitGroup
	wg.Go(func() {
		_ = db.Write(context.Background(), func(context.Context, *sqldb.Tx) error { close(started); <-release; return nil })
	})
	<-started
	errs := make([]error, 12)
	for i := range errs {
		wg.Go(func() { errs[i] = write(db, "insert into t values (zeroblob(20000))") })
	}
	for db.(interface{ Waiting() int }).Waiting() < len(errs) {
		time.Sleep(time.Millisecond)
	}
	close(release)
	wg.Wait()
	kept := int64(0)
	for _, err := range errs {
		if err == nil {
			kept++
			continue
		}
		fails(t, err, pam.ErrJournal, "full")
	}
	if n := count(t, db, "select count(*) from t"); n != kept {
		t.Errorf("%d rows, but %d were told that they were kept", n, kept)
	}
}

func TestAFileThatCanNotBeUsedIsNamed(t *testing.T) {
	t.Parallel()
	dir := t.TempDir()
	if err := os.WriteFile(filepath.Join(dir, "file"), []byte("x"), 0o600); err != nil {
		t.Fatal(err)
	}
	for path, says := range map[string]string{dir: "not a regular file", filepath.Join(dir, "file", "x.db"): "can't be opened"} {
		a, err := sqldb.ParseAddress("sqlite:" + path)
		if err != nil {
			t.Fatal(err)
		}
		_, err = sqldb.OpenSQLite(a, sqldb.Hooks{})
		fails(t, err, pam.ErrUnreachable, says)
	}
}

func TestAClosedDatabaseSaysSo(t *testing.T) {
	t.Parallel()
	db := lite(t, filepath.Join(t.TempDir(), "x.db"), sqldb.Hooks{})
	exec(t, db, "create table t (n integer)")
	if err := db.Close(); err != nil {
		t.Fatal(err)
	}
	fails(t, write(db, "insert into t values (1)"), pam.ErrInterrupted, "closed")
	fails(t, db.Read(t.Context(), func(context.Context, *sqldb.Tx) error { return nil }), pam.ErrInterrupted, "closed")
}

func TestAnAddressIsUnderstoodOrRefused(t *testing.T) {
	t.Parallel()
	for text, want := range map[string]string{
		"sqlite:/a/b.db": "sqlite:/a/b.db", "sqlite:b.db": "sqlite:b.db", "sqlite:///a/../b": "sqlite:/b",
		"postgres://u:c4nary-Pa55@h1:1,h2:2/db?sslmode=verify-full": "postgres://u@h1:1,h2:2/db?sslmode=verify-full",
		"postgresql://h/db?password=c4nary&user=u":                  "postgresql://h/db?user=u",
		"postgres:///db?host=/run/pg":                               "postgres:///db?host=/run/pg",
		"postgres://u@/db?host=/a:b@c&port=1":                       "postgres://u@/db?host=/a:b@c&port=1",
		"postgres://u@h/db?SSLpassword=c4nary&port=1":               "postgres://u@h/db?port=1",
		"postgres://u@h/db?port=%zz&sslpassword=c4nary":             "postgres://u@h/db",
		"postgres://u:c4nary?c4nary@h/db":                           "postgres://u@h/db",
	} {
		a, err := sqldb.ParseAddress(text)
		if err != nil || a.String() != want || strings.Contains(fmt.Sprintf("%v %s", a, a), "c4nary") {
			t.Errorf("%s: %v %v", text, a, err)
		}
	}
	for _, text := range []string{"", "vault.db", "mysql://h/d", "sqlite:", "sqlite:dir/", "sqlite::memory:", "postgres:", "postgres://", "sqlite:a\x00b"} {
		if _, err := sqldb.ParseAddress(text); !errors.Is(err, pam.ErrUsage) {
			t.Errorf("%q: %v", text, err)
		}
	}
	a, _ := sqldb.ParseAddress("postgres://u:c4nary@h:notaport/db")
	_, err := sqldb.OpenPostgreSQL(t.Context(), a, sqldb.Hooks{})
	if fails(t, err, pam.ErrUsage, "can't be understood"); strings.Contains(fmt.Sprint(err), "c4nary") {
		t.Error("the password shows")
	}
}

func TestMigrationsAreAppliedOnceWhoeverIsFirst(t *testing.T) {
	t.Parallel()
	path := filepath.Join(t.TempDir(), "x.db")
	known, err := sqldb.Migrations(fstest.MapFS{
		"sqlite/0001_one.sql": {Data: []byte("create table a (n integer); insert into a values (1)")},
		"sqlite/0002_two.sql": {Data: []byte("create table b (n integer); insert into b select n + 1 from a;")},
	}, sqldb.SQLite)
	if err != nil {
		t.Fatal(err)
	}
	var wg sync.WaitGroup
	var applied atomic.Int64
	for range 6 {
		db := lite(t, path, sqldb.Hooks{})
		wg.Go(func() {
			names, err := sqldb.Migrate(context.Background(), db, known, time.Now())
			if err != nil {
				t.Error(err)
			}
			applied.Add(int64(len(names)))
		})
	}
	wg.Wait()
	if n := count(t, lite(t, path, sqldb.Hooks{}), "select count(*) * 10 + (select n from b) from schema_migrations, a"); applied.Load() != 2 || n != 22 {
		t.Errorf("%d applied, %d", applied.Load(), n)
	}
}

func TestABrokenMigrationLeavesTheOnesBeforeIt(t *testing.T) {
	t.Parallel()
	db := lite(t, filepath.Join(t.TempDir(), "x.db"), sqldb.Hooks{})
	files := fstest.MapFS{"sqlite/0001_one.sql": {Data: []byte("create table a (n integer)")}, "sqlite/0002_two.sql": {Data: []byte("insert into a values (7); create nonsense")}}
	known, _ := sqldb.Migrations(files, sqldb.SQLite)
	names, err := sqldb.Migrate(t.Context(), db, known, time.Now())
	if err == nil || !strings.Contains(err.Error(), "0002_two") || len(names) != 1 || count(t, db, "select count(*) from a") != 0 {
		t.Fatalf("%v %v", names, err)
	}
	files["sqlite/0002_two.sql"].Data = []byte("insert into a values (7)")
	known, _ = sqldb.Migrations(files, sqldb.SQLite)
	if names, err := sqldb.Migrate(t.Context(), db, known, time.Now()); err != nil || len(names) != 1 || count(t, db, "select count(*) from a") != 1 {
		t.Errorf("%v %v", names, err)
	}
	delete(files, "sqlite/0001_one.sql")
	if _, err := sqldb.Migrations(files, sqldb.SQLite); err == nil {
		t.Error("a gap is not seen")
	}
}

// TestAPanicLeavesNoRowsOpen has a question panic between two rows; whoever asks
// afterwards sees what was written meanwhile.
func TestAPanicLeavesNoRowsOpen(t *testing.T) {
	t.Parallel()
	var seen []int64
	db := lite(t, filepath.Join(t.TempDir(), "a.db"), sqldb.Hooks{Asked: func(ctx context.Context, tx *sqldb.Tx, items []any) error {
		seen = nil
		return sqldb.Each(ctx, tx, func(r sqldb.Row) error {
			if items[0] == "panic" {
				panic("as it was asked to")
			}
			var n int64
			err := r.Scan(&n)
			seen = append(seen, n)
			return err
		}, "select n from t")
	}})
	exec(t, db, "create table t (n integer)")
	exec(t, db, "insert into t values (1), (2)")
	for range 8 { // more than there are connections
		if err := db.Ask(t.Context(), "panic"); err == nil || !strings.Contains(err.Error(), "as it was asked to") {
			t.Error(err)
		}
	}
	exec(t, db, "update t set n = 3")
	for range 8 {
		if err := db.Ask(t.Context(), ""); err != nil || len(seen) != 2 || seen[0] != 3 {
			t.Error(seen, err)
		}
	}
}

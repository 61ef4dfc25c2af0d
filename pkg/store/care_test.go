package store_test

import (
	"bytes"
	"context"
	"database/sql"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"testing"

	_ "modernc.org/sqlite"

	"github.com/redim-tools/redim/pkg/pam"
	"github.com/redim-tools/redim/pkg/store"
	"github.com/redim-tools/redim/pkg/store/storetest"
	"github.com/redim-tools/redim/pkg/vault"
)

// raw changes a SQLite file beneath the program.
func raw(t *testing.T, path string, statements ...string) {
	t.Helper()
	db, err := sql.Open("sqlite", path)
	if err != nil {
		t.Fatal(err)
	}
	defer func() { _ = db.Close() }()
	for _, s := range statements {
		if _, err := db.ExecContext(t.Context(), s); err != nil {
			t.Fatalf("%s: %v", s, err)
		}
	}
}

func levels(findings []store.Finding) string {
	var out []string
	for _, f := range findings {
		out = append(out, f.Name+"="+string(f.Level))
	}
	return strings.Join(out, " ")
}

// fails expects a failure of the class that says what, with a hint.
func fails(t *testing.T, err error, class pam.Class, says string) {
	t.Helper()
	f, ok := errors.AsType[*pam.Failure](err)
	if !ok || f.Class != class || f.Hint == "" || !strings.Contains(f.Message, says) {
		t.Errorf("got %v, want %s that says %q and hints", err, class, says)
	}
}

func TestANewFileIsItsOwnersAlone(t *testing.T) {
	t.Parallel()
	path := filepath.Join(t.TempDir(), "new", "deep%20 dir?", "va#ult.db")
	s := open(t, "sqlite:"+path)
	update(t, s, func(ctx context.Context, tx vault.Tx) error { return tx.AddIntegration(ctx, anIntegration(1, "a")) })
	for name, want := range map[string]os.FileMode{path: 0o600, path + "-wal": 0o600, path + "-shm": 0o600, filepath.Dir(path): os.ModeDir | 0o700} {
		if info, err := os.Stat(name); err != nil || info.Mode() != want {
			t.Errorf("%s: %v %v", name, info.Mode(), err)
		}
	}
	if err := os.Chmod(path, 0o644); err != nil {
		t.Fatal(err)
	}
	open(t, "sqlite:"+path)
	if info, err := os.Stat(path); err != nil || info.Mode() != 0o600 {
		t.Errorf("a file that others can read stays so: %v %v", info.Mode(), err)
	}
}

func TestCheckLooksOverASQLiteStore(t *testing.T) {
	t.Parallel()
	path := filepath.Join(t.TempDir(), "vault.db")
	_, err := store.Check(t.Context(), options("sqlite:"+path))
	fails(t, err, pam.ErrNotFound, "no store")
	s := open(t, "sqlite:"+path)
	update(t, s, func(ctx context.Context, tx vault.Tx) error { return record(ctx, tx, anEvent(1, "x", "a")) })
	check(t, "sqlite:"+path, "schema=ok integrity=ok triggers=ok files=ok")
	raw(t, path, "drop trigger events_are_never_changed")
	check(t, "sqlite:"+path, "schema=ok integrity=ok triggers=fault files=ok")
	raw(t, path, "insert into schema_migrations values (99, 'from_the_future', 0)")
	check(t, "sqlite:"+path, "schema=fault integrity=ok triggers=fault files=ok")
}

func TestCheckSaysNothingOfWhatItDidNotSee(t *testing.T) {
	t.Parallel()
	path := filepath.Join(t.TempDir(), "vault.db")
	_ = open(t, "sqlite:"+path)
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	findings, err := store.Check(ctx, options("sqlite:"+path))
	if fails(t, err, pam.ErrInterrupted, ""); len(findings) > 0 {
		t.Errorf("%v", findings)
	}
}

func TestADatabaseThatIsNewIsNotTamperedWith(t *testing.T) {
	t.Parallel()
	path := filepath.Join(t.TempDir(), "vault.db")
	raw(t, path, "create table somebodys (n integer)")
	check(t, "sqlite:"+path, "schema=warning integrity=ok triggers=warning files=ok")
	check(t, storetest.Start(t).Database(t), "schema=warning triggers=warning trigrams=warning durability=ok")
}

func check(t *testing.T, address, want string) {
	t.Helper()
	findings, err := store.Check(t.Context(), options(address))
	if got := levels(findings); err != nil || got != want {
		t.Errorf("%s, %v; want %s", got, err, want)
	}
	for _, f := range findings {
		if f.Text == "" || (f.Hint == "") != (f.Level == store.OK) {
			t.Errorf("%+v", f)
		}
	}
}

func TestANewerSchemaIsRefusedByName(t *testing.T) {
	t.Parallel()
	path := filepath.Join(t.TempDir(), "vault.db")
	_ = open(t, "sqlite:"+path)
	raw(t, path, "insert into schema_migrations values (99, 'from_the_future', 0)")
	_, err := store.Open(t.Context(), options("sqlite:"+path))
	fails(t, err, pam.ErrUnreachable, "0099_from_the_future")
	_, err = store.Migrate(t.Context(), options("sqlite:"+path))
	fails(t, err, pam.ErrUnreachable, "0099_from_the_future")
}

func TestAnOlderFileIsMadeSearchable(t *testing.T) {
	t.Parallel()
	path := filepath.Join(t.TempDir(), "vault.db")
	s := open(t, "sqlite:"+path)
	all := estate(t, s)
	older, err := os.ReadFile(filepath.Join("migrations", "sqlite", "0003_search.sql"))
	if err != nil {
		t.Fatal(err)
	}
	raw(t, path, "drop index integrations_by_flags; drop trigger integrations_removed; drop table integration_terms; drop table credential_names",
		"drop trigger credentials_name_added; drop trigger credentials_name_changed; drop trigger credentials_removed", string(older),
		withoutLots, "delete from schema_migrations where number >= 8")
	s = open(t, "sqlite:"+path)
	for _, c := range searches(t) {
		checkSearch(t, s, all, c)
	}
}

// withoutLots undoes the migration that makes lots, and those after it.
const withoutLots = `drop table crowds; drop trigger leases_leave_their_places;
drop table event_lots; drop table lease_lots; drop table lease_places; drop index leases_one_holder; drop index leases_idempotency;
create index events_by_time on events (at);
create trigger events_are_never_replaced before insert on events when exists (select 1 from events where seq = new.seq) begin select raise(fail, 'x'); end;
create index events_by_integration on events (integration, at) where integration <> '';
create index events_by_credential on events (credential, at) where credential <> '';
create index leases_open_by_actor on leases (actor_key, n) where state = 'open';
create unique index leases_one_holder on leases (credential_id, (case when exclusive = 1 then '' else id end)) where state = 'open';
create unique index leases_idempotency on leases (actor_key, idempotency) where idempotency <> '';`

func TestTheRowsOfAnOlderFileComeIntoLots(t *testing.T) {
	t.Parallel()
	path := filepath.Join(t.TempDir(), "vault.db")
	s := open(t, "sqlite:"+path)
	manyEvents(t, s, 22)
	all := manyLeases(t, s)
	raw(t, path, withoutLots, "delete from schema_migrations where number >= 9")
	s = open(t, "sqlite:"+path)
	checkManyEvents(t, s)
	checkOpenLeases(t, s, all)
	manyEvents(t, s, 11)
	checkManyEvents(t, s)
	findings, err := store.Check(t.Context(), options("sqlite:"+path))
	if err != nil || strings.Contains(levels(findings), "fault") {
		t.Error(findings, err)
	}
}

// TestABackupOfBeforeThereWereLotsIsPutBack checks a file that has none, restores it,
// and finds all that is in it.
func TestABackupOfBeforeThereWereLotsIsPutBack(t *testing.T) {
	t.Parallel()
	dir := t.TempDir()
	path, copied := filepath.Join(dir, "vault.db"), filepath.Join(dir, "backup.db")
	s := open(t, "sqlite:"+path)
	manyEvents(t, s, 22)
	all := manyLeases(t, s)
	if err := s.Backup(t.Context(), copied); err != nil {
		t.Fatal(err)
	}
	raw(t, copied, withoutLots, "delete from schema_migrations where number >= 9")
	check(t, "sqlite:"+copied, "schema=warning integrity=ok triggers=ok files=ok")
	if _, err := store.Restore(t.Context(), options("sqlite:"+path), copied); err != nil {
		t.Fatal(err)
	}
	check(t, "sqlite:"+path, "schema=ok integrity=ok triggers=ok files=ok")
	checkManyEvents(t, s)
	checkOpenLeases(t, s, all)
}

// TestWhatSearchWouldNotFindIsNoticed takes rows away that nobody but a search looks at.
func TestWhatSearchWouldNotFindIsNoticed(t *testing.T) {
	t.Parallel()
	good := filepath.Join(t.TempDir(), "vault.db")
	s := open(t, "sqlite:"+good)
	manyEvents(t, s, 22)
	_ = manyLeases(t, s)
	if err := s.Close(); err != nil {
		t.Fatal(err)
	}
	before, err := store.Check(t.Context(), options("sqlite:"+good))
	if err != nil || strings.Contains(levels(before), "fault") {
		t.Fatal(before, err)
	}
	whole, err := os.ReadFile(good)
	if err != nil {
		t.Fatal(err)
	}
	for name, spoil := range map[string]string{
		"words of events":    "drop trigger event_lots_are_never_changed; update event_lots set words = substr(words, 1, 9) where lot = 1",
		"another word":       "drop trigger event_lots_are_never_changed; update event_lots set words = unhex(replace(hex(words), '776562', '776F62')) where lot = 1",
		"a lot":              "drop trigger event_lots_are_never_removed; delete from event_lots where lot = 1",
		"the times of a lot": "drop trigger event_lots_are_never_changed; update event_lots set most = least where lot = 1",
		"a lot too many":     "insert into event_lots (lot, least, most, words) values (1 << 42, 0, 0, x'')",
		"a place of a lease": "delete from lease_places where (lot, word, n) = (select lot, word, n from lease_places limit 1 offset 20)",
		"a lot of leases":    "delete from lease_lots where lot = 0",
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			path := filepath.Join(t.TempDir(), "vault.db")
			if err := os.WriteFile(path, whole, 0o600); err != nil {
				t.Fatal(err)
			}
			raw(t, path, spoil)
			after, err := store.Check(t.Context(), options("sqlite:"+path))
			if err != nil || !strings.Contains(fmt.Sprint(after), "would not find") {
				t.Error(after, err)
			}
			manyEvents(t, open(t, "sqlite:"+path), 11) // which makes a lot
		})
	}
}

func TestABackupIsWholeAndCanBePutBack(t *testing.T) {
	t.Parallel()
	dir := t.TempDir()
	path, copied := filepath.Join(dir, "vault.db"), filepath.Join(dir, "backup.db")
	s := open(t, "sqlite:"+path)
	add := func(n int) {
		update(t, s, func(ctx context.Context, tx vault.Tx) error {
			return errors.Join(tx.AddIntegration(ctx, anIntegration(n, fmt.Sprint("name ", n))), record(ctx, tx, anEvent(n, "x", "a")))
		})
	}
	add(1)
	stop, done := make(chan struct{}), make(chan struct{})
	go func() {
		defer close(done)
		for n := 100; ; n++ {
			select {
			case <-stop:
				return
			default:
				add(n)
			}
		}
	}()
	if err := s.Backup(t.Context(), copied); err != nil {
		t.Fatal(err)
	}
	close(stop)
	<-done
	fails(t, s.Backup(t.Context(), copied), pam.ErrUsage, "exists")
	fails(t, s.Backup(t.Context(), filepath.Join(dir, "none", "x")), pam.ErrOther, "can't be written")
	if info, err := os.Stat(copied); err != nil || info.Mode() != 0o600 {
		t.Errorf("%v %v", info.Mode(), err)
	}
	before, _ := os.ReadFile(copied)
	check(t, "sqlite:"+copied, "schema=ok integrity=ok triggers=ok files=ok")
	if after, _ := os.ReadFile(copied); !bytes.Equal(before, after) {
		t.Error("looking at the backup changed it")
	}
	if _, err := store.Restore(t.Context(), options("sqlite:"+path), copied); err != nil {
		t.Fatal(err)
	}
	if _, err := verified(s); err != nil {
		t.Error(err)
	}
	add(99)
	if _, err := verified(s); err != nil {
		t.Error(err)
	}
	fresh := filepath.Join(dir, "fresh.db")
	if _, err := store.Restore(t.Context(), options("sqlite:"+fresh), copied); err != nil {
		t.Fatal(err)
	}
	if _, err := verified(open(t, "sqlite:"+fresh)); err != nil {
		t.Error(err)
	}
}

func TestABrokenBackupIsNotPutBack(t *testing.T) {
	t.Parallel()
	dir := t.TempDir()
	path, bad := filepath.Join(dir, "vault.db"), filepath.Join(dir, "bad.db")
	s := open(t, "sqlite:"+path)
	update(t, s, func(ctx context.Context, tx vault.Tx) error { return tx.AddIntegration(ctx, anIntegration(1, "a")) })
	if err := os.WriteFile(bad, []byte(strings.Repeat("no database ", 1000)), 0o600); err != nil {
		t.Fatal(err)
	}
	_, err := store.Restore(t.Context(), options("sqlite:"+path), bad)
	fails(t, err, pam.ErrUsage, "can't be restored")
	_, err = store.Restore(t.Context(), options("sqlite:"+path), filepath.Join(dir, "none"))
	fails(t, err, pam.ErrNotFound, "no store")
	_, err = store.Open(t.Context(), options("sqlite:"+bad))
	fails(t, err, pam.ErrUnreachable, "not a database")
	view(t, s, func(ctx context.Context, r vault.Reader) error { _, err := r.Integration(ctx, id(1)); return err })
}

func TestCheckLooksOverAPostgreSQLStore(t *testing.T) {
	t.Parallel()
	server := storetest.Start(t)
	address := server.Database(t)
	_, err := store.Open(t.Context(), options(address))
	fails(t, err, pam.ErrUnreachable, "migrations, from 0001_records on")
	s := open(t, address)
	fails(t, s.Backup(t.Context(), filepath.Join(t.TempDir(), "x")), pam.ErrUsage, "PostgreSQL")
	check(t, address, "schema=ok triggers=ok trigrams=ok durability=ok")
	server.Exec(t, "postgres", "drop extension pg_trgm cascade; alter table test1.events disable trigger all")
	server.Exec(t, "postgres", "alter system set synchronous_commit = off")
	server.Stop()
	if err := server.Launch(); err != nil {
		t.Fatal(err)
	}
	check(t, address, "schema=ok triggers=fault trigrams=warning durability=fault")
	server.Exec(t, "postgres", "insert into test1.schema_migrations values (99, 'from_the_future', 0)")
	_, err = store.Open(t.Context(), options(address))
	fails(t, err, pam.ErrUnreachable, "0099_from_the_future")
	server.Stop()
	ctx, cancel := context.WithTimeout(t.Context(), 1e9)
	defer cancel()
	_, err = store.Open(ctx, options(address))
	fails(t, err, pam.ErrUnreachable, "can't be reached")
}

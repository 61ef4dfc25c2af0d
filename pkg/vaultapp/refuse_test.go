package vaultapp_test

import (
	"bytes"
	"context"
	"os"
	"strings"
	"testing"

	"github.com/redim-tools/redim/pkg/app"
	"github.com/redim-tools/redim/pkg/store/sqldb"
	"github.com/redim-tools/redim/pkg/term"
	"github.com/redim-tools/redim/pkg/vaultapp"
)

// call runs a command line as a process would, with a home of its own.
func call(t *testing.T, home string, args ...string) (code int, out string) {
	t.Helper()
	var said bytes.Buffer
	getenv := func(name string) string {
		if name == "HOME" {
			return home
		}
		return ""
	}
	a := app.New("vault", term.With(strings.NewReader(""), &said, &said, term.Facts{}), getenv)
	code = app.Run(t.Context(), a, vaultapp.Root, args)
	return code, said.String()
}

// in runs statements in the database of a store, past all that guards it.
func in(t *testing.T, path string, statements string) {
	t.Helper()
	at, err := sqldb.ParseAddress("sqlite:" + path)
	if err != nil {
		t.Fatal(err)
	}
	db, err := sqldb.OpenSQLite(at, sqldb.Hooks{})
	if err != nil {
		t.Fatal(err)
	}
	err = db.Write(t.Context(), func(ctx context.Context, tx *sqldb.Tx) error { return tx.Script(ctx, statements) })
	if err := db.Close(); err != nil {
		t.Fatal(err)
	}
	if err != nil {
		t.Fatal(err)
	}
}

func TestAStoreThatIsNotOursIsRefusedAndLeftAlone(t *testing.T) {
	t.Parallel()
	for name, c := range map[string]struct {
		statements string
		code       int
		says       string
	}{
		"a newer schema":    {"insert into schema_migrations (number, name, applied_at) values (9999, 'from_later', 0)", 109, "newer schema 9999_from_later"},
		"another schema":    {"update schema_migrations set name = 'theirs' where number = 1", 109, "schema 0001_theirs"},
		"a key is missing":  {"delete from key_records where name = 'hash'", 1, "lacks one of its keys"},
		"keys were swapped": {"update key_records set wrapped = (select wrapped from key_records where name = 'hash') where name = 'checkpoint'", 1, "can not be opened"},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			home := t.TempDir()
			if code, out := call(t, home, "integrations", "new", "build"); code != 0 {
				t.Fatal(out)
			}
			path := home + "/.local/share/redim/vault.db"
			in(t, path, c.statements)
			before, err := os.ReadFile(path)
			if err != nil {
				t.Fatal(err)
			}
			for _, args := range [][]string{{"integrations", "search"}, {"integrations", "new", "other"}, {"events", "verify"}, {"maintain"}} {
				if code, out := call(t, home, args...); code != c.code || !strings.Contains(out, c.says) || !strings.Contains(out, "hint: ") {
					t.Errorf("%v: %d, %s", args, code, out)
				}
			}
			if code, out := call(t, home, "store", "check"); code == 0 {
				t.Errorf("check finds nothing: %s", out)
			}
			after, err := os.ReadFile(path)
			if err != nil || !bytes.Equal(before, after) {
				t.Errorf("the file was changed: %v", err)
			}
		})
	}
}

func TestAChangedEventIsNamed(t *testing.T) {
	t.Parallel()
	home := t.TempDir()
	for _, name := range []string{"a", "b", "c"} {
		if code, out := call(t, home, "integrations", "new", name); code != 0 {
			t.Fatal(out)
		}
	}
	in(t, home+"/.local/share/redim/vault.db", "drop trigger events_are_never_changed; update events set actor = 'mallory' where seq = 3;")
	if code, out := call(t, home, "events", "verify"); code != 1 || !strings.Contains(out, "record 3 of chain") {
		t.Errorf("%d, %s", code, out)
	}
	if code, out := call(t, home, "store", "check"); code != 1 || !strings.Contains(out, "not protected") {
		t.Errorf("%d, %s", code, out)
	}
}

package e2e

import (
	"errors"
	"os/exec"
	"slices"
	"strings"
	"testing"
)

// root is the module's directory, from this package.
const root = "../.."

const module = "github.com/redim-tools/redim/"

// goList runs go list at the root.
func goList(t *testing.T, args ...string) []string {
	t.Helper()
	cmd := exec.CommandContext(t.Context(), "go", append([]string{"list"}, args...)...)
	cmd.Dir = root
	out, err := cmd.Output()
	if err != nil {
		if failed, ok := errors.AsType[*exec.ExitError](err); ok {
			err = errors.Join(err, errors.New(string(failed.Stderr)))
		}
		t.Fatalf("go list %v: %v", args, err)
	}
	return strings.Split(strings.TrimSpace(string(out)), "\n")
}

// under reports whether path is a package, or one below it.
func under(path, of string) bool { return path == of || strings.HasPrefix(path, of+"/") }

func TestRedimLinksNoDatabaseAndNoTests(t *testing.T) {
	t.Parallel()
	forbidden := []string{
		"modernc.org/sqlite", "github.com/jackc/pgx", "github.com/mattn/go-sqlite3", "github.com/lib/pq", "github.com/pressly/goose",
		"testing", "net/http/httptest", "pgregory.net/rapid", "github.com/google/go-cmp", "github.com/rogpeppe/go-internal/testscript",
		module + "pkg/store", module + "pkg/vaultapp", module + "pkg/cli/vaultcli", module + "pkg/api", module + "pkg/ecm", module + "pkg/vault", module + "pkg/e2e", module + "pkg/bench",
	}
	linked := goList(t, "-deps", "./cmd/redim")
	if !slices.Contains(linked, module+"pkg/app") {
		t.Fatalf("the list of linked packages is not one: %d lines", len(linked))
	}
	for _, path := range linked {
		for _, no := range forbidden {
			if under(path, no) {
				t.Errorf("redim links %s", path)
			}
		}
	}
}

// TestOnlyTheTableLibraryKnowsSQL lets database/sql in through the libraries that
// draw tables, which know its null types, and through nothing else.
func TestOnlyTheTableLibraryKnowsSQL(t *testing.T) {
	t.Parallel()
	for _, line := range goList(t, "-deps", "-f", "{{.ImportPath}}{{range .Imports}} {{.}}{{end}}", "./cmd/redim") {
		importer, rest, _ := strings.Cut(line, " ")
		if slices.Contains(strings.Fields(rest), "database/sql") && !under(importer, "github.com/olekukonko") {
			t.Errorf("%s imports database/sql", importer)
		}
	}
}

func TestVaultLinksNoStandInServer(t *testing.T) {
	t.Parallel()
	for _, path := range goList(t, "-deps", "./cmd/vault") {
		if under(path, module+"pkg/redim/redimtest") || under(path, module+"pkg/e2e") {
			t.Errorf("vault links %s", path)
		}
	}
}

// TestLibrariesHaveOneImporter keeps a library that may have to be replaced
// behind one package.
func TestLibrariesHaveOneImporter(t *testing.T) {
	t.Parallel()
	only := map[string][]string{
		"github.com/AlecAivazis/survey":              {"pkg/prompt"},
		"github.com/olekukonko":                      {"pkg/render"},
		"github.com/zalando/go-keyring":              {"pkg/keyring"},
		"github.com/creack/pty":                      {"pkg/child"},
		"modernc.org/sqlite":                         {"pkg/store"},
		"github.com/jackc/pgx":                       {"pkg/store"},
		"github.com/pressly/goose":                   {"pkg/store"},
		"github.com/jcmturner":                       {"pkg/negotiate"},
		"github.com/coder/websocket":                 {"pkg/ecm"},
		"github.com/spf13":                           {"pkg/cli", "pkg/app", "pkg/cmd", "pkg/vaultapp", "cmd/gendocs", "pkg/e2e"},
		"golang.org/x/term":                          {"pkg/term", "pkg/prompt"},
		module + "pkg/redim/redimtest":               {"pkg/cmd/demo", "pkg/cmd/simulate", "pkg/bench"},
		"github.com/rogpeppe/go-internal/lockedfile": {"pkg/atomicfile"},
	}
	for _, line := range goList(t, "-f", "{{.ImportPath}}{{range .Imports}} {{.}}{{end}}", "./...") {
		importer, rest, _ := strings.Cut(line, " ")
		importer = strings.TrimPrefix(importer, module)
		for imported := range strings.FieldsSeq(rest) {
			for library, importers := range only {
				allowed := func(of string) bool { return under(importer, of) }
				if under(imported, library) && !slices.ContainsFunc(importers, allowed) {
					t.Errorf("%s imports %s; only %s may", importer, imported, strings.Join(importers, ", "))
				}
			}
		}
	}
}

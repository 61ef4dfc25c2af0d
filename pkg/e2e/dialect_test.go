package e2e

import (
	"fmt"
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"testing"

	"github.com/redim-tools/redim/pkg/redim/dialect"
)

// talking lists the scripts of a directory that start a server.
func talking(t *testing.T, dir string) []string {
	t.Helper()
	all, err := filepath.Glob(filepath.Join(dir, "*.txtar"))
	if err != nil {
		t.Fatal(err)
	}
	starts := regexp.MustCompile(`(?m)^(\[.*\] *)?simulate`)
	files := slices.DeleteFunc(all, func(path string) bool {
		text, err := os.ReadFile(path)
		if err != nil {
			t.Fatal(err)
		}
		return !starts.Match(text)
	})
	if len(files) < 20 {
		t.Fatalf("only %d scripts start a server", len(files))
	}
	return files
}

// inDialect is the condition [dialect:NAME] of a script: this run speaks it.
func inDialect(cond, spoken string) (bool, error) {
	name, ok := strings.CutPrefix(cond, "dialect:")
	if !ok || !slices.Contains(dialect.Spoken(), name) {
		return false, fmt.Errorf("there is no condition %q", cond)
	}
	return name == spoken, nil
}

// inNames puts the server's name of the log-in into what a script says of
// operations: scripts name them as JSON V2 does, and in the others only the
// log-in has another one.
func inNames(spoken, text string) string {
	if spoken == dialect.Spoken()[0] {
		return text
	}
	return strings.ReplaceAll(text, "DoLogin2", "DoLogin")
}

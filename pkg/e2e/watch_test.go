package e2e

import (
	"crypto/sha256"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/rogpeppe/go-internal/testscript"

	"github.com/redim-tools/redim/pkg/e2e/canary"
)

// watched is a testing.T that looks for secrets when a script ends: in all
// files of its directory and in its log, which is kept in full.
type watched struct {
	*testing.T
	caught   func(canary.Hit) // called for each leak; nil in the parent of scripts: fail
	work     string
	original map[string][sha256.Size]byte // the script's own files
	allowed  map[string]bool
	serving  func(os.Signal) // stops the server of the script
}

// watch makes leaks fail t.
func watch(t *testing.T) *watched {
	t.Helper()
	return &watched{T: t, caught: func(leak canary.Hit) {
		t.Helper()
		t.Errorf("a secret is in %s, encoding: %s", leak.Where, leak.Encoding)
	}}
}

type watchKey struct{}

func watchOf(ts *testscript.TestScript) *watched {
	w, ok := ts.Value(watchKey{}).(*watched)
	if !ok {
		ts.Fatalf("the script is not watched")
	}
	return w
}

// Run runs one script, watched.
func (w *watched) Run(name string, f func(testscript.T)) {
	w.T.Run(name, func(t *testing.T) {
		script := watch(t)
		if w.caught != nil {
			script.caught = w.caught
		}
		f(script)
	})
}

// Verbose makes testscript keep the log of what went well.
func (w *watched) Verbose() bool { return true }

// Log gets the whole log when a script has ended, while its files are there.
func (w *watched) Log(args ...any) {
	w.Helper()
	w.T.Log(args...)
	for _, leak := range w.leaks(fmt.Sprint(args...)) {
		w.caught(leak)
	}
}

// begin remembers the files that the script brings.
func (w *watched) begin(work string) error {
	w.work, w.original, w.allowed = work, map[string][sha256.Size]byte{}, map[string]bool{}
	return filepath.WalkDir(work, func(path string, entry fs.DirEntry, err error) error {
		if err != nil || !entry.Type().IsRegular() {
			return err
		}
		data, err := os.ReadFile(path)
		if err == nil {
			w.original[w.rel(path)] = sha256.Sum256(data)
		}
		return err
	})
}

// allow lets a file hold a secret.
func (w *watched) allow(path string) { w.allowed[w.rel(path)] = true }

func (w *watched) rel(path string) string {
	rel, err := filepath.Rel(w.work, path)
	if err != nil {
		return path
	}
	return filepath.ToSlash(rel)
}

func (w *watched) leaks(log string) []canary.Hit {
	hits, err := canary.Tree(w.work, func(path string, data []byte) bool {
		sum, own := w.original[path]
		return w.allowed[path] || own && sum == sha256.Sum256(data)
	})
	if err != nil {
		hits = append(hits, canary.Hit{Where: err.Error(), Encoding: "could not be searched"})
	}
	for _, output := range outputs(log) {
		if found := canary.Find([]byte(output.text)); found != "" {
			hits = append(hits, canary.Hit{Where: "the output of " + output.line, Encoding: found})
		}
	}
	return hits
}

// output is what one line of a script wrote.
type output struct{ line, text string }

// outputs are the parts of a log that must hold no secret: all but the lines of
// the script, which say what they say, and what follows a reveal.
func outputs(log string) []output {
	all := []output{{line: "the script's beginning"}} // its environment
	hidden := false
	for line := range strings.Lines(log) {
		command, isCommand := strings.CutPrefix(line, "> ")
		if isCommand {
			hidden = reveals(command)
			all = append(all, output{line: strings.TrimSpace(command)})
			continue
		}
		if !hidden {
			all[len(all)-1].text += line
		}
	}
	return all
}

// reveals reports whether a line of a script is a reveal, also after a
// condition.
func reveals(command string) bool {
	for word := range strings.FieldsSeq(command) {
		if !strings.HasPrefix(word, "[") {
			return word == "reveal"
		}
	}
	return false
}

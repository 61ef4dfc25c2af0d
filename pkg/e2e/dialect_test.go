package e2e

import (
	"fmt"
	"net/http"
	"net/http/httptest"
	"net/http/httputil"
	"net/url"
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"sync"
	"sync/atomic"
	"testing"

	"github.com/redim-tools/redim/pkg/redim/dialect"
	"github.com/redim-tools/redim/pkg/redim/redimtest"
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

// TestFiftyProcessesFindTheDialectOutOnce counts the questions that get to a
// service, through a door of its own, when fifty processes know nothing.
func TestFiftyProcessesFindTheDialectOutOnce(t *testing.T) {
	h := newHome(t)
	target, err := url.Parse(h.server.URL())
	if err != nil {
		t.Fatal(err)
	}
	var questions, logIns atomic.Int64
	proxy := httputil.NewSingleHostReverseProxy(target)
	proxy.Transport = h.server.HTTPClient().Transport
	door := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		switch {
		case r.Method == http.MethodGet:
			questions.Add(1)
		case strings.HasSuffix(r.URL.Path, "/DoLogin2"):
			logIns.Add(1)
		}
		proxy.ServeHTTP(w, r)
	}))
	t.Cleanup(door.Close)
	fifty := func() {
		var wg sync.WaitGroup
		for i := range 50 {
			wg.Go(func() {
				cmd := h.testSettings(i%3 + 1)
				cmd.Env = append(cmd.Env, "REDIM_ENDPOINT_URL="+door.URL+redimtest.ServicePath)
				if out, err := cmd.CombinedOutput(); err != nil {
					t.Errorf("process %d: %v\n%s", i, err, out)
				}
			})
		}
		wg.Wait()
	}
	fifty()
	if questions.Load() != 1 || logIns.Load() != 1 {
		t.Errorf("%d questions and %d log-ins, want one of each", questions.Load(), logIns.Load())
	}
	if err := os.RemoveAll(filepath.Join(h.dir, "cache", "dialects")); err != nil {
		t.Fatal(err)
	}
	fifty() // with good tokens, as after an update of redim
	if questions.Load() != 2 || logIns.Load() != 1 {
		t.Errorf("without the memory: %d questions and %d log-ins, want one more question", questions.Load(), logIns.Load())
	}
}

package api_test

import (
	"flag"
	"fmt"
	"os"
	"slices"
	"strings"
	"sync"
	"testing"
)

// seen are the answers that the tests got. What the document has and no test
// got is a failure of the whole run.
var seen = &answers{all: map[string]bool{}} //nolint:gochecknoglobals // for TestMain

type answers struct {
	mu  sync.Mutex
	all map[string]bool
}

func (a *answers) add(method, template string, status int, code string) {
	a.mu.Lock()
	defer a.mu.Unlock()
	a.all[fmt.Sprintf("%s %s %d", method, template, status)] = true
	if code != "" {
		a.all[code] = true
	}
}

func TestMain(m *testing.M) {
	code := m.Run()
	if code == 0 && !isPartial() {
		for _, missing := range unseen() {
			fmt.Println("in the document, and never answered in a test:", missing)
			code = 1
		}
	}
	os.Exit(code)
}

// isPartial reports whether not all tests were run.
func isPartial() bool {
	return slices.ContainsFunc([]string{"test.run", "test.fuzz", "test.list"}, func(name string) bool {
		return flag.Lookup(name).Value.String() != ""
	})
}

// anywhere are the statuses that any call may have; one call has shown each.
func anywhere(status string) bool {
	return slices.Contains([]string{"408", "413", "415", "431", "500", "503"}, status)
}

func unseen() []string {
	var out []string
	d := theDocument(&testing.T{})
	statuses := map[string]bool{}
	for what := range seen.all {
		if words := strings.Fields(what); len(words) == 3 {
			statuses[words[2]] = true
		}
	}
	for path, methods := range d.Paths {
		for method, op := range methods {
			for status := range op.Responses {
				what := strings.ToUpper(method) + " " + path + " " + status
				if !seen.all[what] && (!anywhere(status) || !statuses[status]) {
					out = append(out, what)
				}
			}
		}
	}
	for _, r := range d.Components.Responses {
		for _, s := range r.Content["application/problem+json"].Schema.AllOf {
			for _, code := range s.Properties["code"].Enum {
				if text, _ := code.(string); !seen.all[text] {
					out = append(out, text)
				}
			}
		}
	}
	slices.Sort(out)
	return out
}

package dialect_test

import (
	"bytes"
	"context"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"go.yaml.in/yaml/v3"

	"github.com/redim-tools/redim/pkg/app"
	dialectcmd "github.com/redim-tools/redim/pkg/cmd/dialect"
	redimcmd "github.com/redim-tools/redim/pkg/cmd/redim"
	"github.com/redim-tools/redim/pkg/redim/dialect"
	"github.com/redim-tools/redim/pkg/term"
)

type result struct {
	out, err string
	code     int
}

// run runs a command line in a home whose settings file holds text.
func run(t *testing.T, settings string, args ...string) result {
	t.Helper()
	path := filepath.Join(t.TempDir(), "settings.yaml")
	env := map[string]string{"HOME": t.TempDir()}
	if settings != "" {
		env["REDIM_CONFIG"] = path
		if err := os.WriteFile(path, []byte(settings), 0o600); err != nil {
			t.Fatal(err)
		}
	}
	var out, talk bytes.Buffer
	a := app.New("redim", term.With(strings.NewReader(""), &out, &talk, term.Facts{}), func(name string) string { return env[name] })
	code := app.Run(context.Background(), a, redimcmd.New, append([]string{"dialect"}, args...))
	return result{out: out.String(), err: strings.ReplaceAll(talk.String(), path, "SETTINGS"), code: code}
}

func has(t *testing.T, text string, words ...string) {
	t.Helper()
	for _, word := range words {
		if !strings.Contains(text, word) {
			t.Errorf("no %q in:\n%s", word, text)
		}
	}
}

func file(t *testing.T) *dialect.Dialect {
	t.Helper()
	d, err := dialect.Open("json-v2", nil)
	if err != nil {
		t.Fatal(err)
	}
	return d
}

func TestShowPrintsTheFileAndWhatItRestsOn(t *testing.T) {
	t.Parallel()
	d := file(t)
	r := run(t, "", "show")
	rest, found := strings.CutPrefix(r.out, d.Text())
	if r.code != 0 || !found || r.err != "" {
		t.Fatalf("code %d, the file first: %v, talk %q", r.code, found, r.err)
	}
	has(t, rest, "# Attested by public material: log_in, log_in_certificate, log_out, ", "# Not attested: log_in_windows, log_in_as, ")
	for _, key := range d.Keys() {
		if strings.Count(rest, key+",")+strings.Count(rest, key+"\n") < 1 {
			t.Errorf("%s is in neither list", key)
		}
	}
	if named := run(t, "", "show", "json-v2"); named.out != r.out {
		t.Error("the default is not json-v2")
	}
	for _, name := range []string{"json-v1", "rest"} {
		if other := run(t, "", "show", name); other.code != 0 || !strings.Contains(other.out, "\ndialect: "+name+"\n") {
			t.Errorf("%s: code %d, %.80q", name, other.code, other.out)
		}
	}
}

const changed = `profiles:
  default:
    dialect_operations:
      log_out:
        path: Logout
      log_in:
        operation: DoLogin
        attested: guess
`

func TestShowMarksWhatTheSettingsChange(t *testing.T) {
	t.Parallel()
	r := run(t, changed, "show")
	if r.code != 0 {
		t.Fatalf("code %d: %s", r.code, r.err)
	}
	has(t, r.out, "settings.yaml:4:\n#   path: Logout\nlog_out:\n", "settings.yaml:6:\n#   attested: guess\n#   operation: DoLogin\nlog_in:\n")
	if n := strings.Count(r.out, "# CHANGED by dialect_operations, "); n != 2 {
		t.Errorf("%d changes are marked", n)
	}
	_, summary, _ := strings.Cut(r.out, "# Attested by public material: ")
	if attested, _, _ := strings.Cut(summary, "\n"); strings.Contains(attested, "log_in,") {
		t.Errorf("attested are %s", attested)
	}
	var tree map[string]any
	if err := yaml.Unmarshal([]byte(r.out), &tree); err != nil || tree["log_in"] == nil {
		t.Errorf("it is YAML no more: %v", err)
	}
}

func TestShowListsTheOperations(t *testing.T) {
	t.Parallel()
	r := run(t, changed, "show", "-o", "json")
	has(t, r.out, `{"key":"log_in","operation":"DoLogin","method":"POST","path":"DoLogin","idempotent":false,"attested":"guess","public":false,"overridden":true,"origin":"`, `settings.yaml:6","source":"two client families"}`,
		`"key":"stored_list","operation":"AccountStoreOps_StoredCredential_GetListForSystem"`)
	table := run(t, changed, "show", "-o", "table").out
	has(t, table, "KEY ", "ATTESTED", "log_out ")
	if n := strings.Count(table, "\n"); n != len(file(t).Keys())+1 {
		t.Errorf("%d lines", n)
	}
	origins := run(t, changed, "show", "--origin").out
	has(t, origins, "log_out\tDoLogout\tPOST\tLogout\tfalse\tcertain\ttrue\t", "settings.yaml:4\n", "\ttrue\tours\tfalse\tjson-v2\n")
}

func TestShowPrintsTheFileAlsoWhenTheSettingsAreWrong(t *testing.T) {
	t.Parallel()
	for name, tt := range map[string]struct {
		settings string
		words    []string
	}{
		"an unknown operation": {"profiles:\n  default:\n    dialect_operations:\n      log_inn: {path: X}\n", []string{"log_inn"}},
		"an unknown line":      {"profiles:\n  default:\n    dialect_operations:\n      log_in: {paht: X}\n", []string{"paht"}},
		"a wrong value":        {"profiles:\n  default:\n    dialect_operations:\n      log_in: {method: PUT}\n", []string{"SETTINGS:4: dialect_operations: log_in: method PUT"}},
		"no map":               {"profiles:\n  default:\n    dialect_operations: x\n", []string{"SETTINGS:3: dialect_operations: this is not a map"}},
		"no YAML":              {"profiles: [\n", []string{"not YAML"}},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			r := run(t, tt.settings, "show")
			if r.code != 2 || !strings.HasPrefix(r.out, file(t).Text()) {
				t.Errorf("code %d, output %.80q", r.code, r.out)
			}
			has(t, r.err, tt.words...)
		})
	}
}

func TestShowRefusesAnUnknownDialect(t *testing.T) {
	t.Parallel()
	for _, args := range [][]string{{"show", "soap"}, {"show", "a", "b"}, {"show", "-o", "xml"}, {"shwo"}} {
		if r := run(t, "", args...); r.code != 2 || r.out != "" || !strings.Contains(r.err, "hint: ") {
			t.Errorf("%q: code %d, %q, %q", args, r.code, r.out, r.err)
		}
	}
}

func TestTheNameIsAnOption(t *testing.T) {
	t.Parallel()
	var got dialectcmd.ShowOptions
	var talk bytes.Buffer
	a := app.New("redim", term.With(strings.NewReader(""), &talk, &talk, term.Facts{}), func(string) string { return "" })
	leaf := dialectcmd.NewShow(a, func(_ context.Context, o *dialectcmd.ShowOptions) error { got = *o; return nil })
	leaf.SetArgs([]string{"json-v2", "-o", "csv"})
	if err := leaf.Execute(); err != nil || got.Name != "json-v2" || got.Output != "csv" {
		t.Errorf("%+v, %v", got, err)
	}
}

package cache_test

import (
	"bytes"
	"context"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/redim-tools/redim/pkg/app"
	"github.com/redim-tools/redim/pkg/cli"
	redimcmd "github.com/redim-tools/redim/pkg/cmd/redim"
	"github.com/redim-tools/redim/pkg/config"
	"github.com/redim-tools/redim/pkg/redim/redimtest"
	"github.com/redim-tools/redim/pkg/term"
)

// world is a user's home with settings for a stand-in server.
type world struct {
	t      *testing.T
	server *redimtest.Running
	home   string
	env    map[string]string
	later  time.Duration // how far the clock of the commands is ahead
}

func newWorld(t *testing.T) *world {
	t.Helper()
	w := &world{t: t, server: redimtest.NewServer(t), home: t.TempDir()}
	dir := filepath.Join(w.home, "sim")
	if err := w.server.WriteDir(dir); err != nil {
		t.Fatal(err)
	}
	w.env = map[string]string{"HOME": w.home, "REDIM_CONFIG": filepath.Join(dir, "settings.yaml")}
	return w
}

// addProfile makes a profile for the same service. An application name of its
// own makes it other settings.
func (w *world) addProfile(name, application string) {
	w.t.Helper()
	s, err := config.Load(config.Options{Path: w.env["REDIM_CONFIG"], Getenv: func(string) string { return "" }})
	if err != nil {
		w.t.Fatal(err)
	}
	w.ok("config", "init", "--profile", name, "--endpoint-url", strings.Replace(s.EndpointURL, "ERPMWebService", application, 1),
		"--api-user", s.APIUser, "--api-password-from", s.APIPassword.Text(), "--set", "tls.ca_file="+s.TLS.CAFile)
}

func (w *world) settings() string {
	w.t.Helper()
	b, err := os.ReadFile(w.env["REDIM_CONFIG"])
	if err != nil {
		w.t.Fatal(err)
	}
	return string(b)
}

func (w *world) holds(settings string) {
	w.t.Helper()
	if err := os.WriteFile(w.env["REDIM_CONFIG"], []byte(settings), 0o600); err != nil {
		w.t.Fatal(err)
	}
}

type result struct {
	out, err string
	code     int
}

func (w *world) run(args ...string) result {
	w.t.Helper()
	var out, talk bytes.Buffer
	a := app.New("redim", term.With(strings.NewReader(""), &out, &talk, term.Facts{}), func(name string) string { return w.env[name] })
	a.Now = func() time.Time { return time.Now().Add(w.later) }
	code := app.Run(context.Background(), a, redimcmd.New, args)
	return result{out: out.String(), err: talk.String(), code: code}
}

func (w *world) wants(code int, args ...string) result {
	w.t.Helper()
	r := w.run(args...)
	if r.code != code {
		w.t.Fatalf("redim %q: code %d, want %d\n%s%s", args, r.code, code, r.out, r.err)
	}
	return r
}

func (w *world) ok(args ...string) result {
	w.t.Helper()
	return w.wants(cli.ExitOK, args...)
}

// signIn fills the cache.
func (w *world) signIn(user, endpoint string, more ...string) {
	w.t.Helper()
	w.ok(append([]string{"test-settings", "--user", user, "--endpoint", endpoint}, more...)...)
}

// whose lists the identities in the cache.
func (w *world) whose() string {
	w.t.Helper()
	var names []string
	for line := range strings.Lines(w.ok("cache", "list").out) {
		names = append(names, strings.Split(line, "\t")[1])
	}
	return strings.Join(names, " ")
}

func has(t *testing.T, text string, words ...string) {
	t.Helper()
	for _, word := range words {
		if !strings.Contains(text, word) {
			t.Errorf("no %q in:\n%s", word, text)
		}
	}
}

func same(t *testing.T, what, got, want string) {
	t.Helper()
	if got != want {
		t.Errorf("%s is\n%s\nwant\n%s", what, got, want)
	}
}

package e2e

import (
	"io"
	"net/http"
	"net/http/httptest"
	"strings"

	"github.com/rogpeppe/go-internal/testscript"
)

// guarded starts a server of git, as plain as git takes one, that wants a name and
// the password in a file of the script. It lives as long as the script.
func guarded(ts *testscript.TestScript, args []string) {
	if len(args) != 2 {
		ts.Fatalf("usage: guarded USERNAME FILE")
	}
	want := strings.TrimSuffix(ts.ReadFile(args[1]), "\n")
	server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		username, password, _ := r.BasicAuth()
		switch {
		case username != args[0] || password != want:
			w.Header().Set("WWW-Authenticate", `Basic realm="git"`)
			http.Error(w, "who are you?", http.StatusUnauthorized)
		case strings.HasSuffix(r.URL.Path, "/info/refs"):
			_, _ = io.WriteString(w, strings.Repeat("0123456789", 4)+"\trefs/heads/main\n")
		default:
			http.NotFound(w, r)
		}
	}))
	ts.Defer(server.Close)
	ts.Setenv("GUARDED", server.URL)
}

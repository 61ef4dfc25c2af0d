package e2e

import (
	"io"
	"net/http"
	"net/http/httptest"
	"strings"

	"github.com/rogpeppe/go-internal/testscript"
)

// guarded starts a server of git that lives as long as the script.
func guarded(ts *testscript.TestScript, args []string) {
	if len(args) != 2 {
		ts.Fatalf("usage: guarded USERNAME FILE")
	}
	server := gitServer(args[0], strings.TrimSuffix(ts.ReadFile(args[1]), "\n"))
	ts.Defer(server.Close)
	ts.Setenv("GUARDED", server.URL)
}

// gitServer has one repository, as plain as git takes one, for whoever has the
// name and the password.
func gitServer(username, password string) *httptest.Server {
	return httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		gotName, gotPassword, _ := r.BasicAuth()
		switch {
		case gotName != username || gotPassword != password:
			w.Header().Set("WWW-Authenticate", `Basic realm="git"`)
			http.Error(w, "who are you?", http.StatusUnauthorized)
		case strings.HasSuffix(r.URL.Path, "/info/refs"):
			_, _ = io.WriteString(w, strings.Repeat("0123456789", 4)+"\trefs/heads/main\n")
		default:
			http.NotFound(w, r)
		}
	}))
}

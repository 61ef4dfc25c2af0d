package api_test

import (
	"io"
	"net/http"
	"strings"
	"testing"
	"time"

	"github.com/redim-tools/redim/pkg/vault"
)

// lateBody does something when the server begins to read it, which is after the door.
type lateBody struct {
	before func()
	io.Reader
}

func (b *lateBody) Read(p []byte) (int, error) {
	if b.before != nil {
		b.before()
		b.before = nil
	}
	return b.Reader.Read(p)
}

// postLate sends a body that the server has to ask for.
func (c *caller) postLate(path, body string, before func()) *got {
	c.Helper()
	r, err := http.NewRequestWithContext(c.Context(), http.MethodPost, c.server.URL+path, &lateBody{before, strings.NewReader(body)})
	if err != nil {
		c.Fatal(err)
	}
	r.Header = c.header.Clone()
	r.Header.Set("Content-Type", "application/json")
	r.Header.Set("Expect", "100-continue")
	base, _ := c.server.Client().Transport.(*http.Transport)
	transport := base.Clone()
	transport.ExpectContinueTimeout = time.Minute
	defer transport.CloseIdleConnections()
	res, err := transport.RoundTrip(r)
	if err != nil {
		c.Fatal(err)
	}
	defer res.Body.Close()
	text, err := io.ReadAll(res.Body)
	if err != nil {
		c.Fatal(err)
	}
	return &got{caller: c, method: r.Method, path: path, status: res.StatusCode, header: res.Header, body: text}
}

// TestATokenThatEndsWhileTheBodyComesReleasesNothing ends a token after the door has
// let it in, and before the body is there.
func TestATokenThatEndsWhileTheBodyComesReleasesNothing(t *testing.T) {
	t.Parallel()
	for name, end := range map[string]func(*world, *caller){
		"logged out":         func(_ *world, c *caller) { c.post("/v1/logout", nil).want(http.StatusNoContent, "") },
		"over":               func(w *world, _ *caller) { w.pass(vault.TokenLife) },
		"another credential": func(w *world, _ *caller) { w.editApp(vault.IntegrationEdit{Generate: true}) },
		"not active":         func(w *world, _ *caller) { w.editApp(vault.IntegrationEdit{Active: new(false)}) },
	} {
		for _, known := range []bool{false, true} {
			t.Run(name, func(t *testing.T) {
				t.Parallel()
				w := newWorld(t)
				w.policy(vault.PolicyEdit{Name: new("guarded"), Needed: new(1)})
				w.credential("web01/backup", "")
				w.credential("web02/backup", "guarded")
				for _, body := range []string{`{"system":"web01","account":"backup"}`, `{"system":"web02","account":"backup"}`} {
					c := w.signIn()
					if known {
						c.get("/v1/checkouts").want(http.StatusOK, "")
					}
					c.postLate("/v1/checkouts", body, func() { end(w, c) }).want(http.StatusUnauthorized, "unauthenticated")
					w.editApp(vault.IntegrationEdit{Active: new(true)})
				}
				if page, err := w.Requests(t.Context(), vault.RequestCriteria{}, ""); err != nil || len(page.Items) > 0 {
					t.Errorf("%d requests, %v", len(page.Items), err)
				}
				c := w.signIn()
				id := c.post("/v1/checkouts", map[string]any{"system": "web01", "account": "backup", "hours": 1}).want(http.StatusCreated, "").text("id")
				c.postLate("/v1/checkouts/"+id+"/extend", `{"hours":2}`, func() { end(w, c) }).want(http.StatusUnauthorized, "unauthenticated")
			})
		}
	}
}

// editApp changes the application, and takes over the credential that it gets.
func (w *world) editApp(e vault.IntegrationEdit) {
	w.Helper()
	got, err := w.EditIntegration(w.Context(), admin("root"), w.app.ID, 0, e)
	if err != nil {
		w.Fatal(err)
	}
	if e.Generate {
		_ = got.Generated.Reveal(func(b []byte) error { w.secret = string(b); return nil })
	}
}

package api_test

import (
	"bytes"
	"encoding/json"
	"log/slog"
	"net/http"
	"net/http/httptest"
	"testing"

	"github.com/redim-tools/redim/pkg/api"
	"github.com/redim-tools/redim/pkg/secret"
	"github.com/redim-tools/redim/pkg/vault"
)

// BenchmarkCalls measures calls without the network, over a real store.
func BenchmarkCalls(b *testing.B) {
	w := newWorld(b, quietLog)
	w.policy(vault.PolicyEdit{Name: new("several"), Exclusive: new(false)})
	w.credential("web01/root", "several")
	c := w.signIn()
	own := c.post("/v1/checkouts", map[string]any{"system": "web01", "account": "root"}).text("id")
	login := []byte(`{"name":"nightly","credential":"` + w.secret + `"}`)
	for _, call := range []struct {
		name, method, path string
		body               []byte
		header             http.Header
	}{
		{"read", http.MethodGet, "/v1/credentials?system=web01&account=root", nil, c.header},
		{"one", http.MethodGet, "/v1/checkouts/" + own, nil, c.header},
		{"login", http.MethodPost, "/v1/login", login, http.Header{"Content-Type": {"application/json"}}},
		{"checkout", http.MethodPost, "/v1/checkouts", []byte(`{"system":"web01","account":"root"}`), c.with("Content-Type", "application/json").header},
	} {
		b.Run(call.name, func(b *testing.B) {
			b.ReportAllocs()
			for b.Loop() {
				r := httptest.NewRequest(call.method, call.path, bytes.NewReader(call.body))
				r.Header = call.header
				rec := httptest.NewRecorder()
				w.api.ServeHTTP(rec, r)
				if rec.Code >= 300 {
					b.Fatal(rec.Code, rec.Body)
				}
			}
		})
	}
}

// BenchmarkRefusedLogIn guesses at names that there are and that there are not, with
// credentials of both forms. What a name costs must not tell whether it exists.
func BenchmarkRefusedLogIn(b *testing.B) {
	w := newWorld(b, quietLog)
	typed := secret.FromString(canary)
	_, err := w.CreateIntegration(b.Context(), admin("root"), vault.IntegrationEdit{Name: new("typed"), Secret: typed, Allowed: &w.app.Allowed})
	if err != nil {
		b.Fatal(err)
	}
	for form, guess := range map[string]string{"generated": w.secret[:len(w.secret)-1] + "A", "typed": canary + "x"} {
		for _, name := range []string{"nightly", "typed", "nobody"} {
			body, _ := json.Marshal(map[string]string{"name": name, "credential": guess})
			b.Run(form+"/"+name, func(b *testing.B) {
				for b.Loop() {
					r := httptest.NewRequest(http.MethodPost, "/v1/login", bytes.NewReader(body))
					r.Header.Set("Content-Type", "application/json")
					rec := httptest.NewRecorder()
					w.api.ServeHTTP(rec, r)
					if rec.Code != http.StatusForbidden {
						b.Fatal(rec.Code, rec.Body)
					}
				}
			})
		}
	}
}

func quietLog(o *api.Options) { o.Log = slog.New(slog.DiscardHandler) }

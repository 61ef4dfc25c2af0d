package api_test

import (
	"bytes"
	"log/slog"
	"net/http"
	"net/http/httptest"
	"testing"

	"github.com/redim-tools/redim/pkg/api"
	"github.com/redim-tools/redim/pkg/vault"
)

// BenchmarkCalls measures calls without the network, over a real store.
func BenchmarkCalls(b *testing.B) {
	w := newWorld(b, quietLog)
	w.policy(vault.PolicyEdit{Name: new("several"), Exclusive: new(false)})
	w.credential("web01/root", "several")
	c := w.signIn()
	login := []byte(`{"name":"nightly","credential":"` + w.secret + `"}`)
	for _, call := range []struct {
		name, method, path string
		body               []byte
		header             http.Header
	}{
		{"read", http.MethodGet, "/v1/credentials?system=web01&account=root", nil, c.header},
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

func quietLog(o *api.Options) { o.Log = slog.New(slog.DiscardHandler) }

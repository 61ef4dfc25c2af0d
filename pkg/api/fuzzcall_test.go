package api_test

import (
	"bytes"
	"context"
	"encoding/json"
	"io"
	"log/slog"
	"net/http"
	"net/http/httptest"
	"net/netip"
	"net/url"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/redim-tools/redim/pkg/api"
	"github.com/redim-tools/redim/pkg/metrics"
	"github.com/redim-tools/redim/pkg/seal"
	"github.com/redim-tools/redim/pkg/secret"
	"github.com/redim-tools/redim/pkg/store"
	"github.com/redim-tools/redim/pkg/vault"
)

// FuzzCall holds that nothing that a signed-in stranger sends makes the service
// fail, or answer with what is no document; and that a secret comes with a
// check-out only.
func FuzzCall(f *testing.F) {
	handler, token := fuzzed(f)
	f.Add("POST", "/v1/login", "", `{"name":"nightly","credential":"x"}`, "application/json", "k")
	f.Add("POST", "/v1/checkouts", "", `{"system":"web01","account":"root","hours":1e-1,"hours":2}`, "application/json; charset=utf-8", "k")
	f.Add("POST", "/v1/checkouts/x/extend", "", `{"hours":[[[[{}]]]]}`, "application/json", "")
	f.Add("GET", "/v1/credentials", "system=*&limit=1&cursor=%00", "", "", "")
	f.Add("GET", "/v1/requests/x", "wait=1ms&wait=2ms", "", "", "")
	f.Add("PUT", "//v1/../v1/checkouts/%2e%2e", "a=%zz", "\xff\xfe", "text/html", "\u202e")
	f.Fuzz(func(t *testing.T, method, path, query, body, kind, key string) {
		if strings.Contains(query, "wait") && len(query) > 8 {
			return // it would wait
		}
		if path == "/v1/logout" {
			return // the others need the token
		}
		ctx, cancel := context.WithTimeout(t.Context(), 10*time.Second)
		defer cancel()
		r := (&http.Request{
			Method: method, URL: &url.URL{Path: path, RawQuery: query}, RequestURI: path + "?" + query, Proto: "HTTP/1.1", ProtoMajor: 1, ProtoMinor: 1,
			Header: http.Header{"Authorization": {"Bearer " + token}, "Content-Type": {kind}, "Idempotency-Key": {key}},
			Body:   io.NopCloser(strings.NewReader(body)), ContentLength: int64(len(body)), RemoteAddr: "127.0.0.1:4711", Host: "localhost",
		}).WithContext(ctx)
		out := httptest.NewRecorder()
		handler.ServeHTTP(out, r)
		if out.Code >= http.StatusInternalServerError {
			t.Fatalf("%d %s", out.Code, out.Body)
		}
		if out.Code >= http.StatusBadRequest && method != http.MethodHead {
			var p struct{ Code string }
			if err := json.Unmarshal(out.Body.Bytes(), &p); err != nil || p.Code == "" || out.Header().Get("Content-Type") != "application/problem+json" {
				t.Fatalf("%d %q %q", out.Code, out.Header(), out.Body)
			}
		}
		if bytes.Contains(out.Body.Bytes(), []byte("c4nary")) && (out.Code != http.StatusCreated || path != "/v1/checkouts") {
			t.Fatalf("%s %s: %d releases a secret", method, path, out.Code)
		}
	})
}

// fuzzed is an API, and the token of an application that may have one thing.
func fuzzed(f *testing.F) (http.Handler, string) {
	f.Helper()
	ctx := context.Background()
	s, err := store.Open(ctx, store.Options{Address: "sqlite:" + filepath.Join(f.TempDir(), "vault.db"), Now: time.Now, NewID: vault.NewID})
	if err != nil {
		f.Fatal(err)
	}
	f.Cleanup(func() { _ = s.Close() })
	v, err := vault.Open(ctx, vault.Options{Store: s, Keys: keys{seal.GenerateKey()}, Clock: time.Now, TokenLife: 24 * time.Hour})
	if err != nil {
		f.Fatal(err)
	}
	system, account := "web01", "root"
	_, err1 := v.CreateCredential(ctx, admin("root"), vault.CredentialEdit{System: &system, Account: &account, Secret: secret.FromString(canary)})
	made, err2 := v.CreateIntegration(ctx, admin("root"), vault.IntegrationEdit{
		Name: new("nightly"), Generate: true, AddAllowed: []netip.Prefix{netip.MustParsePrefix("127.0.0.1/32")}, AddGrants: []vault.Pattern{{System: "web*", Account: "*"}},
	})
	from := netip.MustParseAddr("127.0.0.1")
	admitted, err3 := v.LogIn(ctx, vault.Door{From: from}, "nightly", made.Generated)
	if err1 != nil || err2 != nil || err3 != nil {
		f.Fatal(err1, err2, err3)
	}
	token := ""
	_ = admitted.Token.Reveal(func(b []byte) error { token = string(b); return nil })
	return api.New(api.Options{
		Vault: v, Clock: time.Now, Metrics: &metrics.Registry{}, Log: slog.New(slog.DiscardHandler), Look: time.Millisecond,
		Source: func(*http.Request) (netip.Addr, error) { return from, nil },
	}), token
}

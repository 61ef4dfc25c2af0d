//go:build linux

package negotiate_test

import (
	"context"
	"errors"
	"net/http"
	"net/http/httptest"
	"os/exec"
	"path/filepath"
	"strings"
	"sync"
	"testing"

	"github.com/redim-tools/redim/pkg/negotiate"
	"github.com/redim-tools/redim/pkg/negotiate/kdctest"
)

const password = "c4nary-Al1ce/+pw"

// service is a web service that says who called.
type service struct {
	*httptest.Server
	acceptor *negotiate.Acceptor

	mu       sync.Mutex
	refusals []error
	tokens   [][]byte
}

func serve(t *testing.T, cfg negotiate.AcceptorConfig) *service {
	t.Helper()
	a, err := negotiate.NewAcceptor(cfg)
	if err != nil {
		t.Fatal(err)
	}
	s := &service{acceptor: a}
	s.Server = httptest.NewServer(s)
	t.Cleanup(s.Close)
	s.URL = strings.Replace(s.URL, "127.0.0.1", "localhost", 1)
	return s
}

func (s *service) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	token := negotiate.Token(r)
	if token == nil {
		negotiate.Challenge(w.Header(), nil)
		w.WriteHeader(http.StatusUnauthorized)
		return
	}
	caller, reply, err := s.acceptor.Accept(r.Context(), token)
	s.mu.Lock()
	defer s.mu.Unlock()
	s.tokens = append(s.tokens, token)
	if err != nil {
		s.refusals = append(s.refusals, err)
		w.WriteHeader(http.StatusForbidden)
		return
	}
	negotiate.Challenge(w.Header(), reply)
	_, _ = w.Write([]byte(caller.String() + " " + strings.Join(caller.Groups, ",")))
}

// curl calls a service with what a credential cache holds.
func curl(t *testing.T, kdc *kdctest.KDC, cache, url string) string {
	t.Helper()
	cmd := exec.CommandContext(t.Context(), "curl", "-s", "--max-time", "20", "--negotiate", "-u", ":", url)
	cmd.Env = append(kdc.Env(), "KRB5CCNAME=FILE:"+cache)
	out, err := cmd.CombinedOutput()
	if err != nil {
		t.Fatalf("curl: %v: %s", err, out)
	}
	return strings.TrimSpace(string(out))
}

func (s *service) refused(t *testing.T, want negotiate.Reason) {
	t.Helper()
	s.mu.Lock()
	defer s.mu.Unlock()
	if n := len(s.refusals); n == 0 || !errors.Is(s.refusals[n-1], want) {
		t.Errorf("refused %v, want %s", s.refusals, want)
	}
}

func must(t *testing.T, err error) {
	t.Helper()
	if err != nil {
		t.Fatal(err)
	}
}

func TestCurlIsAcceptedUnderMIT(t *testing.T) {
	t.Parallel()
	kdc := kdctest.MIT(t, "TEST.LOCAL")
	keytab := filepath.Join(kdc.Dir, "http.keytab")
	must(t, kdc.AddUser("alice", password))
	must(t, kdc.AddService("HTTP/localhost", keytab))
	cache, err := kdc.Kinit("alice", password)
	must(t, err)

	s := serve(t, negotiate.AcceptorConfig{Keytab: keytab, SPN: "HTTP/localhost"})
	if got := curl(t, kdc, cache, s.URL); got != "alice@TEST.LOCAL" {
		t.Fatalf("the service saw %q; refusals %v", got, s.refusals)
	}
	t.Run("a token is taken once", func(t *testing.T) {
		_, _, err := s.acceptor.Accept(context.Background(), s.tokens[0])
		if !errors.Is(err, negotiate.Replayed) {
			t.Errorf("the second time: %v", err)
		}
	})
}

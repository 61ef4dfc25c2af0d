package redim_test

import (
	"context"
	"errors"
	"fmt"
	"io"
	"net/http"
	"net/http/httptest"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/redim-tools/redim/pkg/pam"
	"github.com/redim-tools/redim/pkg/redim/dialect"
	"github.com/redim-tools/redim/pkg/redim/redimtest"
	"github.com/redim-tools/redim/pkg/secret"
)

// fakeMemory remembers a dialect as the cache directory does, and what it was
// asked to do.
type fakeMemory struct {
	mu     sync.Mutex
	lock   sync.Mutex
	name   string
	writes []string
}

func (m *fakeMemory) Recall() string {
	m.mu.Lock()
	defer m.mu.Unlock()
	return m.name
}

func (m *fakeMemory) Remember(name string) {
	m.mu.Lock()
	defer m.mu.Unlock()
	m.name, m.writes = name, append(m.writes, name)
}

func (m *fakeMemory) Lock(context.Context) func() {
	m.lock.Lock()
	return m.lock.Unlock
}

// watch notes the method and the path of every request.
func (b *bench) watch() (requests func() []string) {
	var mu sync.Mutex
	var seen []string
	inner := b.config.HTTP.Transport
	b.config.HTTP = &http.Client{Transport: roundTripper(func(req *http.Request) (*http.Response, error) {
		mu.Lock()
		seen = append(seen, req.Method+" "+req.URL.Path)
		mu.Unlock()
		return inner.RoundTrip(req)
	})}
	return func() []string {
		mu.Lock()
		defer mu.Unlock()
		return slices.Clone(seen)
	}
}

func gets(requests []string) int {
	n := 0
	for _, r := range requests {
		if strings.HasPrefix(r, "GET ") {
			n++
		}
	}
	return n
}

func TestAutoFindsWhatTheServiceSpeaks(t *testing.T) {
	t.Parallel()
	for _, c := range []struct {
		speaks, address string
		asked           int
	}{
		{"", "/ERPMWebService/AuthService.svc", 1},
		{"json-v2", "/ERPMWebService/AuthService.svc", 1},
		{"json-v1", "/Vault/AuthService.svc", 2},
		{"rest", "/Vault/Inner", 3},
		{"json-v1", "/Vault/authservice_json.svc/", 1},
		{"rest", "/Vault/AuthService.svc/REST", 1},
		{"rest", "/Vault/AuthService.svc/rest/Login", 1},
		{"json-v2", "/Vault/AuthService.svc/REST", 2},
		{"", "/Vault/AuthService_JSON.svc", 1},
	} {
		b := newBench(t, redimtest.Options{Dialect: c.speaks})
		b.config.ServiceURL = b.URL() + c.address
		requests, memory := b.watch(), &fakeMemory{}
		b.config.Dialects = memory
		if _, err := b.client().Stored(t.Context(), alice(), "web01"); err != nil {
			t.Errorf("%s at %s: %v", c.speaks, c.address, err)
		}
		if n := gets(requests()); n != c.asked || len(memory.writes) != 1 || c.speaks != "" && memory.name != c.speaks {
			t.Errorf("%s at %s: asked %d times, remembered %v: %q", c.speaks, c.address, n, memory.writes, requests())
		}
		again := b.watch()
		if _, err := b.client().Stored(t.Context(), alice(), "web01"); err != nil || gets(again()) != 0 {
			t.Errorf("%s at %s: remembered, and asked all the same: %v, %q", c.speaks, c.address, err, again())
		}
	}
}

func TestManyQuestionsAtOnceFindOutOnce(t *testing.T) {
	t.Parallel()
	b := newBench(t, redimtest.Options{Dialect: "json-v1"})
	requests, memory, store := b.watch(), &fakeMemory{}, newStore()
	b.config.Dialects, b.config.Tokens = memory, store
	b.config.APIPassword = func(context.Context) (secret.Value, error) { return b.APIPassword(), nil }
	var wg sync.WaitGroup
	one := b.client()
	for i := range 40 {
		wg.Go(func() {
			c := one
			if i%2 == 0 {
				c = b.client() // as another process
			}
			if _, err := c.Stored(t.Context(), alice(), "web01"); err != nil {
				t.Error(err)
			}
		})
	}
	wg.Wait()
	if n := gets(requests()); n != 2 {
		t.Errorf("asked %d times", n)
	}
}

func TestNoPasswordGoesWhereNoServiceIs(t *testing.T) {
	t.Parallel()
	for answer, want := range map[string]struct {
		class pam.Class
		hint  string
	}{
		"200 text/html":   {pam.ErrProtocol, "setting dialect"},
		"404 text/html":   {pam.ErrProtocol, "full address"},
		"403 text/html":   {pam.ErrProtocol, "tls.client_cert"},
		"500 text/html":   {pam.ErrUnreachable, "try again later"},
		"503 text/html":   {pam.ErrUnreachable, "try again later"},
		"429 text/html":   {pam.ErrUnreachable, "max_parallel"},
		"407 text/html":   {pam.ErrUnreachable, "NO_PROXY"},
		"401 Negotiate":   {pam.ErrDelegationRefused, "Windows authentication"},
		"401 ":            {pam.ErrProtocol, "full address"},
		"405 GET":         {pam.ErrProtocol, "full address"},
		"302 /elsewhere":  {pam.ErrProtocol, "full address"},
		"200 application": {pam.ErrProtocol, "full address"},
	} {
		posts := 0
		status, detail, _ := strings.Cut(answer, " ")
		s := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
			if r.Method == http.MethodPost {
				posts++
			}
			w.Header()["Allow"], w.Header()["Www-Authenticate"] = []string{detail}, []string{detail}
			if detail == "" {
				w.Header()["Www-Authenticate"] = nil
			}
			w.Header().Set("Location", "https://elsewhere.example.org/")
			var code int
			_, _ = fmt.Sscan(status, &code)
			w.WriteHeader(code)
			_, _ = io.WriteString(w, "<html>c4nary")
		}))
		t.Cleanup(s.Close)
		b := newBench(t, redimtest.Options{PlainHTTP: true})
		b.config.ServiceURL = s.URL + "/App/AuthService.svc"
		memory := &fakeMemory{}
		b.config.Dialects = memory
		err := b.client().SignIn(t.Context())
		wantFailure(t, err, want.class, want.hint, false)
		if posts != 0 || len(memory.writes) != 0 {
			t.Errorf("%s: %d POSTs, remembered %q", answer, posts, memory.writes)
		}
		if strings.Contains(err.Error(), "c4nary") {
			t.Errorf("%s: the page is in the failure: %v", answer, err)
		}
	}
}

func TestWhatDoesNotFitAnyMoreIsForgotten(t *testing.T) {
	t.Parallel()
	for _, remembered := range dialect.Spoken() {
		for _, speaks := range dialect.Spoken() {
			b := newBench(t, redimtest.Options{Dialect: speaks})
			memory, store := &fakeMemory{name: remembered}, newStore()
			b.config.Dialects, b.config.Tokens = memory, store
			if err := b.client().SignIn(t.Context()); err != nil {
				t.Errorf("%s remembered, %s spoken: %v", remembered, speaks, err)
			}
			if memory.name != speaks {
				t.Errorf("%s remembered, %s spoken: remembered is %q", remembered, speaks, memory.name)
			}
			memory.name = remembered // the tokens are good, no log-in tells
			if _, err := b.client().Stored(t.Context(), alice(), "web01"); err != nil || memory.name != speaks {
				t.Errorf("%s remembered, %s spoken, with a token: %q, %v", remembered, speaks, memory.name, err)
			}
		}
	}
	b := newBench(t, redimtest.Options{})
	b.config.Dialects = &fakeMemory{name: "soap"}
	if err := b.client().SignIn(t.Context()); err != nil {
		t.Errorf("a memory that makes no sense: %v", err)
	}
}

func TestAMissingOperationIsNotTakenForAnotherDialect(t *testing.T) {
	t.Parallel()
	estate := redimtest.SampleEstate()
	estate.Service.MissingOperations = []string{opList, "AccountStoreOps_SharedCredential_GetLists"}
	b := newBench(t, redimtest.Options{Estate: estate})
	memory, now := &fakeMemory{name: "json-v2"}, time.Now()
	b.config.Dialects, b.config.Now = memory, func() time.Time { return now }
	requests, c := b.watch(), b.client()
	_, err := c.Stored(t.Context(), alice(), "web01")
	wantFailure(t, err, pam.ErrProtocol, "dialect_operations.stored_list", false)
	_, err = c.SharedLists(t.Context(), alice())
	wantFailure(t, err, pam.ErrProtocol, "dialect_operations.shared_lists", false)
	if n := gets(requests()); n != 1 || memory.name != "json-v2" {
		t.Errorf("asked %d times, remembered %q: %q", n, memory.name, requests())
	}
	now = now.Add(time.Minute)
	_, err = c.SharedLists(t.Context(), alice())
	wantFailure(t, err, pam.ErrProtocol, "dialect_operations.shared_lists", false)
	if n := gets(requests()); n != 2 {
		t.Errorf("a minute later: asked %d times in all", n)
	}
}

// TestTheLogInDecides has a service behind something that refuses every GET.
func TestTheLogInDecides(t *testing.T) {
	t.Parallel()
	b := newBench(t, redimtest.Options{Dialect: "rest", PlainHTTP: true})
	inner := b.config.HTTP.Transport
	b.config.HTTP = &http.Client{Transport: roundTripper(func(req *http.Request) (*http.Response, error) {
		if req.Method == http.MethodGet {
			return &http.Response{StatusCode: http.StatusMethodNotAllowed, Header: http.Header{}, Body: http.NoBody, Request: req}, nil
		}
		return inner.RoundTrip(req)
	})}
	memory := &fakeMemory{}
	b.config.Dialects = memory
	if _, err := b.client().Stored(t.Context(), alice(), "web01"); err != nil || memory.name != "rest" {
		t.Errorf("remembered %q, %v", memory.name, err)
	}
	estate := redimtest.SampleEstate()
	estate.Service.MissingOperations = []string{"DoLogin", "DoLogin2"}
	none := newBench(t, redimtest.Options{Estate: estate})
	none.config.HTTP.Transport, inner = b.config.HTTP.Transport, none.config.HTTP.Transport
	none.config.Dialects = memory
	err := none.client().SignIn(t.Context())
	wantFailure(t, err, pam.ErrProtocol, "endpoint_url", false)
	if memory.name != "" {
		t.Errorf("remembered is %q", memory.name)
	}
}

func TestAFixedDialectIsNotFoundOut(t *testing.T) {
	t.Parallel()
	b := newBench(t, redimtest.Options{Dialect: "json-v1"})
	memory := &fakeMemory{name: "json-v1"}
	b.config.Dialects, b.config.Dialect = memory, "json-v2"
	requests := b.watch()
	wantFailure(t, b.client().SignIn(t.Context()), pam.ErrProtocol, "endpoint_url", false)
	if gets(requests()) != 0 || len(memory.writes) != 0 {
		t.Errorf("requests %q, remembered %q", requests(), memory.writes)
	}
}

func TestWaitingForADialectCanBeInterrupted(t *testing.T) {
	t.Parallel()
	b := newBench(t, redimtest.Options{})
	asked := make(chan struct{})
	b.config.HTTP = &http.Client{Transport: roundTripper(func(req *http.Request) (*http.Response, error) {
		close(asked)
		<-req.Context().Done()
		return nil, context.Cause(req.Context())
	})}
	c := b.client()
	ctx, cancel := context.WithCancel(t.Context())
	first := make(chan error, 1)
	go func() { first <- c.Logout(ctx, secret.FromString("c4nary")) }()
	<-asked
	second, stop := context.WithCancel(t.Context())
	stop()
	if err := c.Logout(second, secret.FromString("c4nary")); !errors.Is(err, pam.ErrInterrupted) {
		t.Errorf("the second fails with %v", err)
	}
	cancel()
	if err := <-first; !errors.Is(err, pam.ErrInterrupted) {
		t.Errorf("the first fails with %v", err)
	}
}

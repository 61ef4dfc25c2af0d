package api_test

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"io"
	"log/slog"
	"net/http"
	"net/http/httptest"
	"net/netip"
	"path/filepath"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/redim-tools/redim/pkg/api"
	"github.com/redim-tools/redim/pkg/metrics"
	"github.com/redim-tools/redim/pkg/pam"
	"github.com/redim-tools/redim/pkg/seal"
	"github.com/redim-tools/redim/pkg/secret"
	"github.com/redim-tools/redim/pkg/store"
	"github.com/redim-tools/redim/pkg/vault"
)

const canary = `c4nary-Pa55/+"<&é`

// world is an API over a real store, and one application that may use it.
type world struct {
	testing.TB
	*vault.Service
	api    *api.API
	store  *faulty
	keys   keys
	server *httptest.Server
	log    *lines
	from   netip.Addr // what the source says; zero: the peer
	app    vault.Integration
	secret string

	mu    sync.Mutex
	now   time.Time
	looks int // at the clock, until all tokens have ended
}

// lines is a log that is read while it is written.
type lines struct {
	mu sync.Mutex
	b  bytes.Buffer
}

func (l *lines) Write(p []byte) (int, error) {
	l.mu.Lock()
	defer l.mu.Unlock()
	return l.b.Write(p)
}

func (l *lines) String() string {
	l.mu.Lock()
	defer l.mu.Unlock()
	return l.b.String()
}

// forget takes out of the log what a test itself put there.
func (l *lines) forget(text string) {
	l.mu.Lock()
	defer l.mu.Unlock()
	rest := strings.ReplaceAll(l.b.String(), text, "")
	l.b.Reset()
	l.b.WriteString(rest)
}

// keys is the master key of a test.
type keys struct{ seal.Key }

func (k keys) Current(context.Context) (vault.Key, error) { return k.Key, nil }
func (k keys) Find(_ context.Context, id string) (vault.Key, error) {
	if id != k.ID() {
		return nil, pam.Failf(pam.ErrNotFound, "no key %s", id)
	}
	return k.Key, nil
}

// faulty is a store that fails when it is told to.
type faulty struct {
	vault.Store
	mu           sync.Mutex
	read, change error
	around       func(change func() error) error // does the next change
}

func (f *faulty) fail(read, change error) {
	f.mu.Lock()
	defer f.mu.Unlock()
	f.read, f.change = read, change
}

func (f *faulty) View(ctx context.Context, work func(context.Context, vault.Reader) error) error {
	f.mu.Lock()
	err := f.read
	f.mu.Unlock()
	if err != nil {
		return err
	}
	return f.Store.View(ctx, work)
}

func (f *faulty) Holding(ctx context.Context, hash vault.TokenHash, lease string) (vault.Holding, error) {
	f.mu.Lock()
	err := f.read
	f.mu.Unlock()
	if err != nil {
		return vault.Holding{}, err
	}
	return f.Store.Holding(ctx, hash, lease)
}

func (f *faulty) Update(ctx context.Context, work func(context.Context, vault.Tx) error) error {
	if err := f.changing(); err != nil {
		return err
	}
	f.mu.Lock()
	around := f.around
	f.around = nil
	f.mu.Unlock()
	if around != nil {
		return around(func() error { return f.Store.Update(ctx, work) })
	}
	return f.Store.Update(ctx, work)
}

func (f *faulty) Issue(ctx context.Context, i vault.Issue) error {
	if err := f.changing(); err != nil {
		return err
	}
	return f.Store.Issue(ctx, i)
}

func (f *faulty) changing() error {
	f.mu.Lock()
	defer f.mu.Unlock()
	return f.change
}

func newWorld(t testing.TB, change ...func(*api.Options)) *world {
	t.Helper()
	w := &world{TB: t, log: &lines{}, now: time.Date(2026, 3, 1, 12, 0, 0, 0, time.UTC), from: netip.MustParseAddr("127.0.0.1")}
	s, err := store.Open(t.Context(), store.Options{Address: "sqlite:" + filepath.Join(t.TempDir(), "vault.db"), Now: w.clock, NewID: vault.NewID})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = s.Close() })
	w.store = &faulty{Store: s}
	w.keys = keys{seal.GenerateKey()}
	w.Service, err = vault.Open(t.Context(), vault.Options{Store: w.store, Keys: w.keys, Clock: w.clock})
	if err != nil {
		t.Fatal(err)
	}
	o := api.Options{
		Vault: w.Service, Clock: w.clock, Metrics: &metrics.Registry{}, Look: time.Millisecond,
		Log:    slog.New(slog.NewJSONHandler(w.log, &slog.HandlerOptions{Level: slog.LevelDebug})),
		Source: w.source,
	}
	for _, c := range change {
		c(&o)
	}
	w.api = api.New(o)
	w.server = httptest.NewUnstartedServer(w.api)
	w.server.EnableHTTP2 = true
	w.server.StartTLS()
	t.Cleanup(w.server.Close)
	t.Cleanup(w.nothingLeaked)
	w.app, w.secret = w.integration(vault.IntegrationEdit{
		Name: new("nightly"), Allowed: &[]netip.Prefix{netip.MustParsePrefix("127.0.0.0/8"), netip.MustParsePrefix("10.0.0.0/8")}, Hours: new(2 * time.Hour),
		Reason: new("backups"), Comment: new("by contract"), Grants: &[]vault.Pattern{{System: "web*", Account: "*"}},
	})
	return w
}

// nothingLeaked looks through the log for what must not be in it.
func (w *world) nothingLeaked() {
	for _, hidden := range []string{"c4nary", w.secret} {
		if strings.Contains(w.log.String(), hidden) {
			w.Errorf("the log holds a secret: %s", w.log)
		}
	}
}

// source is where a call seems to come from: from, and nowhere when that is not
// valid.
func (w *world) source(*http.Request) (netip.Addr, error) {
	w.mu.Lock()
	defer w.mu.Unlock()
	if !w.from.IsValid() {
		return w.from, errors.New("the proxy 10.9.9.9 names nobody")
	}
	return w.from, nil
}

// at makes calls seem to come from an address.
func (w *world) at(address string) {
	w.mu.Lock()
	defer w.mu.Unlock()
	w.from, _ = netip.ParseAddr(address)
}

func (w *world) clock() time.Time {
	w.mu.Lock()
	defer w.mu.Unlock()
	if w.looks--; w.looks == 0 {
		w.now = w.now.Add(vault.TokenLife)
	}
	return w.now
}

// endAt ends all tokens at a look at the clock; the first is 1, and 0 is none.
func (w *world) endAt(looks int) {
	w.mu.Lock()
	defer w.mu.Unlock()
	w.looks = looks
}

func (w *world) pass(d time.Duration) {
	w.mu.Lock()
	defer w.mu.Unlock()
	w.now = w.now.Add(d)
}

func admin(name string) vault.Actor { return vault.Actor{Kind: vault.ActorAdmin, Name: name} }

// integration makes one with a generated secret.
func (w *world) integration(edit vault.IntegrationEdit) (vault.Integration, string) {
	w.Helper()
	edit.Generate = true
	got, err := w.CreateIntegration(w.Context(), admin("root"), edit)
	if err != nil {
		w.Fatal(err)
	}
	text := ""
	_ = got.Generated.Reveal(func(b []byte) error { text = string(b); return nil })
	return got.Integration, text
}

func (w *world) credential(ref, policy string) {
	w.Helper()
	system, account, _ := strings.Cut(ref, "/")
	_, err := w.CreateCredential(w.Context(), admin("root"), vault.CredentialEdit{
		System: &system, Account: &account, Policy: &policy, Secret: secret.FromString(canary + " of " + ref),
	})
	if err != nil {
		w.Fatal(err)
	}
}

func (w *world) policy(edit vault.PolicyEdit) vault.Policy {
	w.Helper()
	p, err := w.CreatePolicy(w.Context(), admin("root"), edit)
	if err != nil {
		w.Fatal(err)
	}
	return p
}

// caller is an application that has signed in, or anybody else.
type caller struct {
	*world
	header http.Header
}

func (w *world) anybody() *caller { return &caller{w, http.Header{}} }

func (w *world) signIn() *caller {
	w.Helper()
	got := w.anybody().post("/v1/login", map[string]any{"name": "nightly", "credential": w.secret}).want(http.StatusOK, "")
	return w.anybody().with("Authorization", "Bearer "+got.text("token"))
}

// with is c with another header.
func (c *caller) with(name, value string) *caller {
	h := c.header.Clone()
	h.Set(name, value)
	return &caller{c.world, h}
}

func (c *caller) get(path string) *got { c.Helper(); return c.send(http.MethodGet, path, nil) }

// post sends a text as it is, and anything else as JSON.
func (c *caller) post(path string, body any) *got {
	c.Helper()
	var text []byte
	switch b := body.(type) {
	case nil:
	case string:
		text = []byte(b)
	default:
		text, _ = json.Marshal(b)
	}
	if text != nil && c.header.Get("Content-Type") == "" {
		c = c.with("Content-Type", "application/json")
	}
	return c.send(http.MethodPost, path, text)
}

func (c *caller) send(method, path string, body []byte) *got {
	c.Helper()
	r, err := http.NewRequestWithContext(c.Context(), method, c.server.URL+path, bytes.NewReader(body))
	if err != nil {
		c.Fatal(err)
	}
	r.Header = c.header.Clone()
	client := *c.server.Client()
	client.CheckRedirect = func(*http.Request, []*http.Request) error { return http.ErrUseLastResponse }
	res, err := client.Do(r)
	if err != nil {
		c.Fatal(err)
	}
	defer res.Body.Close()
	text, err := io.ReadAll(res.Body)
	if err != nil {
		c.Fatal(err)
	}
	g := &got{caller: c, method: method, path: path, status: res.StatusCode, header: res.Header, body: text}
	g.documented()
	return g
}

// got is an answer.
type got struct {
	*caller
	method, path string
	status       int
	header       http.Header
	body         []byte
}

// want asserts the status, and the code of a problem.
func (g *got) want(status int, code string) *got {
	g.Helper()
	is := ""
	if g.status >= 400 && g.method != http.MethodHead {
		is = g.text("code")
	}
	if g.status != status || is != code {
		g.Fatalf("%s %s: %d %s, want %d %s\n%s\n%s", g.method, g.path, g.status, is, status, code, g.body, g.log)
	}
	if status >= 400 && bytes.Contains(g.body, []byte("c4nary")) {
		g.Fatalf("a problem holds a secret: %s", g.body)
	}
	return g
}

// text reads a member; the names are the way to it.
func (g *got) text(names ...string) string {
	g.Helper()
	s, _ := g.value(names...).(string)
	return s
}

func (g *got) value(names ...string) any {
	g.Helper()
	var at any
	if err := json.Unmarshal(g.body, &at); err != nil {
		g.Fatalf("%s %s: %d %s: %v", g.method, g.path, g.status, g.body, err)
	}
	for _, name := range names {
		m, _ := at.(map[string]any)
		at = m[name]
	}
	return at
}

// items are the members of that name of a list.
func (g *got) items(name string) string {
	g.Helper()
	list, _ := g.value("items").([]any)
	var out []string
	for _, item := range list {
		m, _ := item.(map[string]any)
		s, _ := m[name].(string)
		out = append(out, s)
	}
	return strings.Join(out, " ")
}

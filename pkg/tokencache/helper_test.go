package tokencache

import (
	"context"
	"errors"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/redim-tools/redim/pkg/pam"
	"github.com/redim-tools/redim/pkg/seal"
	"github.com/redim-tools/redim/pkg/secret"
)

const canary = `c4nary-Pa55/+"<&é`

func alice() pam.Identity      { return pam.Identity{Domain: "EX", Name: "alice"} }
func bob() pam.Identity        { return pam.Identity{Name: "bob"} }
func delegation() pam.Identity { return pam.Identity{Name: "svc-redim"} }

// bench is a cache directory with a clock that stands still until it is moved,
// and everything that was warned of.
type bench struct {
	t    testing.TB
	dir  string
	key  seal.Key
	mu   sync.Mutex
	now  time.Time
	said []string
}

func newBench(t testing.TB) *bench {
	t.Helper()
	return &bench{t: t, dir: filepath.Join(t.TempDir(), "cache"), key: seal.GenerateKey(), now: time.Date(2026, 11, 21, 12, 0, 0, 0, time.UTC)}
}

func (b *bench) clock() time.Time {
	b.mu.Lock()
	defer b.mu.Unlock()
	return b.now
}

func (b *bench) pass(d time.Duration) {
	b.mu.Lock()
	defer b.mu.Unlock()
	b.now = b.now.Add(d)
}

func (b *bench) warn(message string) {
	b.mu.Lock()
	defer b.mu.Unlock()
	b.said = append(b.said, message)
}

func (b *bench) warnings() string {
	b.mu.Lock()
	defer b.mu.Unlock()
	return strings.Join(b.said, "\n")
}

// store opens a Store as another process would.
func (b *bench) store(change ...func(*Options)) *Store {
	o := Options{
		Dir: b.dir, Fingerprint: "fp", Profile: "default", Now: b.clock, Warn: b.warn,
		Key: func(context.Context) (seal.Key, error) { return b.key, nil },
	}
	for _, c := range change {
		c(&o)
	}
	return Open(o)
}

func profile(name string) func(*Options) {
	return func(o *Options) { o.Profile, o.Fingerprint = name, "fp of "+name }
}

// login answers with a token and counts.
type login struct {
	text  string
	end   time.Time
	err   error
	calls int
}

func (l *login) do(context.Context) (pam.Token, error) {
	l.calls++
	if l.err != nil {
		return pam.Token{}, l.err
	}
	return pam.Token{Value: secret.FromString(l.text), Expires: l.end}, nil
}

// get asks for a token and says whether it took a log-in.
func (b *bench) get(s *Store, id pam.Identity, text string) (token pam.Token, signedIn bool) {
	b.t.Helper()
	l := &login{text: text}
	token, err := s.Token(context.Background(), id, l.do)
	if err != nil {
		b.t.Fatal(err)
	}
	return token, l.calls == 1
}

func (b *bench) wantLogin(s *Store, id pam.Identity, text string) {
	b.t.Helper()
	if token, signedIn := b.get(s, id, text); !signedIn || !token.Value.Equal(secret.FromString(text)) {
		b.t.Fatalf("%s: signed in %v, right token %v", id, signedIn, token.Value.Equal(secret.FromString(text)))
	}
}

func (b *bench) wantCached(s *Store, id pam.Identity, text string) {
	b.t.Helper()
	if token, signedIn := b.get(s, id, "wrong"); signedIn || !token.Value.Equal(secret.FromString(text)) {
		b.t.Fatalf("%s: signed in %v, right token %v", id, signedIn, token.Value.Equal(secret.FromString(text)))
	}
}

// files lists the token files.
func (b *bench) files() []string {
	b.t.Helper()
	names, err := filepath.Glob(filepath.Join(b.dir, "tokens", "*"))
	if err != nil {
		b.t.Fatal(err)
	}
	return names
}

func (b *bench) file(id pam.Identity) string {
	return filepath.Join(b.dir, "tokens", fileName(b.key, "fp", id))
}

func must(t testing.TB, errs ...error) {
	t.Helper()
	if err := errors.Join(errs...); err != nil {
		t.Fatal(err)
	}
}

func read(t testing.TB, path string) []byte {
	t.Helper()
	data, err := os.ReadFile(path)
	must(t, err)
	return data
}

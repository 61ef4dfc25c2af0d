package seal

import (
	"context"
	"errors"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"sync/atomic"
	"testing"

	"github.com/redim-tools/redim/pkg/pam"
	"github.com/redim-tools/redim/pkg/secret"
)

// fakeKeeper holds keys in memory, or says why it can't.
type fakeKeeper struct {
	mu   sync.Mutex
	held map[string]secret.Value
	err  error
}

func (f *fakeKeeper) get(name string) (secret.Value, error) {
	f.mu.Lock()
	defer f.mu.Unlock()
	if v, ok := f.held[name]; ok && f.err == nil {
		return v, nil
	}
	return secret.Value{}, errNotKept
}

func (f *fakeKeeper) put(name string, v secret.Value) error {
	f.mu.Lock()
	defer f.mu.Unlock()
	if f.err == nil {
		f.held[name] = v
	}
	return f.err
}

func (f *fakeKeeper) usable() error { return f.err }

// phrases answers with one pass phrase and counts how often it was asked.
type phrases struct {
	text  string
	asked atomic.Int32
}

func (p *phrases) ask(context.Context, secret.Source) (secret.Value, error) {
	p.asked.Add(1)
	return secret.FromString(p.text), nil
}

func passKeyIn(t *testing.T, dir string, p *phrases, k keeper) *passKey {
	t.Helper()
	key, err := newPassKey("env:PHRASE", Env{Dir: dir, PassPhrase: p.ask})
	if err != nil {
		t.Fatal(err)
	}
	key.keeper = k
	return key
}

func opened(t *testing.T, p *passKey) Key {
	t.Helper()
	key, err := p.open(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	return key
}

func TestThePassPhraseIsAskedForOnceWhileTheKernelHoldsTheKey(t *testing.T) {
	t.Parallel()
	dir, p := filepath.Join(t.TempDir(), "state"), &phrases{text: `c4nary-Pa55/+"<&é`}
	k := &fakeKeeper{held: map[string]secret.Value{}}
	pk := passKeyIn(t, dir, p, k)
	if s := pk.status(t.Context()); s.Made || !s.Available() || !strings.HasPrefix(s.Opened, "derived from the pass phrase at the next command") {
		t.Fatalf("before: %+v", s)
	}
	keys := make([]Key, 8)
	var wg sync.WaitGroup
	for i := range keys {
		wg.Go(func() { keys[i] = opened(t, passKeyIn(t, dir, p, k)) })
	}
	wg.Wait()
	for _, key := range keys {
		if !key.Equal(keys[0]) {
			t.Fatal("two keys")
		}
	}
	if n := p.asked.Load(); n != 1 {
		t.Fatalf("asked %d times", n)
	}
	if s := pk.status(t.Context()); !s.Made || s.Opened != "held by the kernel until an hour after its last use" || s.Source != "passphrase:env:PHRASE" {
		t.Fatalf("after: %+v", s)
	}
	blob, err := os.ReadFile(filepath.Join(dir, "key.wrapped"))
	if err != nil || strings.Contains(string(blob), "c4nary") {
		t.Fatalf("the file %q (%v) gives the phrase away", blob, err)
	}
}

func TestWithoutAKernelKeyringEveryCommandDerivesAndSaysSo(t *testing.T) {
	t.Parallel()
	dir, p := t.TempDir(), &phrases{text: "phrase"}
	k := &fakeKeeper{err: errors.New("not permitted")}
	first := opened(t, passKeyIn(t, dir, p, k))
	if !opened(t, passKeyIn(t, dir, p, k)).Equal(first) || p.asked.Load() != 2 {
		t.Fatalf("another key, or asked %d times", p.asked.Load())
	}
	if s := passKeyIn(t, dir, p, k).status(t.Context()); !s.Available() || !strings.Contains(s.Opened, "at every command") || !strings.Contains(s.Opened, "not permitted") {
		t.Fatalf("got %+v", s)
	}
}

func TestAWrongPassPhraseChangesNothing(t *testing.T) {
	t.Parallel()
	dir, none := t.TempDir(), &fakeKeeper{err: errors.New("none")}
	first := opened(t, passKeyIn(t, dir, &phrases{text: "right"}, none))
	_, err := passKeyIn(t, dir, &phrases{text: "wrong"}, none).open(t.Context())
	if f, ok := errors.AsType[*pam.Failure](err); !ok || f.Class != pam.ErrUsage || !strings.Contains(f.Hint, "first use") {
		t.Fatalf("got %v", err)
	}
	if !opened(t, passKeyIn(t, dir, &phrases{text: "right"}, none)).Equal(first) {
		t.Fatal("the right phrase opens another key")
	}
}

func TestAPassPhraseThatCanNotBeHadIsAFailure(t *testing.T) {
	t.Parallel()
	dir, none := t.TempDir(), &fakeKeeper{err: errors.New("none")}
	empty := passKeyIn(t, dir, &phrases{}, none)
	nobody := passKeyIn(t, dir, &phrases{}, none)
	nobody.ask = nil
	refused := passKeyIn(t, dir, &phrases{}, none)
	refused.ask = func(context.Context, secret.Source) (secret.Value, error) {
		return secret.Value{}, pam.Failf(pam.ErrUsage, "variable is not set")
	}
	for message, pk := range map[string]*passKey{"is empty": empty, "nobody to ask": nobody, "not set": refused} {
		if _, err := pk.open(t.Context()); err == nil || !strings.Contains(err.Error(), message) {
			t.Errorf("got %v, want %s", err, message)
		}
	}
	if entries, _ := os.ReadDir(dir); len(entries) != 0 {
		t.Fatalf("left %v", entries)
	}
}

func TestAWrappedKeyThatIsDamagedIsNotReplaced(t *testing.T) {
	t.Parallel()
	dir, none := t.TempDir(), &fakeKeeper{err: errors.New("none")}
	path := filepath.Join(dir, keyName+wrappedEnd)
	opened(t, passKeyIn(t, dir, &phrases{text: "right"}, none))
	good, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	for name, bad := range map[string]string{
		"cut":           string(good[:len(good)/2]),
		"empty":         "",
		"greedy":        strings.Replace(string(good), "m=65536", "m=4294967295", 1),
		"cheaper":       strings.Replace(string(good), "m=65536", "m=1024", 1),
		"other version": strings.Replace(string(good), "key-1", "key-2", 1),
	} {
		if err := os.WriteFile(path, []byte(bad), 0o600); err != nil {
			t.Fatal(err)
		}
		_, err := passKeyIn(t, dir, &phrases{text: "right"}, none).open(t.Context())
		if f, ok := errors.AsType[*pam.Failure](err); !ok || f.Class != pam.ErrUsage || f.Hint == "" {
			t.Errorf("%s: got %v", name, err)
		}
		if now, _ := os.ReadFile(path); string(now) != bad {
			t.Errorf("%s: the file was replaced", name)
		}
	}
	if err := errors.Join(os.WriteFile(path, good, 0o600), os.Chmod(path, 0o644)); err != nil {
		t.Fatal(err)
	}
	pk := passKeyIn(t, dir, &phrases{text: "right"}, none)
	if _, err := pk.open(t.Context()); !errors.Is(err, pam.ErrUsage) || pk.status(t.Context()).Available() {
		t.Errorf("a file that others read was used: %v", err)
	}
}

func TestWaitingForTheLockEndsWithTheContext(t *testing.T) {
	t.Parallel()
	dir := t.TempDir()
	ctx, cancel := context.WithCancel(t.Context())
	started := make(chan struct{})
	holder := passKeyIn(t, dir, &phrases{}, &fakeKeeper{err: errors.New("none")})
	holder.ask = func(ctx context.Context, _ secret.Source) (secret.Value, error) {
		close(started)
		<-ctx.Done()
		return secret.Value{}, ctx.Err()
	}
	done := make(chan error)
	go func() { _, err := holder.open(ctx); done <- err }()
	<-started
	stopped, stop := context.WithCancel(t.Context())
	stop()
	if _, err := passKeyIn(t, dir, &phrases{}, &fakeKeeper{err: errors.New("none")}).open(stopped); !errors.Is(err, pam.ErrInterrupted) {
		t.Errorf("got %v", err)
	}
	cancel()
	if err := <-done; !errors.Is(err, context.Canceled) {
		t.Errorf("the holder got %v", err)
	}
}

func FuzzUnwrap(f *testing.F) {
	f.Add("redim-wrapped-key-1:argon2id:m=8,t=1,p=1:AAAAAAAAAAAAAAAAAAAAAA:AAAA")
	f.Add("redim-wrapped-key-1:argon2id:m=8,t=1,p=1::")
	f.Fuzz(func(t *testing.T, line string) {
		w, err := parseWrapped(line)
		if err == nil && (!w.costs.sane() || len(w.salt) != saltSize) {
			t.Fatalf("accepted %+v", w)
		}
	})
}

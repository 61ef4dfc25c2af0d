package tokencache

import (
	"bytes"
	"context"
	"errors"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/redim-tools/redim/pkg/atomicfile"
	"github.com/redim-tools/redim/pkg/pam"
	"github.com/redim-tools/redim/pkg/seal"
	"github.com/redim-tools/redim/pkg/secret"
)

func TestATokenIsUsedAgainByEveryProcessAndEverySpelling(t *testing.T) {
	t.Parallel()
	b := newBench(t)
	b.wantLogin(b.store(), alice(), canary)
	b.wantCached(b.store(), alice(), canary)
	b.wantCached(b.store(), pam.Identity{Domain: "ex", Name: "ALICE"}, canary)
	b.wantLogin(b.store(), bob(), "other")
	b.wantLogin(b.store(), pam.Identity{Name: "alice"}, "third")
	b.wantCached(b.store(), alice(), canary)
	if b.warnings() != "" {
		t.Fatalf("warned %q", b.warnings())
	}
}

func TestChangedSettingsNeverReuseAToken(t *testing.T) {
	t.Parallel()
	b := newBench(t)
	b.wantLogin(b.store(), alice(), "one")
	b.wantLogin(b.store(profile("other")), alice(), "two")
	b.wantCached(b.store(), alice(), "one")
	b.wantCached(b.store(profile("other")), alice(), "two")
}

// The words searched for are long enough that sealed bytes do not hold them by
// chance: one of two letters is in one file of a hundred.
func TestNothingOnDiskTellsWhoOrWhat(t *testing.T) {
	t.Parallel()
	b := newBench(t)
	id := pam.Identity{Domain: "DOMAIN-OF-ALICE", Name: "alice.example"}
	b.wantLogin(b.store(profile("production")), id, canary)
	b.wantLogin(b.store(), alice(), canary)
	for _, path := range b.files() {
		content := bytes.ToLower(append(read(t, path), filepath.Base(path)...))
		for _, word := range []string{"c4nary", "alice.example", "domain-of-alice", "production"} {
			if bytes.Contains(content, []byte(word)) {
				t.Errorf("%s shows %s", path, word)
			}
		}
	}
	for path, mode := range map[string]os.FileMode{b.file(alice()): 0o600, b.dir: 0o700, filepath.Join(b.dir, "tokens"): 0o700, filepath.Join(b.dir, "locks"): 0o700} {
		if info, err := os.Stat(path); err != nil || info.Mode().Perm() != mode {
			t.Errorf("%s has mode %v (%v), want %v", path, info.Mode().Perm(), err, mode)
		}
	}
}

func TestATokenEndsBeforeItsTimeIsOver(t *testing.T) {
	t.Parallel()
	hour := func(b *bench) time.Time { return b.now.Add(time.Hour) }
	none := func(*bench) time.Time { return time.Time{} }
	soon := func(b *bench) time.Time { return b.now.Add(8 * time.Second) }
	for _, c := range []struct {
		name     string
		end      func(*bench) time.Time
		change   func(*Options)
		after    time.Duration
		signedIn bool
	}{
		{"the setting decides", none, nil, 19 * time.Minute, false},
		{"less the margin", none, nil, 19*time.Minute + 31*time.Second, true},
		{"a setting of one's own", none, func(o *Options) { o.TTL = time.Hour }, 40 * time.Minute, false},
		{"a margin of one's own", none, func(o *Options) { o.Margin = 4 * time.Minute }, 17 * time.Minute, true},
		{"the service decides", hour, nil, 59 * time.Minute, false},
		{"the service decides, less the margin", hour, nil, 59*time.Minute + 31*time.Second, true},
		{"its clock is ahead", hour, func(o *Options) { o.ClockOffset = func() time.Duration { return 10 * time.Minute } }, 50 * time.Minute, true},
		{"its clock is behind", hour, func(o *Options) { o.ClockOffset = func() time.Duration { return -10 * time.Minute } }, 65 * time.Minute, false},
		{"a short life has a short margin", soon, nil, 5 * time.Second, false},
		{"a short life ends too", soon, nil, 7 * time.Second, true},
		{"the clock was set back", none, nil, -time.Hour, true},
	} {
		t.Run(c.name, func(t *testing.T) {
			t.Parallel()
			b := newBench(t)
			change := func(o *Options) {
				if c.change != nil {
					c.change(o)
				}
			}
			first := &login{text: "first", end: c.end(b)}
			if _, err := b.store(change).Token(t.Context(), alice(), first.do); err != nil {
				t.Fatal(err)
			}
			b.pass(c.after)
			if _, signedIn := b.get(b.store(change), alice(), "second"); signedIn != c.signedIn {
				t.Fatalf("signed in %v, want %v", signedIn, c.signedIn)
			}
		})
	}
}

func TestAShorterSettingCountsAtOnce(t *testing.T) {
	t.Parallel()
	b := newBench(t)
	b.wantLogin(b.store(func(o *Options) { o.TTL = time.Hour }), alice(), "first")
	b.pass(10 * time.Minute)
	b.wantLogin(b.store(func(o *Options) { o.TTL = 5 * time.Minute }), alice(), "second")
}

func TestAFileThatCanNotBeUsedIsAMissWithOneWarningAndIsReplaced(t *testing.T) {
	t.Parallel()
	for _, c := range []struct {
		name, reason string
		spoil        func(b *bench, path string, good []byte) []byte
	}{
		{"empty", "cut short", func(*bench, string, []byte) []byte { return nil }},
		{"cut", "changed or moved", func(_ *bench, _ string, good []byte) []byte { return good[:len(good)-1] }},
		{"tampered", "changed or moved", func(_ *bench, _ string, good []byte) []byte { good[len(good)-1] ^= 1; return good }},
		{"not ours", "not one of ours", func(*bench, string, []byte) []byte { return []byte(strings.Repeat("<html>", 20)) }},
		{"foreign key", "another key", func(b *bench, path string, _ []byte) []byte {
			return sealedAs(b.t, seal.GenerateKey(), filepath.Base(path), record{kind: kindToken, fingerprint: "fp", identity: alice()})
		}},
		{"old version", "another version", func(_ *bench, _ string, good []byte) []byte { good[4] = 0; return good }},
		{"old record", "another version", func(b *bench, path string, _ []byte) []byte {
			sealed, err := b.key.Seal([]byte("\x00t"), associated(filepath.Base(path)))
			must(b.t, err)
			return sealed
		}},
		{"moved here", "changed or moved", func(b *bench, _ string, _ []byte) []byte { return read(b.t, b.file(bob())) }},
		{"stands for another", "not the content", func(b *bench, path string, _ []byte) []byte {
			return sealedAs(b.t, b.key, filepath.Base(path), record{kind: kindToken, fingerprint: "fp", identity: bob()})
		}},
		{"other settings", "not the content", func(b *bench, path string, _ []byte) []byte {
			return sealedAs(b.t, b.key, filepath.Base(path), record{kind: kindToken, fingerprint: "fq", identity: alice()})
		}},
		{"huge", "not one of ours", func(*bench, string, []byte) []byte { return make([]byte, 4<<20) }},
	} {
		t.Run(c.name, func(t *testing.T) {
			t.Parallel()
			b := newBench(t)
			b.wantLogin(b.store(), alice(), "first")
			b.wantLogin(b.store(), bob(), "bob")
			path := b.file(alice())
			must(t, os.WriteFile(path, c.spoil(b, path, read(t, path)), 0o600))
			s := b.store()
			b.wantLogin(s, alice(), "second")
			must(t, os.WriteFile(path, nil, 0o600))
			b.wantLogin(s, alice(), "third")
			b.wantCached(b.store(), alice(), "third")
			b.wantCached(b.store(), bob(), "bob")
			if w := b.warnings(); strings.Count(w, "\n") != 0 || !strings.Contains(w, c.reason) || !strings.Contains(w, "signing in anew") {
				t.Fatalf("warned %q, want %q once", w, c.reason)
			}
		})
	}
}

func sealedAs(t testing.TB, key seal.Key, name string, r record) []byte {
	t.Helper()
	r.token.Value = secret.FromString("planted")
	r.until = time.Date(2100, 1, 1, 0, 0, 0, 0, time.UTC)
	sealed, err := key.Seal(r.encode(), associated(name))
	must(t, err)
	return sealed
}

func TestSwappedFilesAreNotUsed(t *testing.T) {
	t.Parallel()
	b := newBench(t)
	b.wantLogin(b.store(), alice(), "of alice")
	b.wantLogin(b.store(), bob(), "of bob")
	a, o := b.file(alice()), b.file(bob())
	must(t, os.Rename(a, a+".x"), os.Rename(o, a), os.Rename(a+".x", o))
	b.wantLogin(b.store(), alice(), "of alice again")
	b.wantLogin(b.store(), bob(), "of bob again")
}

func TestAFailedLoginIsItsCallersOwn(t *testing.T) {
	t.Parallel()
	b := newBench(t)
	down := pam.Failf(pam.ErrUnreachable, "no answer")
	if _, err := b.store().Token(t.Context(), alice(), (&login{err: down}).do); !errors.Is(err, error(down)) {
		t.Fatalf("got %v", err)
	}
	if len(b.files()) != 0 {
		t.Fatalf("left %v", b.files())
	}
	b.wantLogin(b.store(), alice(), "second")
}

func TestAnEmptyTokenIsNotKept(t *testing.T) {
	t.Parallel()
	b := newBench(t)
	b.wantLogin(b.store(), alice(), "")
	b.wantLogin(b.store(), alice(), "second")
}

func TestATokenTooLongIsUsedButNotKept(t *testing.T) {
	t.Parallel()
	b := newBench(t)
	b.wantLogin(b.store(), alice(), strings.Repeat("x", maxFile))
	b.wantLogin(b.store(), alice(), "second")
	if !strings.Contains(b.warnings(), "too long") {
		t.Fatalf("warned %q", b.warnings())
	}
}

func TestWhereNothingCanBeKeptEveryoneSignsInWithOneWarning(t *testing.T) {
	t.Parallel()
	file := filepath.Join(t.TempDir(), "file")
	must(t, os.WriteFile(file, nil, 0o600))
	noPlace := &pam.Failure{Class: pam.ErrOther, Message: "no state directory", Err: seal.ErrNoPlace}
	for name, change := range map[string]func(*Options){
		"no directory":          func(o *Options) { o.Dir = "" },
		"not writable":          func(o *Options) { o.Dir = filepath.Join(file, "cache") },
		"no place for the key":  func(o *Options) { o.Key = func(context.Context) (seal.Key, error) { return seal.Key{}, noPlace } },
		"a key that seals none": func(o *Options) { o.Key = func(context.Context) (seal.Key, error) { return seal.Key{}, nil } },
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			b := newBench(t)
			s := b.store(change)
			b.wantLogin(s, alice(), "first")
			b.wantLogin(s, alice(), "second")
			must(t, s.Drop(t.Context(), alice(), secret.FromString("second")))
			if w := b.warnings(); strings.Count(w, "tokens are not kept") != 1 {
				t.Fatalf("warned %q", w)
			}
		})
	}
}

func TestAChosenKeyThatCanNotBeHadIsAFailure(t *testing.T) {
	t.Parallel()
	b := newBench(t)
	locked := pam.Failf(pam.ErrOther, "the keyring is locked")
	s := b.store(func(o *Options) { o.Key = func(context.Context) (seal.Key, error) { return seal.Key{}, locked } })
	l := &login{text: "x"}
	if _, err := s.Token(t.Context(), alice(), l.do); !errors.Is(err, error(locked)) || l.calls != 0 {
		t.Fatalf("got %v after %d log-ins", err, l.calls)
	}
	if err := s.Drop(t.Context(), alice(), secret.FromString("x")); !errors.Is(err, error(locked)) {
		t.Fatalf("got %v", err)
	}
}

func TestDropForgetsTheRefusedTokenOnly(t *testing.T) {
	t.Parallel()
	b := newBench(t)
	s := b.store()
	b.wantLogin(s, alice(), "old")
	must(t, s.Drop(t.Context(), alice(), secret.FromString("something else")))
	b.wantCached(s, alice(), "old")
	must(t, s.Drop(t.Context(), alice(), secret.FromString("old")))
	if len(b.files()) != 0 {
		t.Fatalf("left %v", b.files())
	}
	b.wantLogin(s, alice(), "new")
	must(t, b.store().Drop(t.Context(), alice(), secret.FromString("old")))
	b.wantCached(s, alice(), "new")
	must(t, s.Drop(t.Context(), bob(), secret.FromString("none")))
}

func TestARefusedTokenIsNotUsedAgainEvenIfItCanNotBeRemoved(t *testing.T) {
	t.Parallel()
	b := newBench(t)
	s := b.store()
	b.wantLogin(s, alice(), "old")
	ctx, cancel := context.WithCancel(t.Context())
	release, err := atomicfile.Lock(ctx, filepath.Join(b.dir, "locks", fileName(b.key, "fp", alice())))
	must(t, err)
	cancel()
	must(t, s.Drop(ctx, alice(), secret.FromString("old")))
	if len(b.files()) != 1 {
		t.Fatal("removed beside a log-in that holds the lock")
	}
	release()
	b.wantCached(b.store(), alice(), "old")
	b.wantLogin(s, alice(), "new")
}

func TestManyGoroutinesSignInOnce(t *testing.T) {
	t.Parallel()
	b := newBench(t)
	s := b.store()
	var calls sync.Map
	one := func(name string) func(context.Context) (pam.Token, error) {
		return func(context.Context) (pam.Token, error) {
			if _, again := calls.LoadOrStore(name, true); again {
				t.Errorf("%s signed in twice", name)
			}
			return pam.Token{Value: secret.FromString("of " + name)}, nil
		}
	}
	var wg sync.WaitGroup
	for i := range 60 {
		id := pam.Identity{Domain: "EX", Name: string(rune('a' + i%6))}
		wg.Go(func() {
			token, err := s.Token(t.Context(), id, func(ctx context.Context) (pam.Token, error) {
				if _, err := s.Token(ctx, delegation(), one("delegation")); err != nil {
					return pam.Token{}, err
				}
				return one(id.Name)(ctx)
			})
			if err != nil || !token.Value.Equal(secret.FromString("of "+id.Name)) {
				t.Errorf("%s: %v", id, err)
			}
		})
	}
	wg.Wait()
}

func TestALoginThatNeedsItsOwnIdentityDoesNotWaitForItself(t *testing.T) {
	t.Parallel()
	b := newBench(t)
	s := b.store()
	inner := &login{text: "inner"}
	token, err := s.Token(t.Context(), alice(), func(ctx context.Context) (pam.Token, error) {
		if _, err := s.Token(ctx, pam.Identity{Domain: "ex", Name: "Alice"}, inner.do); err != nil {
			return pam.Token{}, err
		}
		must(t, s.Drop(ctx, alice(), secret.FromString("inner")))
		return pam.Token{Value: secret.FromString("outer")}, nil
	})
	if err != nil || inner.calls != 1 || !token.Value.Equal(secret.FromString("outer")) {
		t.Fatalf("%d inner log-ins, %v", inner.calls, err)
	}
	b.wantCached(b.store(), alice(), "outer")
}

func TestReadersDoNotWaitForALogin(t *testing.T) {
	t.Parallel()
	b := newBench(t)
	b.wantLogin(b.store(), bob(), "of bob")
	_, err := b.store().Token(t.Context(), alice(), func(context.Context) (pam.Token, error) {
		b.wantCached(b.store(), bob(), "of bob")
		b.wantLogin(b.store(), delegation(), "of the delegation identity")
		return pam.Token{Value: secret.FromString("of alice")}, nil
	})
	must(t, err)
}

func TestWaitingEndsWithTheContext(t *testing.T) {
	t.Parallel()
	cancelled, cancel := context.WithCancel(t.Context())
	cancel()
	late, stop := context.WithTimeout(t.Context(), 20*time.Millisecond)
	defer stop()
	for class, ctx := range map[pam.Class]context.Context{pam.ErrInterrupted: cancelled, pam.ErrUnreachable: late} {
		b := newBench(t)
		_, err := b.store().Token(t.Context(), alice(), func(context.Context) (pam.Token, error) {
			l := &login{text: "second"}
			_, err := b.store().Token(ctx, alice(), l.do)
			if f, ok := errors.AsType[*pam.Failure](err); !ok || f.Class != class || f.Hint == "" || l.calls != 0 {
				t.Errorf("got %v, want %s", err, class)
			}
			return pam.Token{Value: secret.FromString("first")}, nil
		})
		must(t, err)
	}
}

func TestAHolderThatHangsDoesNotStopOthersForEver(t *testing.T) {
	t.Parallel()
	b := newBench(t)
	_, err := b.store().Token(t.Context(), alice(), func(context.Context) (pam.Token, error) {
		impatient := b.store()
		impatient.lockWait = 10 * time.Millisecond
		b.wantLogin(impatient, alice(), "of the impatient one")
		return pam.Token{Value: secret.FromString("of the slow one")}, nil
	})
	must(t, err)
	b.wantCached(b.store(), alice(), "of the slow one")
	if b.warnings() != "" {
		t.Fatalf("warned %q", b.warnings())
	}
}

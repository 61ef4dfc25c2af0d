package tokencache

import (
	"context"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/redim-tools/redim/pkg/pam"
	"github.com/redim-tools/redim/pkg/seal"
	"github.com/redim-tools/redim/pkg/secret"
)

// filled holds an expired token of alice, live ones of bob and of alice in
// another profile, and one file of another key.
func filled(t *testing.T) *bench {
	b := newBench(t)
	b.wantLogin(b.store(), alice(), "old")
	b.pass(time.Hour)
	b.wantLogin(b.store(), bob(), "of bob")
	b.wantLogin(b.store(profile("prod")), alice(), "of prod")
	must(t, os.WriteFile(filepath.Join(b.dir, "tokens", "0123.token"), []byte("junk"), 0o600),
		os.WriteFile(filepath.Join(b.dir, "tokens", ".x.token.0.redim-tmp"), []byte("half"), 0o600),
		os.WriteFile(filepath.Join(b.dir, "tokens", "README"), []byte("not ours"), 0o600),
		os.WriteFile(filepath.Join(b.dir, "locks", "left"), nil, 0o600))
	return b
}

func lines(entries []Entry) string {
	var out []string
	for _, e := range entries {
		out = append(out, fmt.Sprintf("%s/%s expired=%v current=%v", e.Profile, e.Identity, e.Expired, e.Current))
	}
	return strings.Join(out, "\n")
}

func TestListNamesEveryTokenInOrder(t *testing.T) {
	t.Parallel()
	b := filled(t)
	l, err := b.store().List(t.Context())
	must(t, err)
	want := "default/bob expired=false current=true\ndefault/EX\\alice expired=true current=true\nprod/EX\\alice expired=false current=false"
	if got := lines(l.Entries); got != want || l.Unreadable != 1 {
		t.Fatalf("got\n%s\nand %d unreadable, want\n%s", got, l.Unreadable, want)
	}
	if e := l.Entries[0]; !e.Stored.Equal(b.now) || !e.Expires.Equal(b.now.Add(DefaultTTL)) {
		t.Fatalf("stored %v, expires %v", e.Stored, e.Expires)
	}
}

func TestClearRemovesWhatMeetsEveryCondition(t *testing.T) {
	t.Parallel()
	for _, c := range []struct {
		name       string
		q          ClearRequest
		want       string
		unreadable int
	}{
		{"all", ClearRequest{}, "default/bob default/EX\\alice prod/EX\\alice", 1},
		{"a user, in any case", ClearRequest{User: pam.Identity{Domain: "ex", Name: "ALICE"}}, "default/EX\\alice prod/EX\\alice", 0},
		{"no such user", ClearRequest{User: pam.Identity{Name: "alice"}}, "", 0},
		{"expired", ClearRequest{Expired: true}, "default/EX\\alice", 0},
		{"a profile", ClearRequest{Profile: "prod"}, "prod/EX\\alice", 0},
		{"a user of a profile", ClearRequest{User: alice(), Profile: "default"}, "default/EX\\alice", 0},
		{"a live user if expired", ClearRequest{User: bob(), Expired: true}, "", 0},
	} {
		t.Run(c.name, func(t *testing.T) {
			t.Parallel()
			b := filled(t)
			before := len(b.files())
			dry := c.q
			dry.DryRun = true
			for _, q := range []ClearRequest{dry, c.q} {
				got, err := b.store().Clear(t.Context(), q)
				must(t, err)
				if removed(got) != c.want || got.Unreadable != c.unreadable {
					t.Fatalf("dry run %v: removed %s and %d unreadable, want %s", q.DryRun, removed(got), got.Unreadable, c.want)
				}
				if q.DryRun && len(b.files()) != before {
					t.Fatalf("a dry run left %v", b.files())
				}
			}
			l, err := b.store().List(t.Context())
			must(t, err)
			if gone := len(strings.Fields(c.want)); len(l.Entries) != 3-gone || l.Unreadable != 1-c.unreadable {
				t.Fatalf("left\n%s\nand %d unreadable", lines(l.Entries), l.Unreadable)
			}
		})
	}
}

func removed(c Cleared) string {
	var out []string
	for _, r := range c.Removed {
		out = append(out, r.Profile+"/"+r.Identity.String())
	}
	return strings.Join(out, " ")
}

func TestClearHandsTheTokensOverAndSweeps(t *testing.T) {
	t.Parallel()
	b := filled(t)
	c, err := b.store().Clear(t.Context(), ClearRequest{User: bob()})
	must(t, err)
	if len(c.Removed) != 1 || !c.Removed[0].Token.Value.Equal(secret.FromString("of bob")) || !c.Removed[0].Current {
		t.Fatalf("got %+v", c)
	}
	if strings.Contains(fmt.Sprintf("%+v %#v", c, c), "of bob") {
		t.Fatal("what was cleared can be printed")
	}
	for _, path := range []string{"tokens/.x.token.0.redim-tmp", "locks/left"} {
		if _, err := os.Stat(filepath.Join(b.dir, path)); err == nil {
			t.Errorf("%s is left", path)
		}
	}
	if _, err := os.Stat(filepath.Join(b.dir, "tokens", "README")); err != nil {
		t.Error("removed what is not ours")
	}
}

func TestEverythingCanBeClearedWithoutTheKey(t *testing.T) {
	t.Parallel()
	b := filled(t)
	lost := func(o *Options) {
		o.Key = func(context.Context) (seal.Key, error) { return seal.Key{}, pam.Failf(pam.ErrOther, "lost") }
	}
	if _, err := b.store(lost).Clear(t.Context(), ClearRequest{Expired: true}); err == nil {
		t.Fatal("chose without the key")
	}
	if _, err := b.store(lost).List(t.Context()); err == nil {
		t.Fatal("listed without the key")
	}
	if st := b.store(lost).Status(t.Context()); st.Err == nil {
		t.Fatal("status is fine without the key")
	}
	if c, err := b.store(lost).Clear(t.Context(), ClearRequest{}); err != nil || c.Unreadable != 4 {
		t.Fatalf("got %+v, %v", c, err)
	}
}

func TestAnEmptyCacheNeedsNoKey(t *testing.T) {
	t.Parallel()
	b := newBench(t)
	s := b.store(func(o *Options) {
		o.Key = func(context.Context) (seal.Key, error) {
			t.Error("asked for the key")
			return seal.Key{}, nil
		}
	})
	l, errList := s.List(t.Context())
	c, errClear := s.Clear(t.Context(), ClearRequest{Profile: "x"})
	must(t, errList, errClear, s.Status(t.Context()).Err)
	if len(l.Entries)+len(c.Removed) != 0 {
		t.Fatalf("got %+v, %+v", l, c)
	}
}

func TestStatusCountsAndTries(t *testing.T) {
	t.Parallel()
	b := filled(t)
	st := b.store().Status(t.Context())
	bytes := st.Bytes
	st.Bytes = 0
	if want := (Status{Dir: b.dir, Live: 2, Expired: 1, Unreadable: 1}); st != want || bytes < 300 {
		t.Fatalf("got %+v with %d bytes, want %+v", st, bytes, want)
	}
	file := filepath.Join(t.TempDir(), "file")
	must(t, os.WriteFile(file, nil, 0o600))
	for _, dir := range []string{"", filepath.Join(file, "cache")} {
		st := b.store(func(o *Options) { o.Dir = dir }).Status(t.Context())
		if f, ok := errors.AsType[*pam.Failure](st.Err); !ok || f.Hint == "" {
			t.Fatalf("%q: got %+v", dir, st)
		}
	}
}

func TestListingEndsWithTheContext(t *testing.T) {
	t.Parallel()
	b := filled(t)
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	_, errList := b.store().List(ctx)
	_, errClear := b.store().Clear(ctx, ClearRequest{})
	if !errors.Is(errList, pam.ErrInterrupted) || !errors.Is(errClear, pam.ErrInterrupted) {
		t.Fatalf("got %v, %v", errList, errClear)
	}
}

func TestClearingBesideALoginDoesNotWaitForIt(t *testing.T) {
	t.Parallel()
	b := newBench(t)
	b.wantLogin(b.store(), alice(), "old")
	b.pass(time.Hour)
	_, err := b.store().Token(t.Context(), alice(), func(context.Context) (pam.Token, error) {
		c, err := b.store().Clear(t.Context(), ClearRequest{})
		if len(c.Removed) != 1 {
			t.Errorf("removed %+v", c)
		}
		return pam.Token{Value: secret.FromString("new")}, err
	})
	must(t, err)
	b.wantCached(b.store(), alice(), "new")
}

package seal_test

import (
	"bytes"
	"errors"
	"fmt"
	"strings"
	"testing"

	"pgregory.net/rapid"

	"github.com/redim-tools/redim/pkg/pam"
	"github.com/redim-tools/redim/pkg/seal"
	"github.com/redim-tools/redim/pkg/secret"
)

const canary = `c4nary-Pa55/+"<&é`

func sealed(t testing.TB, k seal.Key, text, aad string) []byte {
	t.Helper()
	e, err := k.Seal([]byte(text), []byte(aad))
	if err != nil {
		t.Fatal(err)
	}
	return e
}

func TestWhatIsSealedOpensWithTheSameKeyAndDataOnly(t *testing.T) {
	t.Parallel()
	rapid.Check(t, func(t *rapid.T) {
		key, other := seal.GenerateKey(), seal.GenerateKey()
		text := rapid.SliceOf(rapid.Byte()).Draw(t, "text")
		aad := rapid.SliceOf(rapid.Byte()).Draw(t, "aad")
		e, err := key.Seal(text, aad)
		if err != nil {
			t.Fatal(err)
		}
		if got, err := key.Open(e, aad); err != nil || !bytes.Equal(got, text) {
			t.Fatalf("got %q, %v", got, err)
		}
		if _, err := key.Open(e, append(aad, 0)); !errors.Is(err, seal.ErrTampered) {
			t.Fatalf("other data: %v", err)
		}
		if _, err := other.Open(e, aad); !errors.Is(err, seal.ErrForeignKey) {
			t.Fatalf("other key: %v", err)
		}
	})
}

func TestNoBitMayChangeAndNoByteMayGo(t *testing.T) {
	t.Parallel()
	key := seal.GenerateKey()
	e := sealed(t, key, canary, "aad")
	for i := range len(e) * 8 {
		bad := bytes.Clone(e)
		bad[i/8] ^= 1 << (i % 8)
		if _, err := key.Open(bad, []byte("aad")); err == nil {
			t.Fatalf("opened with bit %d changed", i)
		}
	}
	for n := range e {
		if _, err := key.Open(e[:n], []byte("aad")); err == nil {
			t.Fatalf("opened with %d of %d bytes", n, len(e))
		}
	}
	if _, err := key.Open(append(bytes.Clone(e), 0), []byte("aad")); err == nil {
		t.Fatal("opened with a byte too many")
	}
}

func TestOpenTellsWhy(t *testing.T) {
	t.Parallel()
	key := seal.GenerateKey()
	good := sealed(t, key, "x", "")
	old := bytes.Clone(good)
	old[4]--
	for _, c := range []struct {
		name     string
		key      seal.Key
		envelope []byte
		want     error
	}{
		{"nothing", key, nil, seal.ErrNotSealed},
		{"something else", key, []byte(strings.Repeat("x", 100)), seal.ErrNotSealed},
		{"cut short", key, good[:20], seal.ErrNotSealed},
		{"old version", key, old, seal.ErrVersion},
		{"foreign key", seal.GenerateKey(), good, seal.ErrForeignKey},
		{"no key", seal.Key{}, good, seal.ErrNoKey},
	} {
		t.Run(c.name, func(t *testing.T) {
			t.Parallel()
			if _, err := c.key.Open(c.envelope, nil); !errors.Is(err, c.want) {
				t.Fatalf("got %v, want %v", err, c.want)
			}
		})
	}
	if _, err := (seal.Key{}).Seal(nil, nil); !errors.Is(err, seal.ErrNoKey) {
		t.Fatalf("sealed without a key: %v", err)
	}
}

func TestTheSameTextNeverLooksTheSame(t *testing.T) {
	t.Parallel()
	key := seal.GenerateKey()
	a, b := sealed(t, key, canary, ""), sealed(t, key, canary, "")
	if bytes.Equal(a, b) || bytes.Contains(a, []byte("c4nary")) {
		t.Fatal("the envelope gives its content away")
	}
}

func TestKeysHaveALengthAndAnID(t *testing.T) {
	t.Parallel()
	if _, err := seal.NewKey(secret.FromString("short")); !errors.Is(err, pam.ErrUsage) {
		t.Fatalf("got %v", err)
	}
	root := strings.Repeat("k", seal.KeySize)
	a, errA := seal.NewKey(secret.FromString(root))
	b, errB := seal.NewKey(secret.FromString(root))
	if errors.Join(errA, errB) != nil || !a.Equal(b) || a.ID() != b.ID() || a.ID() == seal.GenerateKey().ID() {
		t.Fatal("the id does not follow the key")
	}
	if a.IsZero() || !(seal.Key{}).IsZero() {
		t.Fatal("only the zero key is zero")
	}
}

func TestAHashDependsOnKeyPurposeAndEveryBoundary(t *testing.T) {
	t.Parallel()
	a, b := seal.GenerateKey(), seal.GenerateKey()
	seen := map[[32]byte]string{}
	for name, h := range map[string][32]byte{
		"ab c": a.Hash("p", "ab", "c"), "a bc": a.Hash("p", "a", "bc"), "abc": a.Hash("p", "abc"),
		"other purpose": a.Hash("q", "ab", "c"), "other key": b.Hash("p", "ab", "c"),
	} {
		if other, ok := seen[h]; ok {
			t.Errorf("%s and %s have the same hash", name, other)
		}
		seen[h] = name
	}
	first, again := a.Hash("p", "ab", "c"), a.Hash("p", "ab", "c")
	if first != again {
		t.Error("the hash changes")
	}
}

func TestAKeyCanNotBePrinted(t *testing.T) {
	t.Parallel()
	root := strings.Repeat("c4nary--", 4)
	key, err := seal.NewKey(secret.FromString(root))
	if err != nil {
		t.Fatal(err)
	}
	for _, verb := range []string{"%v", "%+v", "%#v", "%s", "%q", "%x", "%d"} {
		for _, v := range []any{key, &key, []seal.Key{key}, struct{ k seal.Key }{key}} {
			if out := fmt.Sprintf(verb, v); strings.Contains(out, "c4nary") || strings.Contains(out, "63346e617279") || strings.Contains(out, "99 52 110") {
				t.Fatalf("%s shows the key: %s", verb, out)
			}
		}
	}
}

func TestFieldsAreFoundAgain(t *testing.T) {
	t.Parallel()
	rapid.Check(t, func(t *rapid.T) {
		fields := rapid.SliceOf(rapid.SliceOf(rapid.Byte())).Draw(t, "fields")
		var b []byte
		for _, f := range fields {
			b = seal.AppendField(b, f)
		}
		for _, want := range fields {
			got, rest, ok := seal.CutField(b)
			if !ok || !bytes.Equal(got, want) {
				t.Fatalf("got %q, want %q", got, want)
			}
			b = rest
		}
		if _, _, ok := seal.CutField(b); ok {
			t.Fatal("a field too many")
		}
	})
}

func FuzzCutField(f *testing.F) {
	f.Add(seal.AppendField(nil, []byte("one")))
	f.Add([]byte{0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0x01})
	f.Fuzz(func(t *testing.T, b []byte) {
		field, rest, ok := seal.CutField(b)
		if ok && len(field)+len(rest) >= len(b) {
			t.Fatalf("%d and %d bytes cut from %d", len(field), len(rest), len(b))
		}
	})
}

func BenchmarkOpen(b *testing.B) {
	key := seal.GenerateKey()
	e := sealed(b, key, strings.Repeat("x", 200), "aad")
	for b.Loop() {
		if _, err := key.Open(e, []byte("aad")); err != nil {
			b.Fatal(err)
		}
	}
}

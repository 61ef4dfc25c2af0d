package tokencache

import (
	"context"
	"fmt"
	"path/filepath"
	"testing"

	"github.com/redim-tools/redim/pkg/pam"
	"github.com/redim-tools/redim/pkg/seal"
	"github.com/redim-tools/redim/pkg/secret"
)

// BenchmarkLookup is what a warm command pays: the key is read from its file,
// and one of ten tokens is opened, in a cache of so many identities.
func BenchmarkLookup(b *testing.B) {
	for _, n := range []int{10, 10_000} {
		b.Run(fmt.Sprint(n), func(b *testing.B) {
			dir := b.TempDir()
			fill(b, dir, n)
			never := func(context.Context) (pam.Token, error) { b.Fatal("signed in"); return pam.Token{}, nil }
			i := 0
			for b.Loop() {
				i++
				if _, err := command(b, dir).Token(b.Context(), number(i%10), never); err != nil {
					b.Fatal(err)
				}
			}
		})
	}
}

// BenchmarkStore is what a log-in pays on top: the lock, and the file.
func BenchmarkStore(b *testing.B) {
	dir := b.TempDir()
	i := 0
	for b.Loop() {
		i++
		if _, err := command(b, dir).Token(b.Context(), number(i), fixed); err != nil {
			b.Fatal(err)
		}
	}
}

func command(b *testing.B, dir string) *Store {
	source, err := seal.ParseKeySource("", seal.Env{Dir: filepath.Join(dir, "state")})
	must(b, err)
	return Open(Options{Dir: filepath.Join(dir, "cache"), Fingerprint: "fp", Key: source.Key})
}

func fill(b *testing.B, dir string, n int) {
	s := command(b, dir)
	for i := range n {
		_, err := s.Token(b.Context(), number(i), fixed)
		must(b, err)
	}
}

func number(i int) pam.Identity { return pam.Identity{Domain: "EX", Name: fmt.Sprint("user", i)} }

func fixed(context.Context) (pam.Token, error) {
	return pam.Token{Value: secret.FromString("3f2504e0-4f89-11d3-9a0c-0305e82c3301")}, nil
}

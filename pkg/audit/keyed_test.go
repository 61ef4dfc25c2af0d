package audit_test

import (
	"crypto/hmac"
	"crypto/sha256"
	"fmt"
	"strings"
	"sync"
	"testing"

	"github.com/redim-tools/redim/pkg/audit"
	"github.com/redim-tools/redim/pkg/secret"
)

func TestAKeyedHashIsTheSameEachTimeAndBesideOthers(t *testing.T) {
	t.Parallel()
	r := audit.NewRedactor(secret.FromString("hash key"))
	var all sync.WaitGroup
	for n := range 8 {
		all.Go(func() {
			for round := range 50 {
				text := strings.Repeat(fmt.Sprint(n, round), round)
				m := hmac.New(sha256.New, []byte("hash key"))
				m.Write([]byte("redim value 1\n" + text))
				if got, want := r.Hash(secret.FromString(text)), fmt.Sprintf("hmac-sha256:%x", m.Sum(nil)); got != want {
					t.Errorf("%q: %s, not %s", text, got, want)
				}
			}
		})
	}
	all.Wait()
}

package app

import (
	"context"
	"crypto/rand"
	"encoding/base32"
	"strings"

	"github.com/redim-tools/redim/pkg/pam"
)

// lazyJournal finds the journal's place when it is first needed, so that a
// look-up works without one.
type lazyJournal struct{ *wiring }

func (l lazyJournal) Append(ctx context.Context, c pam.Checkout) error {
	j, err := l.journal()
	if err != nil {
		return err
	}
	return j.Append(ctx, c)
}

func (l lazyJournal) Open(ctx context.Context) ([]pam.Checkout, error) {
	j, err := l.journal()
	if err != nil {
		return nil, err
	}
	return j.Open(ctx)
}

// newID makes a checkout id: 40 random bits, easy to read out and to type.
func newID() string {
	b := make([]byte, 5)
	_, _ = rand.Read(b) // never fails
	return strings.ToLower(base32.StdEncoding.EncodeToString(b))
}

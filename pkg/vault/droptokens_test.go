package vault_test

import (
	"context"
	"errors"
	"testing"
	"time"

	"github.com/redim-tools/redim/pkg/vault"
)

func TestTokensAreDroppedFewAtATimeAndAll(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	for n := range 1001 {
		w.store.state.tokens[vault.TokenHash{byte(n), byte(n >> 8)}] = vault.Token{Expires: w.clock()}
	}
	w.store.state.tokens[vault.TokenHash{31: 1}] = vault.Token{Expires: w.clock().Add(time.Hour)}
	gone, cancel := context.WithCancel(t.Context())
	cancel()
	if done, err := w.DropTokens(gone); !errors.Is(err, context.Canceled) || done.Tokens > 200 {
		t.Errorf("who is told to end drops %d more, %v", done.Tokens, err)
	}
	if _, err := w.DropTokens(t.Context()); err != nil || len(w.store.state.tokens) != 1 {
		t.Errorf("%d are left, %v", len(w.store.state.tokens), err)
	}
}

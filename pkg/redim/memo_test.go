package redim

import (
	"context"
	"errors"
	"fmt"
	"testing"
	"time"

	"github.com/redim-tools/redim/pkg/pam"
	"github.com/redim-tools/redim/pkg/secret"
)

func numbered(n int) (pam.Identity, held) {
	text := fmt.Sprintf("user%d", n)
	return pam.Identity{Domain: "EX", Name: text}, held{token: pam.Token{Value: secret.FromString("c4nary-" + text)}}
}

func TestTheMemoForgetsWhoWasNotUsedForLongest(t *testing.T) {
	t.Parallel()
	m := newMemo()
	for n := range maxMemo {
		m.put(numbered(n))
	}
	first, _ := numbered(0)
	if _, ok := m.live(first, time.Now()); !ok {
		t.Fatal("the first is gone before the memo is full")
	}
	m.put(numbered(maxMemo))
	second, _ := numbered(1)
	if _, ok := m.live(second, time.Now()); ok {
		t.Error("the one not used for longest is kept")
	}
	if _, ok := m.live(first, time.Now()); !ok || len(m.entries) != maxMemo {
		t.Errorf("%d entries are kept, the first: %v", len(m.entries), ok)
	}
}

func TestTheMemoDropsTheRefusedTokenOnly(t *testing.T) {
	t.Parallel()
	m := newMemo()
	id, h := numbered(1)
	m.put(id, h)
	m.drop(id, secret.FromString("c4nary-other"))
	m.drop(pam.Identity{Name: "nobody"}, h.token.Value)
	if _, ok := m.live(id, time.Now()); !ok {
		t.Error("a newer token is dropped")
	}
	newer := held{token: pam.Token{Value: secret.FromString("c4nary-newer")}}
	m.put(pam.Identity{Domain: "ex", Name: "USER1"}, newer)
	if got, _ := m.live(id, time.Now()); !got.token.Value.Equal(newer.token.Value) || len(m.entries) != 1 {
		t.Error("case makes two of one identity")
	}
	m.drop(id, newer.token.Value)
	if _, ok := m.live(id, time.Now()); ok {
		t.Error("the refused token is kept")
	}
}

func TestAnExpiredTokenIsForgotten(t *testing.T) {
	t.Parallel()
	m, now := newMemo(), time.Now()
	id, h := numbered(1)
	h.token.Expires = now.Add(time.Minute)
	m.put(id, h)
	if _, ok := m.live(id, now); !ok {
		t.Error("a live token is not found")
	}
	if _, ok := m.live(id, now.Add(time.Minute)); ok || len(m.entries) != 0 {
		t.Error("an expired token is used")
	}
}

func TestWaitingForTheLockEndsWithTheDeadline(t *testing.T) {
	t.Parallel()
	m := newMemo()
	id, _ := numbered(1)
	unlock, err := m.lock(t.Context(), id)
	if err != nil {
		t.Fatal(err)
	}
	ctx, cancel := context.WithTimeout(t.Context(), time.Millisecond)
	defer cancel()
	if _, err := m.lock(ctx, id); !errors.Is(err, pam.ErrUnreachable) {
		t.Errorf("the failure is %v", err)
	}
	unlock()
	again, err := m.lock(t.Context(), id)
	if err != nil {
		t.Fatal(err)
	}
	again()
	if len(m.busy) != 0 {
		t.Error("a lock is left")
	}
}

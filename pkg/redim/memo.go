package redim

import (
	"container/list"
	"context"
	"sync"
	"time"

	"github.com/redim-tools/redim/pkg/pam"
	"github.com/redim-tools/redim/pkg/secret"
)

// maxMemo bounds how many identities a Client remembers the token of.
const maxMemo = 1024

// held is a token in hand.
type held struct {
	token  pam.Token
	issued time.Time // when this process obtained it by a log-in; zero when it came from the store
}

// memo spares the store: the tokens of the identities used last. It also sees
// to it that one goroutine at a time fetches the token of an identity.
type memo struct {
	mu      sync.Mutex
	entries map[pam.Identity]*list.Element
	recent  *list.List // of memoEntry, the latest used first
	busy    map[pam.Identity]chan struct{}
}

type memoEntry struct {
	id pam.Identity
	held
}

func newMemo() *memo {
	return &memo{entries: map[pam.Identity]*list.Element{}, recent: list.New(), busy: map[pam.Identity]chan struct{}{}}
}

// live returns a token that has not expired.
func (m *memo) live(id pam.Identity, now time.Time) (held, bool) {
	m.mu.Lock()
	defer m.mu.Unlock()
	element, ok := m.entries[id.Fold()]
	if !ok {
		return held{}, false
	}
	entry := element.Value.(memoEntry)
	if until := entry.token.Expires; !until.IsZero() && !now.Before(until) {
		m.remove(element)
		return held{}, false
	}
	m.recent.MoveToFront(element)
	return entry.held, true
}

func (m *memo) put(id pam.Identity, h held) {
	m.mu.Lock()
	defer m.mu.Unlock()
	if old, ok := m.entries[id.Fold()]; ok {
		m.remove(old)
	}
	m.entries[id.Fold()] = m.recent.PushFront(memoEntry{id: id.Fold(), held: h})
	if m.recent.Len() > maxMemo {
		m.remove(m.recent.Back())
	}
}

// drop forgets a token if it still is the refused one.
func (m *memo) drop(id pam.Identity, refused secret.Value) {
	m.mu.Lock()
	defer m.mu.Unlock()
	if e, ok := m.entries[id.Fold()]; ok && e.Value.(memoEntry).token.Value.Equal(refused) {
		m.remove(e)
	}
}

func (m *memo) remove(e *list.Element) {
	m.recent.Remove(e)
	delete(m.entries, e.Value.(memoEntry).id)
}

// lock waits until nobody else fetches the token of id.
func (m *memo) lock(ctx context.Context, id pam.Identity) (unlock func(), err error) {
	key := id.Fold()
	for {
		m.mu.Lock()
		busy, taken := m.busy[key]
		if !taken {
			done := make(chan struct{})
			m.busy[key] = done
			m.mu.Unlock()
			return func() { m.unlock(key, done) }, nil
		}
		m.mu.Unlock()
		select {
		case <-busy:
		case <-ctx.Done():
			return nil, plain(context.Cause(ctx))
		}
	}
}

func (m *memo) unlock(key pam.Identity, done chan struct{}) {
	m.mu.Lock()
	defer m.mu.Unlock()
	delete(m.busy, key)
	close(done)
}

// noStore is a TokenStore that keeps nothing.
type noStore struct{}

func (noStore) Token(ctx context.Context, _ pam.Identity, login func(context.Context) (pam.Token, error)) (pam.Token, error) {
	return login(ctx)
}

func (noStore) Drop(context.Context, pam.Identity, secret.Value) error { return nil }

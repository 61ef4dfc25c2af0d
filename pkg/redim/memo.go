package redim

import (
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
	entries map[pam.Identity]*memoEntry
	uses    uint64
	busy    map[pam.Identity]chan struct{}
}

type memoEntry struct {
	held
	used uint64 // what uses was when it was used last
}

func newMemo() *memo {
	return &memo{entries: map[pam.Identity]*memoEntry{}, busy: map[pam.Identity]chan struct{}{}}
}

// live returns a token that has not expired.
func (m *memo) live(id pam.Identity, now time.Time) (held, bool) {
	m.mu.Lock()
	defer m.mu.Unlock()
	entry, ok := m.entries[id.Fold()]
	if !ok {
		return held{}, false
	}
	if until := entry.token.Expires; !until.IsZero() && !now.Before(until) {
		delete(m.entries, id.Fold())
		return held{}, false
	}
	m.uses++
	entry.used = m.uses
	return entry.held, true
}

func (m *memo) put(id pam.Identity, h held) {
	m.mu.Lock()
	defer m.mu.Unlock()
	m.uses++
	m.entries[id.Fold()] = &memoEntry{held: h, used: m.uses}
	if len(m.entries) > maxMemo {
		m.forgetOldest()
	}
}

// forgetOldest looks at every entry: that is nothing beside the log-in that
// made it necessary.
func (m *memo) forgetOldest() {
	var oldest pam.Identity
	at := m.uses
	for id, entry := range m.entries {
		if entry.used < at {
			oldest, at = id, entry.used
		}
	}
	delete(m.entries, oldest)
}

// drop forgets a token if it still is the refused one.
func (m *memo) drop(id pam.Identity, refused secret.Value) {
	m.mu.Lock()
	defer m.mu.Unlock()
	if entry, ok := m.entries[id.Fold()]; ok && entry.token.Value.Equal(refused) {
		delete(m.entries, id.Fold())
	}
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

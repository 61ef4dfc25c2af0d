package tokencache

import (
	"context"
	"errors"
	"sync"
	"time"

	"github.com/redim-tools/redim/pkg/pam"
	"github.com/redim-tools/redim/pkg/seal"
	"github.com/redim-tools/redim/pkg/secret"
)

// The times used when Options leaves them open.
const (
	DefaultTTL    = 20 * time.Minute
	DefaultMargin = 30 * time.Second
)

const (
	lockWait  = 45 * time.Second // longer than a request may take
	clearWait = time.Second      // what a log-in under way stores is newer than what is to be cleared
	pause     = 5 * time.Second  // after a refused log-in of the delegation identity
)

// Options says what a Store is for.
type Options struct {
	Dir         string // the cache directory; empty keeps nothing, with a warning
	Fingerprint string // of the settings a token belongs to; another one never sees it
	Profile     string // the name shown in lists

	// Key is asked when a token is. An error that wraps seal.ErrNoPlace means
	// to do without a cache; any other one comes back from Token.
	Key func(ctx context.Context) (seal.Key, error)

	TTL         time.Duration        // of a token whose end the service does not tell
	Margin      time.Duration        // how long before its end a token is no longer used
	ClockOffset func() time.Duration // how far the service's clock is ahead of ours
	Unkept      func(secret.Value)   // told of each new token that could not be kept, so that it can be ended; nil is nobody
	Now         func() time.Time
	Warn        func(message string) // may be called from several goroutines
}

// Store is the cache of one profile. It is safe for concurrent use.
type Store struct {
	o         Options
	lockWait  time.Duration
	clearWait time.Duration
	warned    sync.Map // of warning: a warning is given once
	refused   sync.Map // from file name to the token that the service refused
}

// Open makes a Store. Nothing on disk is touched before a token is asked for.
func Open(o Options) *Store {
	if o.TTL <= 0 {
		o.TTL = DefaultTTL
	}
	if o.Margin <= 0 {
		o.Margin = DefaultMargin
	}
	if o.ClockOffset == nil {
		o.ClockOffset = func() time.Duration { return 0 }
	}
	if o.Now == nil {
		o.Now = time.Now
	}
	if o.Unkept == nil {
		o.Unkept = func(secret.Value) {}
	}
	if o.Warn == nil {
		o.Warn = func(string) {}
	}
	return &Store{o: o, lockWait: lockWait, clearWait: clearWait}
}

// Token returns the live token of id, or the one that login obtains. However
// many processes and goroutines miss at once, one of them signs in and the
// others get its token. A failed log-in is the failure of its own caller; the
// next one in the queue tries again. The exception is a log-in that was refused
// to the delegation identity: who waited for it, or comes within 5 s, gets the
// same failure without trying, so that the account is not locked.
//
// login may ask the Store for another identity, as an impersonated log-in does
// for the delegation identity, with the context it was given.
func (s *Store) Token(ctx context.Context, id pam.Identity, login func(context.Context) (pam.Token, error)) (pam.Token, error) {
	since := s.o.Now()
	e, err := s.entry(ctx, id)
	if errors.Is(err, seal.ErrNoPlace) {
		s.warnOnce(warnUnwritable, "tokens are not kept: "+err.Error())
		token, err := login(ctx)
		if err == nil {
			s.o.Unkept(token.Value)
		}
		return token, err
	}
	if err != nil {
		return pam.Token{}, err
	}
	if token, done, err := e.look(ctx, since); done {
		return token, err
	}
	return e.fetch(ctx, since, login)
}

// Drop forgets the token of id if it still is the refused one: a newer one that
// another process has obtained meanwhile stays. Whatever becomes of the file,
// this Store does not return the refused token again.
func (s *Store) Drop(ctx context.Context, id pam.Identity, refused secret.Value) error {
	e, err := s.entry(ctx, id)
	if errors.Is(err, seal.ErrNoPlace) {
		return nil
	}
	if err != nil {
		return err
	}
	s.refused.Store(e.name, refused)
	if !e.holds(refused) {
		return nil
	}
	_, release, err := e.lock(ctx)
	if err != nil { // the refused token is not used again, whoever holds the lock
		return nil
	}
	defer release()
	if e.holds(refused) {
		e.remove()
	}
	return nil
}

// warning names the warnings, of which each is given once.
type warning string

const (
	warnUnreadable warning = "unreadable"
	warnUnwritable warning = "unwritable"
)

func (s *Store) warnOnce(w warning, message string) {
	if _, given := s.warned.LoadOrStore(w, true); !given {
		s.o.Warn("token cache: " + message)
	}
}

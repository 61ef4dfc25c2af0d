package auth

import (
	"context"
	"errors"
	"hash/maphash"
	"net/netip"
	"sync"
	"sync/atomic"
	"time"

	"github.com/redim-tools/redim/pkg/pam"
)

// The pace of guessing. A caller may fail some times at once, and then as often
// as the bucket fills. From one address at one name:
const (
	pairBurst = 5
	pairEvery = 10 * time.Second
	pairDebt  = 10 // failures beyond an empty bucket that are counted
)

// And from one address at whatever names:
const (
	addressBurst = 50
	addressEvery = time.Second
	addressDebt  = 60
)

// At one name from wherever: beyond so many failures in about a minute every
// attempt is delayed, and nobody is refused. So guesses from elsewhere lock
// nobody out.
const (
	nameFree   = 20
	nameEach   = 25 * time.Millisecond // for each failure beyond
	nameDelay  = time.Second           // the longest
	nameForget = 30 * time.Second      // half of the failures are forgotten
)

// The bounds of what is remembered.
const (
	maxPairs     = 16384
	maxAddresses = 8192
	maxNames     = 4096
	maxDelayed   = 1024 // attempts that wait; beyond that, none is delayed
)

// Throttle slows guessing down, for each address and for each name. It
// remembers failures only, and forgets them by itself; of names it keeps a hash.
// What it does depends on nothing but earlier failures: not on whether there is
// an integration of the name.
type Throttle struct {
	now     func() time.Time
	fold    func(string) string
	seed    maphash.Seed
	delayed atomic.Int64

	mu        sync.Mutex
	pairs     buckets[pair]
	addresses buckets[netip.Prefix]
	names     pressures
}

type pair struct {
	from netip.Prefix
	name uint64
}

// NewThrottle makes one. Fold gives the form in which names are compared.
func NewThrottle(now func() time.Time, fold func(string) string) *Throttle {
	return &Throttle{
		now: now, fold: fold, seed: maphash.MakeSeed(),
		pairs:     newBuckets[pair](pairBurst, pairEvery, pairDebt, maxPairs),
		addresses: newBuckets[netip.Prefix](addressBurst, addressEvery, addressDebt, maxAddresses),
		names:     pressures{of: map[uint64]*pressure{}},
	}
}

// Attempt runs try, unless its caller has failed too often: then it is a
// *SlowDownError, and nothing was run. Try has failed as a guess does when its
// error is pam.ErrSignInRefused, ErrTokenRefused or ErrDenied. The name is that
// of an integration as the caller gave it; empty when none was given.
func (t *Throttle) Attempt(ctx context.Context, name string, from netip.Addr, try func(context.Context) error) error {
	key := pair{network(normal(from)), t.hash(name)}
	leave, delay, err := t.begin(key)
	if err != nil {
		return err
	}
	defer leave()
	if err := t.sleep(ctx, delay); err != nil {
		return err
	}
	err = try(ctx)
	if isGuess(err) {
		t.failed(key)
	}
	return err
}

func isGuess(err error) bool {
	return errors.Is(err, pam.ErrSignInRefused) || errors.Is(err, pam.ErrTokenRefused) || errors.Is(err, pam.ErrDenied)
}

// hash is 0 for no name.
func (t *Throttle) hash(name string) uint64 {
	if name == "" {
		return 0
	}
	const longest = 512 // more is no name
	return maphash.String(t.seed, t.fold(name[:min(len(name), longest)])) | 1
}

// begin admits an attempt, and returns what is to be called when it is over.
func (t *Throttle) begin(key pair) (leave func(), delay time.Duration, err error) {
	t.mu.Lock()
	defer t.mu.Unlock()
	now := t.now()
	var mine *bucket
	if key.name != 0 {
		mine = t.pairs.find(key, now)
	}
	all := t.addresses.find(key.from, now)
	if wait := max(t.pairs.wait(mine), t.addresses.wait(all)); wait > 0 {
		return nil, 0, slowDown(wait)
	}
	mine.enter()
	all.enter()
	leave = func() {
		t.mu.Lock()
		defer t.mu.Unlock()
		mine.leave()
		all.leave()
	}
	if key.name != 0 {
		delay = t.names.delay(key.name, now)
	}
	return leave, delay, nil
}

func (t *Throttle) failed(key pair) {
	t.mu.Lock()
	defer t.mu.Unlock()
	now := t.now()
	t.addresses.fail(key.from, now)
	if key.name != 0 {
		t.pairs.fail(key, now)
		t.names.fail(key.name, now)
	}
}

// sleep waits, unless too many do already.
func (t *Throttle) sleep(ctx context.Context, d time.Duration) error {
	if d <= 0 {
		return nil
	}
	defer t.delayed.Add(-1)
	if t.delayed.Add(1) > maxDelayed {
		return nil
	}
	timer := time.NewTimer(d)
	defer timer.Stop()
	select {
	case <-timer.C:
		return nil
	case <-ctx.Done():
		return context.Cause(ctx)
	}
}

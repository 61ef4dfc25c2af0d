package negotiate

import (
	"crypto/sha256"
	"sync"
	"time"
)

// replays remembers tokens for as long as they could be sent again: within the
// clock skew to either side of the time that they carry. It keeps two
// generations; the older one is dropped whole.
type replays struct {
	mu      sync.Mutex
	most    int // in one generation
	span    time.Duration
	turned  time.Time
	now     map[[16]byte]struct{}
	earlier map[[16]byte]struct{}
}

func newReplays(most int, span time.Duration) *replays {
	return &replays{most: most / 2, span: span, now: map[[16]byte]struct{}{}}
}

type verdict int

const (
	fresh     verdict = iota
	replayed          // seen before
	forgotten         // no room to remember it
)

// seen remembers a token and tells whether it is a new one. What can't be
// remembered must not be accepted.
func (r *replays) seen(token []byte, now time.Time) verdict {
	sum := sha256.Sum256(token)
	key := [16]byte(sum[:16])
	r.mu.Lock()
	defer r.mu.Unlock()
	r.turn(now)
	if _, ok := r.now[key]; ok {
		return replayed
	}
	if _, ok := r.earlier[key]; ok {
		return replayed
	}
	if len(r.now) >= max(1, r.most) {
		return forgotten
	}
	r.now[key] = struct{}{}
	return fresh
}

// turn begins a new generation when the present one is as old as the span. A
// clock that was put back keeps everything.
func (r *replays) turn(now time.Time) {
	if r.turned.IsZero() {
		r.turned = now
	}
	age := now.Sub(r.turned)
	if age < r.span {
		return
	}
	r.earlier, r.now, r.turned = r.now, map[[16]byte]struct{}{}, now
	if age >= 2*r.span {
		r.earlier = nil
	}
}

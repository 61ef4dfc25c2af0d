package breaker

import (
	"slices"
	"sync"
	"time"
)

// How long a place is put last after it failed: the first time, and at most.
// While one process tries it again, the others leave it alone for as long as
// that may take.
const (
	firstPause = 30 * time.Second
	longest    = 5 * time.Minute
	trial      = 30 * time.Second
	readEvery  = time.Second
)

// Breaker knows the places of one file. It is safe for concurrent use, also by
// several processes. What it can't read or write it does without.
type Breaker struct {
	path string
	now  func() time.Time

	mu    sync.Mutex
	state states
	read  time.Time // when the file was read
	alone bool      // the file can't be written
}

// states are the places that failed last, by name.
type states map[string]state

type state struct {
	Failures int       `json:"failures"`        // in a row
	Until    time.Time `json:"until"`           // put last until then
	Trial    bool      `json:"trial,omitempty"` // because somebody tries it just now
}

// Open makes a Breaker over a file, which need not exist. An empty path keeps
// what is known in this process only. Nothing is read yet.
func Open(path string, now func() time.Time) *Breaker {
	return &Breaker{path: path, now: now, state: states{}}
}

// Order is the places in the order in which to try them: those that answered
// last, or whose pause is over, as given; then the others, the one whose pause
// ends first in front. Where the first one is on trial after a pause, other
// processes leave it alone meanwhile.
func (b *Breaker) Order(places []string) []string {
	b.mu.Lock()
	defer b.mu.Unlock()
	b.refresh()
	now := b.now()
	var well, ill []string
	for _, place := range places {
		if b.state.paused(place, now) {
			ill = append(ill, place)
		} else {
			well = append(well, place)
		}
	}
	slices.SortStableFunc(ill, func(x, y string) int { return b.state[x].Until.Compare(b.state[y].Until) })
	if len(well) > 0 && b.state[well[0]].Failures > 0 {
		b.change(func(s states) {
			if on := s[well[0]]; on.Failures > 0 {
				on.Until, on.Trial = now.Add(trial), true
				s[well[0]] = on
			}
		})
	}
	return append(well, ill...)
}

// paused reports a place that is put last. A pause that ends later than any
// can was written by another clock.
func (s states) paused(place string, now time.Time) bool {
	until := s[place].Until
	return now.Before(until) && until.Before(now.Add(2*longest))
}

// Failed notes that a place did not answer. Requests that were under way
// together and fail together count as one failure.
func (b *Breaker) Failed(place string) {
	b.mu.Lock()
	defer b.mu.Unlock()
	now := b.now()
	b.change(func(s states) {
		if s.paused(place, now) && !s[place].Trial {
			return
		}
		failures := min(s[place].Failures+1, 10)
		pause := min(firstPause<<(failures-1), longest)
		s[place] = state{Failures: failures, Until: now.Add(pause)}
	})
}

// Answered notes that a place did answer. It costs nothing when it always did.
func (b *Breaker) Answered(place string) {
	b.mu.Lock()
	defer b.mu.Unlock()
	if b.state[place].Failures > 0 {
		b.change(func(s states) { delete(s, place) })
	}
}

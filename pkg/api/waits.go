package api

import (
	"context"
	"slices"
	"sync"
	"time"

	"github.com/redim-tools/redim/pkg/vault"
)

// waits tells many callers when the requests that they wait for are decided. One
// goroutine looks at all of them at once, while there are any.
type waits struct {
	vault *vault.Service
	every time.Duration

	mu      sync.Mutex
	by      map[string]*waited
	looking bool
}

// waited is a request that callers wait for.
type waited struct {
	callers int
	decided chan struct{} // closed when it is
}

func newWaits(v *vault.Service, every time.Duration) *waits {
	return &waits{vault: v, every: every, by: map[string]*waited{}}
}

// join waits for a request. The channel is closed when it is decided; cancel ends
// the wait.
func (w *waits) join(id string) (decided <-chan struct{}, cancel func()) {
	w.mu.Lock()
	defer w.mu.Unlock()
	one := w.by[id]
	if one == nil {
		one = &waited{decided: make(chan struct{})}
		w.by[id] = one
	}
	one.callers++
	if !w.looking {
		w.looking = true
		go w.look()
	}
	return one.decided, sync.OnceFunc(func() { w.leave(id, one) })
}

func (w *waits) leave(id string, one *waited) {
	w.mu.Lock()
	defer w.mu.Unlock()
	if one.callers--; one.callers == 0 && w.by[id] == one {
		delete(w.by, id)
	}
}

// look asks the store for all that is waited for, again and again, until nobody
// waits. A store that does not answer is asked again.
func (w *waits) look() {
	tick := time.NewTicker(w.every)
	defer tick.Stop()
	for range tick.C {
		ids := w.ids()
		if ids == nil {
			return
		}
		for part := range slices.Chunk(ids, vault.MaxPage) {
			w.tell(w.over(part))
		}
	}
}

// ids lists what is waited for; nil ends the looking.
func (w *waits) ids() []string {
	w.mu.Lock()
	defer w.mu.Unlock()
	if len(w.by) == 0 {
		w.looking = false
		return nil
	}
	ids := make([]string, 0, len(w.by))
	for id := range w.by {
		ids = append(ids, id)
	}
	return ids
}

// over lists which of the requests are not pending.
func (w *waits) over(ids []string) []string {
	ctx, cancel := context.WithTimeout(context.Background(), 10*time.Second)
	defer cancel()
	page, err := w.vault.Requests(ctx, vault.RequestCriteria{IDs: ids, Paging: vault.Paging{Limit: len(ids)}}, "")
	if err != nil {
		return nil
	}
	var out []string
	for _, r := range page.Items {
		if r.State != vault.RequestPending {
			out = append(out, r.ID)
		}
	}
	return out
}

func (w *waits) tell(ids []string) {
	w.mu.Lock()
	defer w.mu.Unlock()
	for _, id := range ids {
		if one := w.by[id]; one != nil {
			close(one.decided)
			delete(w.by, id)
		}
	}
}

// len is how many requests are waited for.
func (w *waits) len() int {
	w.mu.Lock()
	defer w.mu.Unlock()
	return len(w.by)
}

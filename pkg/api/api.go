package api

import (
	"context"
	"log/slog"
	"net/http"
	"net/netip"
	"sync"
	"sync/atomic"
	"time"

	"github.com/redim-tools/redim/pkg/metrics"
	"github.com/redim-tools/redim/pkg/secret"
	"github.com/redim-tools/redim/pkg/vault"
)

// Options are what an API is made of.
type Options struct {
	Vault *vault.Service
	// Source tells where a call came from: the peer, or whom a trusted proxy
	// names. An error refuses the call.
	Source func(*http.Request) (netip.Addr, error)
	// LogIn lets an application in by name and credential. nil: Vault.LogIn.
	LogIn func(ctx context.Context, d vault.Door, name string, credential secret.Value) (vault.Admission, error)
	// Negotiate lets an account in by the token of an Authorization: Negotiate
	// header; the reply goes back in a header of the answer. nil: there is no
	// Kerberos here.
	Negotiate func(ctx context.Context, d vault.Door, token []byte) (admitted vault.Admission, reply []byte, err error)
	Clock     func() time.Time
	Log       *slog.Logger
	Metrics   *metrics.Registry
	// Look is how often what is waited for is looked at; 0: every 250 ms.
	Look time.Duration
}

// API answers the calls of applications. It is safe for concurrent use.
type API struct {
	Options
	mux      *http.ServeMux
	waits    *waits
	counts   counts
	inFlight atomic.Int64
	stopping chan struct{}
	stop     sync.Once
	stopped  atomic.Bool
	last     time.Time // until when new calls hold the end up; set before stopped
}

// lastCalls is how long after Stop calls still hold the end up. Whoever uses a
// connection is told that way, before it is closed, that this server stops.
const lastCalls = time.Second

// New makes an API.
func New(o Options) *API {
	if o.LogIn == nil {
		o.LogIn = o.Vault.LogIn
	}
	if o.Look == 0 {
		o.Look = 250 * time.Millisecond
	}
	a := &API{Options: o, stopping: make(chan struct{})}
	a.waits = newWaits(o.Vault, o.Look)
	a.counts = a.newCounts()
	a.mux = a.newMux()
	return a
}

// Stop makes every new call a problem that says so, and ends the waits of those
// that wait for an approval. Calls that run end as they would.
func (a *API) Stop() {
	a.stop.Do(func() {
		a.last = started().Add(lastCalls)
		a.stopped.Store(true)
		close(a.stopping)
	})
}

// InFlight is how many calls run. Those that come a second after Stop or later are
// told that it stops, and don't count.
func (a *API) InFlight() int64 { return a.inFlight.Load() }

// counting reports whether a call that comes now holds the end up.
func (a *API) counting() bool { return !a.stopped.Load() || started().Before(a.last) }

package api

import (
	"context"
	"log/slog"
	"net/http"
	"net/netip"
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
	stopped  atomic.Bool
}

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
	if a.stopped.CompareAndSwap(false, true) {
		close(a.stopping)
	}
}

// InFlight is how many calls run.
func (a *API) InFlight() int64 { return a.inFlight.Load() }

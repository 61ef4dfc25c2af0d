package api

import (
	"context"
	_ "embed"
	"net/http"
	"strconv"
	"time"

	"github.com/redim-tools/redim/pkg/metrics"
	"github.com/redim-tools/redim/pkg/vault"
)

// Document is the OpenAPI document of the API, as it is served.
//
//go:embed openapi.json
var Document []byte

func (a *API) document(c *call) error {
	c.write(http.StatusOK, "application/json", Document)
	return nil
}

// healthDoc says that all is well; when it is not, a problem says what.
type healthDoc struct {
	Status string `json:"status"`
}

// healthy answers while the process does.
func (a *API) healthy(c *call) error { return c.answer(http.StatusOK, healthDoc{"ok"}) }

// readyTime bounds how long the store may take to answer.
const readyTime = 5 * time.Second

// ready answers while calls would be answered: the store does, and nobody has
// asked the server to stop.
func (a *API) ready(c *call) error {
	if a.stopped.Load() {
		return errStopping
	}
	ctx, cancel := context.WithTimeout(c.r.Context(), readyTime)
	defer cancel()
	// No lease was due before the first second of all, so nothing is read but an index.
	none := vault.LeaseCriteria{State: vault.LeaseOpen, Before: time.Unix(1, 0), Paging: vault.Paging{Limit: 1}}
	if _, err := a.Vault.Leases(ctx, none, ""); err != nil {
		return err
	}
	return c.answer(http.StatusOK, healthDoc{"ready"})
}

func (a *API) metrics(c *call) error {
	c.w.Header().Set("Content-Type", metrics.ContentType)
	c.status = http.StatusOK
	return a.Metrics.Write(c.w)
}

// Care is a handler of the calls about health and metrics alone, for a listener
// of their own. It asks nobody who they are.
func (a *API) Care() http.Handler {
	mux := http.NewServeMux()
	for _, r := range a.table() {
		if r.needs == needNear {
			r.needs, r.allow = needNothing, r.method
			mux.Handle(r.path, a.serve(r))
		}
	}
	mux.Handle("/", a.serve(route{path: "none", answer: func(*call) error { return errNoCall }}))
	return mux
}

// counts are the metrics of calls.
type counts struct {
	calls *metrics.Counter
	took  *metrics.Histogram
}

func (a *API) newCounts() counts {
	if a.Metrics == nil {
		a.Metrics = &metrics.Registry{}
	}
	m := a.Metrics
	m.Gauge("redim_api_calls_in_flight", "Calls that are being answered.", func() (float64, bool) { return float64(a.InFlight()), true })
	m.Gauge("redim_api_requests_waited_for", "Requests for approval that a call waits for.", func() (float64, bool) { return float64(a.waits.len()), true })
	return counts{
		calls: m.Counter("redim_api_calls_total", "Calls by route, method, status and the code of the problem.", "route", "method", "status", "code"),
		took:  m.Histogram("redim_api_call_seconds", "How long calls took, without the waits for an approval.", []float64{.001, .0025, .005, .01, .025, .05, .1, .25, .5, 1, 2.5, 5, 10}, "route"),
	}
}

func (n counts) done(c *call, method string, took time.Duration) {
	n.calls.Add(1, c.route, method, strconv.Itoa(c.status), c.code)
	n.took.Observe((took - c.waited).Seconds(), c.route)
}

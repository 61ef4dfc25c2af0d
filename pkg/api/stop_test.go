package api_test

import (
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"
	"time"
)

func TestAStoppingServerTellsSo(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	c := w.signIn()
	w.api.Stop()
	w.api.Stop()
	every(c, func(g *got) { g.want(http.StatusServiceUnavailable, "stopping") })
	w.anybody().get("/readyz").want(http.StatusServiceUnavailable, "stopping")
	w.anybody().get("/healthz").want(http.StatusOK, "")
	if strings.Contains(w.log.String(), `"ERROR"`) {
		t.Errorf("it is told as a failure: %s", w.log)
	}
}

// counted notes how many calls run while one is answered.
type counted struct {
	*httptest.ResponseRecorder
	running func() int64
	saw     int64
}

func (c *counted) Write(b []byte) (int, error) {
	c.saw = c.running()
	return c.ResponseRecorder.Write(b)
}

// TestCallsHoldTheEndUpForAMomentOnly has calls come one after the other.
func TestCallsHoldTheEndUpForAMomentOnly(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	saw := func() int64 {
		c := &counted{ResponseRecorder: httptest.NewRecorder(), running: w.api.InFlight}
		w.api.ServeHTTP(c, httptest.NewRequest(http.MethodGet, "/openapi.json", nil))
		return c.saw
	}
	if n := saw(); n != 1 {
		t.Fatalf("%d calls run", n)
	}
	w.api.Stop()
	began := time.Now()
	for saw() > 0 {
		if time.Since(began) > time.Minute {
			t.Fatal("it would never end")
		}
	}
	if took := time.Since(began); took < time.Second/2 {
		t.Errorf("it would end after %s already, and close connections whose users were not told", took)
	}
}

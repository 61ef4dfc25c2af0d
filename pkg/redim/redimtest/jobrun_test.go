package redimtest_test

import (
	"testing"
	"time"

	"github.com/redim-tools/redim/pkg/redim/redimtest"
)

func TestAJobIsScheduledThenRunsThenEnds(t *testing.T) {
	t.Parallel()
	e := redimtest.SampleEstate()
	e.Service.JobDelay, e.Service.JobDuration = time.Minute, time.Minute
	r, c := newCaller(t, redimtest.Options{Estate: e, Now: start})
	token := c.delegation(r)
	id := spin(t, c, token, 101, "web01", "Administrator", set(nil))
	for step, want := range []int{0, 1, 2} {
		if got := c.jobStatus(token, id); got.Status != want || (got.LastRunTimeUTC == nil) != (want == 0) {
			t.Errorf("after %d minutes: %+v, want status %d", step, got, want)
		}
		r.Advance(time.Minute)
	}
}

func TestAJobThatIsToFailDoesSoAtItsEnd(t *testing.T) {
	t.Parallel()
	r, c := newCaller(t, redimtest.Options{Now: start, JobDuration: time.Minute, Faults: []string{"fail-job*1"}})
	token := c.delegation(r) // another operation: the fault is for the creation of jobs
	before := r.Password("web01", "Administrator")
	broken := spin(t, c, token, 101, "web01", "Administrator", set(nil))
	whole := spin(t, c, token, 101, "web02", "root", set(nil))
	if got := c.jobStatus(token, broken); got.Status != 1 {
		t.Errorf("at once: %+v", got)
	}
	r.Advance(time.Minute)
	if got := c.jobStatus(token, broken); got.Status != 3 || got.Message != "a fault on demand" {
		t.Errorf("in the end: %+v", got)
	}
	if got := c.jobStatus(token, whole); got.Status != 2 {
		t.Errorf("the next one: %+v", got)
	}
	if !r.Password("web01", "Administrator").Equal(before) {
		t.Error("the password changed all the same")
	}
}

func TestACheckoutMadeTwiceIsGivenBackOnce(t *testing.T) {
	t.Parallel()
	r, c := newCaller(t)
	mine := stored(c.as(r, "EX", "alice"), "Administrator", "web01", 1)
	for range 3 {
		c.ask(checkOutOp, mine, nil)
	}
	if got := r.Stats().Checkouts; got != (redimtest.CheckoutStats{Made: 3, Open: 1}) {
		t.Errorf("held: %+v", got)
	}
	c.ask(checkInOp, mine, nil)
	if got := r.Stats().Checkouts; got != (redimtest.CheckoutStats{Made: 3, CheckedIn: 3}) {
		t.Errorf("given back: %+v", got)
	}
}

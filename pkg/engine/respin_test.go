package engine

import (
	"context"
	"encoding/json"
	"errors"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/redim-tools/redim/pkg/pam"
)

// back is a checkout that was given back, and whose password is to be spun.
func back() pam.Checkout {
	c := open()
	c.State, c.Back = pam.CheckoutCheckedIn, moment()
	return c
}

// listed has the fakes list the checkout's credential.
func listed(source *fakeSource, change func(*pam.Credential)) {
	c := open().Credential
	change(&c)
	source.tell(`EX\alice`, "stored web01", answer{creds: []pam.Credential{c}})
}

func asListed(*pam.Credential) {}

const listLine = `EX\alice: stored web01`

func TestASpinIsTriedAgainWhereThatMayHelp(t *testing.T) {
	t.Parallel()
	job := func(state pam.JobState) func(context.Context, int64) (pam.Job, error) {
		return func(_ context.Context, id int64) (pam.Job, error) { return pam.Job{ID: id, State: state}, nil }
	}
	type world struct {
		e      *Engine
		source *fakeSource
		c      *pam.Checkout
	}
	tests := map[string]struct {
		change func(world)
		err    pam.Class
		hint   string
	}{
		"nothing was tried":             {change: func(world) {}},
		"the job before failed":         {change: func(w world) { w.c.SpinJob, w.source.status = 5, job(pam.JobFailed) }},
		"the job before is gone":        {change: func(w world) { w.c.SpinJob, w.source.status = 5, noJob }},
		"now it is set to auto-spin":    {change: func(w world) { w.c.Credential.AutoSpin, w.c.Credential.Random = false, false }},
		"the job before did it":         {func(w world) { w.c.SpinJob, w.source.status = 5, job(pam.JobSucceeded) }, pam.ErrConflict, "checkouts show id1"},
		"the job before runs":           {func(w world) { w.c.SpinJob, w.source.status = 5, job(pam.JobRunning) }, pam.ErrConflict, "jobs watch 5"},
		"the job before is in a state ": {func(w world) { w.c.SpinJob, w.source.status = 5, job("7") }, pam.ErrConflict, "jobs watch 5"},
		"it is still checked out":       {func(w world) { w.c.State = pam.CheckoutOpen }, pam.ErrConflict, "checkin id1"},
		"another service had it":        {func(w world) { w.c.Service, w.e.Service = "a", "b" }, pam.ErrUsage, "REDIM_CONFIG"},
		"spins are off":                 {func(w world) { w.e.Rules.SpinJobs = false }, pam.ErrUsage, "spin_jobs true"},
		"there is no template":          {func(w world) { w.e.Rules.TemplateJobs = nil }, pam.ErrNoTemplateJob, "template_jobs.windows"},
		"the password is not random":    {func(w world) { listed(w.source, func(c *pam.Credential) { c.Random = false }) }, pam.ErrUsage, "in RED IM"},
		"it is not set to auto-spin":    {func(w world) { listed(w.source, func(c *pam.Credential) { c.AutoSpin = false }) }, pam.ErrUsage, "in RED IM"},
		"somebody holds it":             {func(w world) { listed(w.source, func(c *pam.Credential) { c.CheckedOutBy = `EX\erin` }) }, pam.ErrCheckedOut, "end their work"},
		"it is not listed":              {func(w world) { w.source.tell(`EX\alice`, "stored web01", answer{}) }, pam.ErrNotFound, "look at it"},
		"the template is missing":       {func(w world) { w.source.settings = noSettings }, pam.ErrNoTemplateJob, "template_jobs"},
		"jobs are not permitted": {func(w world) {
			w.source.create = func(context.Context) (int64, error) { return 0, refusal(pam.ErrSpinNotPermitted) }
		}, pam.ErrSpinNotPermitted, "All Access"},
		"the service is away": {func(w world) {
			w.source.create = func(context.Context) (int64, error) { return 0, refusal(pam.ErrUnreachable) }
		}, pam.ErrUnreachable, "try again"},
	}
	for name, tt := range tests {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			e, source, journal := newFake(spinRules())
			listed(source, asListed)
			c := back()
			tt.change(world{e, source, &c})
			got, err := e.Spin(t.Context(), c)
			if classOf(err) != tt.err || (err != nil && !strings.Contains(hintsOf(err), tt.hint)) {
				t.Fatalf("got %v, hint %q", err, hintsOf(err))
			}
			if (len(source.created) == 1 && got.Spin.JobID == 7) != (err == nil) && !got.Spin.Failed() {
				t.Errorf("created %d jobs, %+v", len(source.created), got.Spin)
			}
			if err == nil && journal.kept[len(journal.kept)-1] != got.Checkout {
				t.Errorf("recorded %+v", journal.kept)
			}
		})
	}
}

func noJob(context.Context, int64) (pam.Job, error) { return pam.Job{}, refusal(pam.ErrNotFound) }

func noSettings(context.Context, int64) (json.RawMessage, error) {
	return nil, refusal(pam.ErrNotFound)
}

// hintsOf are all hints in err.
func hintsOf(err error) string {
	if err == nil {
		return ""
	}
	text := ""
	if f, ok := err.(*pam.Failure); ok {
		text = f.Hint
	}
	switch inner := err.(type) {
	case interface{ Unwrap() []error }:
		for _, one := range inner.Unwrap() {
			text += hintsOf(one)
		}
	case interface{ Unwrap() error }:
		text += hintsOf(inner.Unwrap())
	}
	return text
}

func TestAPlanToSpinAgainCreatesNothing(t *testing.T) {
	t.Parallel()
	e, source, journal := newFake(spinRules())
	listed(source, asListed)
	plan, err := e.PlanRespin(t.Context(), back())
	if plan != (SpinPlan{Template: 101}) || err != nil || len(source.created)+len(journal.kept) != 0 {
		t.Errorf("%+v, %v", plan, err)
	}
	if diff := cmp.Diff([]string{listLine}, source.asked); diff != "" {
		t.Errorf("asked (-want +got):\n%s", diff)
	}
}

func TestARecoveryGivesBackOrSpins(t *testing.T) {
	t.Parallel()
	tests := map[string]struct {
		c      pam.Checkout
		change func(*pam.Credential)
		log    []string
		err    pam.Class
		reason SpinReason
	}{
		"what was open is given back": {open(), asListed, []string{backLine, "journal checked_in", settingsLine, createLine, commentLine, "journal checked_in"}, "", ""},
		"what is back is spun":        {back(), asListed, []string{listLine, "journal checked_in", settingsLine, createLine, commentLine, "journal checked_in"}, "", ""},
		"what is not to be spun is not": {back(), func(c *pam.Credential) { c.AutoSpin = false },
			[]string{listLine, "journal checked_in"}, "", SpinNotAutoSpin},
		"what somebody holds waits": {back(), func(c *pam.Credential) { c.CheckedOutBy = `EX\erin` }, []string{listLine}, pam.ErrCheckedOut, ""},
		"what is gone is let go":    {back(), func(c *pam.Credential) { c.Account = "other" }, []string{listLine, "journal checked_in"}, "", SpinGone},
	}
	for name, tt := range tests {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			e, source, _ := newFake(spinRules())
			listed(source, tt.change)
			got, err := e.Recover(t.Context(), tt.c)
			if classOf(err) != tt.err || got.Spin.Reason != tt.reason {
				t.Errorf("got %v, %+v", err, got.Spin)
			}
			if diff := cmp.Diff(tt.log, source.asked); diff != "" {
				t.Errorf("order (-want +got):\n%s", diff)
			}
		})
	}
	e, source, _ := newFake(spinRules())
	e.Service = "lab.example.com"
	elsewhere := back()
	elsewhere.Service = "pam.example.com"
	if _, err := e.Recover(t.Context(), elsewhere); !errors.Is(err, pam.ErrUsage) || len(source.asked) > 0 {
		t.Errorf("got %v after %q", err, source.asked)
	}
}

func TestFindCheckoutNamesAllOfThem(t *testing.T) {
	t.Parallel()
	if got, err := FindCheckout([]pam.Checkout{back()}, "id"); got.ID != "id1" || err != nil {
		t.Errorf("%+v, %v", got, err)
	}
	if _, err := FindCheckout(nil, "id"); !errors.Is(err, pam.ErrNotFound) || !strings.Contains(hintsOf(err), "--all") {
		t.Errorf("got %v", err)
	}
}

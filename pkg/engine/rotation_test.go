package engine

import (
	"context"
	"strings"
	"testing"
	"time"

	"github.com/redim-tools/redim/pkg/pam"
)

// skewed is a service whose clock is so far ahead.
type skewed time.Duration

func (s skewed) ClockOffset() (time.Duration, bool) { return time.Duration(s), true }
func (skewed) Unattested() []string                 { return nil }

func TestARotationIsWhatTheJobAndTheCredentialTell(t *testing.T) {
	t.Parallel()
	at := moment() // of the check-in
	type facts struct {
		spinJob  int64
		noSpin   string
		job      pam.JobState
		message  string
		jobErr   error
		before   time.Time // last changed, at the look-up
		now      time.Time // and at present
		unlisted bool
		ahead    time.Duration
	}
	tests := map[string]struct {
		facts  facts
		want   RotationState
		reason string
	}{
		"the job succeeded and the password is newer":     {facts{spinJob: 5, job: pam.JobSucceeded, now: at.Add(time.Second)}, Rotated, "job 5"},
		"in the same second":                              {facts{spinJob: 5, job: pam.JobSucceeded, now: at}, Rotated, "job 5"},
		"the service's clock is behind":                   {facts{spinJob: 5, job: pam.JobSucceeded, now: at.Add(-time.Hour), ahead: -time.Hour}, Rotated, "job 5"},
		"the service's clock is ahead, and it is older":   {facts{spinJob: 5, job: pam.JobSucceeded, now: at.Add(time.Minute), ahead: time.Hour}, RotationFailed, "before the check-in"},
		"the job succeeded and the password is older":     {facts{spinJob: 5, job: pam.JobSucceeded, now: at.Add(-time.Hour)}, RotationFailed, "last changed before the check-in, at 2026-03-01T08:00:00Z"},
		"it is as it was at the look-up":                  {facts{spinJob: 5, job: pam.JobSucceeded, before: at, now: at}, RotationFailed, "before the check-in"},
		"nobody tells when it was changed":                {facts{spinJob: 5, job: pam.JobSucceeded}, RotationUnprovable, "does not tell when"},
		"the credential is not listed":                    {facts{spinJob: 5, job: pam.JobSucceeded, unlisted: true}, RotationUnprovable, "can't be looked at"},
		"the job waits":                                   {facts{spinJob: 5, job: pam.JobScheduled}, RotationPending, "job 5 is scheduled"},
		"the job runs":                                    {facts{spinJob: 5, job: pam.JobRunning}, RotationPending, "job 5 is running"},
		"the job is in a state of its own":                {facts{spinJob: 5, job: "9"}, RotationPending, "job 5 is 9"},
		"the job failed":                                  {facts{spinJob: 5, job: pam.JobFailed, message: "no route"}, RotationFailed, "job 5 failed: no route"},
		"the job failed without a word":                   {facts{spinJob: 5, job: pam.JobFailed}, RotationFailed, "job 5 failed"},
		"the job failed and somebody else changed it":     {facts{spinJob: 5, job: pam.JobFailed, now: at.Add(time.Hour)}, Rotated, "after the check-in; job 5 failed"},
		"the job can't be read":                           {facts{spinJob: 5, jobErr: refusal(pam.ErrUnreachable)}, RotationUnprovable, "job 5 can't be read"},
		"a job without an id":                             {facts{}, RotationPending, "did not tell"},
		"a job without an id that did its work":           {facts{now: at.Add(time.Hour)}, Rotated, "after the check-in; "},
		"no job by rule":                                  {facts{noSpin: "not_random"}, RotationNotAsked, "not_random"},
		"no template":                                     {facts{noSpin: "no_template"}, RotationNotAsked, "no_template"},
		"the service had taken it back":                   {facts{noSpin: "not_checked_out"}, RotationNotAsked, "not_checked_out"},
		"the template was missing":                        {facts{noSpin: "template_missing"}, RotationFailed, "no job could be created: template_missing"},
		"jobs were not permitted":                         {facts{noSpin: "not_permitted"}, RotationFailed, "no job could be created: not_permitted"},
		"creating it failed":                              {facts{noSpin: "failed"}, RotationFailed, "no job could be created: failed"},
		"creating it was interrupted":                     {facts{noSpin: pam.SpinUnknown}, RotationUnprovable, "interrupted"},
		"creating it was interrupted, and it was changed": {facts{noSpin: pam.SpinUnknown, now: at.Add(time.Hour)}, Rotated, "after the check-in; "},
	}
	for name, tt := range tests {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			e, source, _ := newFake(spinRules())
			e.Facts = skewed(tt.facts.ahead)
			listed(source, func(c *pam.Credential) { c.LastChanged = tt.facts.now })
			if tt.facts.unlisted {
				source.tell(`EX\alice`, "stored web01", answer{})
			}
			source.status = func(_ context.Context, id int64) (pam.Job, error) {
				return pam.Job{ID: id, State: tt.facts.job, Message: tt.facts.message}, tt.facts.jobErr
			}
			c := back()
			c.SpinJob, c.NoSpin, c.Credential.LastChanged = tt.facts.spinJob, tt.facts.noSpin, tt.facts.before
			got := e.Rotation(t.Context(), c)
			if got.State != tt.want || !strings.Contains(got.Reason, tt.reason) || !got.Changed.Equal(tt.facts.now) {
				t.Errorf("got %+v, want %s: %s", got, tt.want, tt.reason)
			}
		})
	}
}

func TestWhatIsNotBackIsNotRotated(t *testing.T) {
	t.Parallel()
	for _, state := range []pam.CheckoutState{pam.CheckoutIntended, pam.CheckoutOpen, pam.CheckoutRefused, pam.CheckoutRead} {
		e, source, _ := newFake(spinRules())
		c := back()
		c.State = state
		if got := e.Rotation(t.Context(), c); got.State != RotationNotAsked || got.Reason == "" || len(source.asked) != 0 {
			t.Errorf("%s: %+v, asked %q", state, got, source.asked)
		}
	}
}

func TestARotationOfAnotherServiceIsNotAskedOfThisOne(t *testing.T) {
	t.Parallel()
	e, source, _ := newFake(spinRules())
	e.Service = "lab.example.com"
	c := back()
	c.Service, c.SpinJob = "pam.example.com", 5
	if got := e.Rotation(t.Context(), c); got.State != RotationUnprovable || len(source.asked) != 0 {
		t.Errorf("%+v, asked %q", got, source.asked)
	}
}

package engine

import (
	"context"
	"strconv"
	"time"

	"github.com/redim-tools/redim/pkg/pam"
)

// RotationState tells in a word whether the password that a checkout gave out
// is still worth something.
type RotationState string

// The states of a rotation.
const (
	Rotated            RotationState = "rotated"   // the password was changed after the check-in
	RotationPending    RotationState = "pending"   // a job is to change it, and has not yet
	RotationFailed     RotationState = "failed"    // it should have been changed, and was not
	RotationNotAsked   RotationState = "not_asked" // no job was created, by rule
	RotationUnprovable RotationState = "unknown"   // nobody can tell, for now or ever
)

// Rotation is what became of a checkout's password after its check-in.
type Rotation struct {
	State   RotationState
	Reason  string
	Job     pam.Job   // as the service has it; its ID is 0 when there is none or it could not be read
	Changed time.Time // when the service last changed the password; zero when it does not tell
}

// clockSlack is how well the service's clock is known: its Date header has
// whole seconds.
const clockSlack = 2 * time.Second

// Rotation finds out whether the password of c was changed after c was given
// back: from the job, and from when the service last changed the password. What
// can't be asked is told in the reason.
func (e *Engine) Rotation(ctx context.Context, c pam.Checkout) Rotation {
	if r, known := KnownRotation(c); known {
		return r
	}
	if err := e.holds(c); err != nil {
		return Rotation{State: RotationUnprovable, Reason: err.Error()}
	}
	facts := rotationFacts{checkout: c}
	if c.SpinJob != 0 {
		facts.job, facts.jobErr = e.Source.JobStatus(ctx, e.Delegation, c.SpinJob)
	}
	now, err := e.present(ctx, c)
	facts.changed, facts.listErr = now.LastChanged, err
	if e.Facts != nil {
		facts.ahead, _ = e.Facts.ClockOffset()
	}
	return facts.judge()
}

// KnownRotation is what nobody has to be asked for.
func KnownRotation(c pam.Checkout) (r Rotation, known bool) {
	if c.State == pam.CheckoutCheckedIn {
		return Rotation{}, false
	}
	return Rotation{State: RotationNotAsked, Reason: notBack(c.State)}, true
}

// Job tells how far a job has come.
func (e *Engine) Job(ctx context.Context, id int64) (pam.Job, error) {
	return e.Source.JobStatus(ctx, e.Delegation, id)
}

func notBack(s pam.CheckoutState) string {
	switch s {
	case pam.CheckoutRefused:
		return "it was refused, and nothing was checked out"
	case pam.CheckoutRead:
		return "it was read without a check-out"
	}
	return "it is not given back yet"
}

// rotationFacts are what a rotation is judged by.
type rotationFacts struct {
	checkout pam.Checkout
	job      pam.Job
	jobErr   error
	changed  time.Time
	listErr  error
	ahead    time.Duration // the service's clock
}

// proven reports whether the password was changed after the check-in.
func (f rotationFacts) proven() bool {
	back := f.checkout.Back.Add(f.ahead).Add(-clockSlack)
	return !f.changed.IsZero() && !f.checkout.Back.IsZero() && f.changed.After(back) && f.changed.After(f.checkout.Credential.LastChanged)
}

func (f rotationFacts) judge() Rotation {
	r := Rotation{Job: f.job, Changed: f.changed}
	if f.checkout.SpinJob == 0 {
		r.State, r.Reason = f.withoutJob()
	} else {
		r.State, r.Reason = f.withJob()
	}
	if f.proven() && r.State != Rotated {
		r.State, r.Reason = Rotated, "it was changed after the check-in; "+r.Reason
	}
	return r
}

func (f rotationFacts) withoutJob() (RotationState, string) {
	switch reason := SpinReason(f.checkout.NoSpin); reason {
	case "":
		return RotationPending, "a job was created, whose id the service did not tell"
	case SpinUnknown:
		return RotationUnprovable, "there may be a job or none: it was interrupted"
	case SpinFailed, SpinTemplateMissing, SpinNotPermitted:
		return RotationFailed, "no job could be created: " + string(reason)
	default:
		return RotationNotAsked, string(reason)
	}
}

func (f rotationFacts) withJob() (RotationState, string) {
	name := "job " + strconv.FormatInt(f.checkout.SpinJob, 10)
	switch {
	case f.jobErr != nil:
		return RotationUnprovable, name + " can't be read: " + f.jobErr.Error()
	case f.job.State == pam.JobFailed && f.job.Message != "":
		return RotationFailed, name + " failed: " + f.job.Message
	case f.job.State == pam.JobFailed:
		return RotationFailed, name + " failed"
	case f.job.State != pam.JobSucceeded:
		return RotationPending, name + " is " + string(f.job.State)
	case f.proven():
		return Rotated, name
	case f.listErr != nil:
		return RotationUnprovable, name + " succeeded, but the credential can't be looked at: " + f.listErr.Error()
	case f.changed.IsZero():
		return RotationUnprovable, name + " succeeded, but the service does not tell when the password was changed"
	}
	return RotationFailed, name + " says that it succeeded, but the password was last changed before the check-in, at " + f.changed.UTC().Format(time.RFC3339)
}

package vault_test

import (
	"context"
	"errors"
	"strings"
	"testing"
	"time"

	"github.com/redim-tools/redim/pkg/audit"
	"github.com/redim-tools/redim/pkg/pam"
	"github.com/redim-tools/redim/pkg/secret"
	"github.com/redim-tools/redim/pkg/vault"
)

// fakeRotator uses what is proposed, unless it fails or gives something else.
type fakeRotator struct {
	orders []vault.RotationOrder // with copies of the secrets
	fail   error
	give   secret.Value
	during func()
}

func (r *fakeRotator) Rotate(_ context.Context, o vault.RotationOrder) (secret.Value, error) {
	if r.during != nil {
		r.during()
	}
	copied := func(v secret.Value) (c secret.Value) {
		_ = v.Reveal(func(b []byte) error { c = secret.FromString(string(b)); return nil })
		return c
	}
	r.orders = append(r.orders, vault.RotationOrder{Credential: o.Credential, Old: copied(o.Old), Proposed: copied(o.Proposed)})
	if r.fail != nil {
		return secret.Value{}, r.fail
	}
	if !r.give.IsEmpty() {
		return copied(r.give), nil
	}
	return copied(o.Proposed), nil
}

// newRotating is a world with a credential web01/root whose policy has a rotator.
func newRotating(t *testing.T) (*world, *fakeRotator, vault.Credential) {
	t.Helper()
	w, r := newWorld(t), &fakeRotator{}
	w.Service = w.open(map[string]vault.Rotator{"script": r})
	w.policy(vault.PolicyEdit{Name: new("turning"), Rotator: new("script")})
	return w, r, w.credential("web01/root", "turning")
}

// giveBack checks web01/root out and in again.
func (w *world) giveBack(ask vault.Ask) {
	w.Helper()
	c, _, err := w.checkOut(ask, "web01/root", 0)
	if err != nil {
		w.Fatal(err)
	}
	e, _ := w.engine(ask)
	if _, err := e.CheckIn(w.Context(), c); err != nil {
		w.Error(err)
	}
}

// waits tells whether a rotation of the credential is due, and how often it was tried.
func (w *world) waits(c vault.Credential) (due bool, tries int64) {
	w.Helper()
	d, err := w.DueRotation(w.Context(), c.ID)
	if err != nil && !errors.Is(err, vault.ErrAbsent) {
		w.Fatal(err)
	}
	return err == nil, d.Tries
}

func TestARotatorIsCalledAfterACheckIn(t *testing.T) {
	t.Parallel()
	w, r, c := newRotating(t)
	first := canary + " of web01/root"
	w.giveBack(vault.Ask{Actor: admin("alice")})
	_, second, err := w.checkOut(vault.Ask{Actor: admin("bob")}, "web01/root", 0)
	if due, _ := w.waits(c); err != nil || due || second == first || len(r.orders) != 1 || reveal(t, r.orders[0].Old) != first {
		t.Fatalf("due %v, %d calls, %v", due, len(r.orders), err)
	}
	w.pass(9 * time.Hour)
	if done, err := w.Maintain(t.Context()); err != nil || done.Expired != 1 || done.Rotated != 1 || done.Unrotated != 0 {
		t.Errorf("%+v, %v", done, err)
	}
	_, third, err := w.checkOut(vault.Ask{Actor: admin("bob")}, "web01/root", 0)
	if err != nil || third == second || reveal(t, r.orders[1].Old) != second {
		t.Error(err)
	}
	for _, proposed := range []string{second, third} {
		if len(proposed) != 28 || !strings.ContainsAny(proposed, "23456789") || !strings.ContainsAny(proposed, "-_.+=~^") || strings.ToLower(proposed) == proposed {
			t.Error("a proposed secret is not what rules for passwords ask for")
		}
	}
	if !strings.Contains(w.kinds(), "checkin.outcome:done credential.rotated ") {
		t.Error(w.kinds())
	}
	w.intact()
}

func TestARotationThatWasCutShortGoesOnWithTheSameProposal(t *testing.T) {
	t.Parallel()
	w, r, c := newRotating(t)
	w.giveBack(vault.Ask{Actor: admin("alice"), Later: true}) // and was killed then
	if due, tries := w.waits(c); !due || tries != 0 {
		t.Fatal("nothing is due")
	}
	r.during = func() { w.store.fail = errors.New("cut") } // the new secret can't be kept
	if done, err := w.CatchUp(t.Context()); err != nil || done.Rotated != 0 || done.Unrotated != 1 {
		t.Fatalf("%+v, %v", done, err)
	}
	r.during = nil
	if done, err := w.Maintain(t.Context()); err != nil || done.Rotated+done.Unrotated != 0 {
		t.Errorf("it does not wait a little: %+v, %v", done, err)
	}
	w.pass(time.Minute)
	w.Service = w.open(map[string]vault.Rotator{"script": r})
	if done, err := w.CatchUp(t.Context()); err != nil || done.Rotated != 1 {
		t.Errorf("%+v, %v", done, err)
	}
	if len(r.orders) != 2 || !r.orders[0].Proposed.Equal(r.orders[1].Proposed) || !r.orders[0].Old.Equal(r.orders[1].Old) {
		t.Errorf("%d orders, and they differ", len(r.orders))
	}
	_, got, err := w.checkOut(vault.Ask{Actor: admin("bob")}, "web01/root", 0)
	if err != nil || got != reveal(t, r.orders[0].Proposed) {
		t.Error(err)
	}
	w.intact()
}

func TestWhileARotatorRunsNobodyChecksOutAndNobodyElseRuns(t *testing.T) {
	t.Parallel()
	w, r, c := newRotating(t)
	other := w.open(map[string]vault.Rotator{"script": &fakeRotator{fail: errors.New("called twice")}})
	calls := 0
	r.during = func() {
		calls++
		_, _, err := w.checkOut(vault.Ask{Actor: admin("bob")}, "web01/root", 0)
		refused(t, err, pam.ErrConflict, "is getting a new secret")
		if done, err := other.Maintain(t.Context()); err != nil || done.Rotated+done.Unrotated != 0 {
			t.Errorf("%+v, %v", done, err)
		}
	}
	w.giveBack(vault.Ask{Actor: admin("alice")})
	if due, _ := w.waits(c); due || calls != 1 {
		t.Errorf("due %v after %d calls", due, calls)
	}
	// A process that was killed while its rotator ran stops nobody for long.
	w.giveBack(vault.Ask{Actor: admin("alice"), Later: true})
	d := w.store.state.due[c.ID]
	d.Running, d.Look = true, w.now.Add(time.Minute)
	w.store.state.due[c.ID] = d
	_, _, err := w.checkOut(vault.Ask{Actor: admin("bob")}, "web01/root", 0)
	refused(t, err, pam.ErrConflict, "is getting a new secret")
	w.pass(time.Minute)
	if _, _, err := w.checkOut(vault.Ask{Actor: admin("bob")}, "web01/root", 0); err != nil {
		t.Error(err)
	}
}

func TestWhatIsHeldIsRotatedWhenTheLastHasGivenItBack(t *testing.T) {
	t.Parallel()
	w, r, c := newRotating(t)
	if _, _, err := w.EditPolicy(t.Context(), admin("root"), "turning", 0, vault.PolicyEdit{Exclusive: new(false)}); err != nil {
		t.Fatal(err)
	}
	alice, bob := vault.Ask{Actor: admin("alice")}, vault.Ask{Actor: admin("bob")}
	held, _, err := w.checkOut(alice, "web01/root", time.Hour)
	if err != nil {
		t.Fatal(err)
	}
	w.giveBack(bob)
	if done, err := w.Maintain(t.Context()); err != nil || done.Rotated+done.Unrotated != 0 || len(r.orders) != 0 {
		t.Errorf("%+v, %v, %d calls", done, err, len(r.orders))
	}
	e, _ := w.engine(alice)
	if _, err := e.CheckIn(t.Context(), held); err != nil {
		t.Error(err)
	}
	if due, _ := w.waits(c); due || len(r.orders) != 1 {
		t.Errorf("due %v after %d calls", due, len(r.orders))
	}
}

func TestARotatorThatFailsIsTriedAgainLaterAndLater(t *testing.T) {
	t.Parallel()
	w, r, c := newRotating(t)
	for name, how := range map[string]fakeRotator{
		"unreachable": {fail: pam.Failf(pam.ErrUnreachable, "no way")}, "protocol": {give: secret.FromString(canary + " of web01/root")},
	} {
		w.store.state.due = map[string]vault.DueRotation{}
		*r = how
		w.giveBack(vault.Ask{Actor: admin("alice")})
		if !strings.HasSuffix(w.kinds(), "credential.rotated:"+name) {
			t.Error(w.kinds())
		}
		for n := range int64(12) {
			if due, tries := w.waits(c); !due || tries != n+1 {
				t.Fatalf("due %v after %d tries", due, tries)
			}
			wait := min(time.Minute<<n, 6*time.Hour)
			w.pass(wait - time.Second)
			if done, err := w.CatchUp(t.Context()); err != nil || done.Unrotated != 0 {
				t.Errorf("%+v, %v after less than %s", done, err, wait)
			}
			w.pass(time.Second)
			if done, err := w.CatchUp(t.Context()); err != nil || done.Unrotated != 1 {
				t.Errorf("%+v, %v after %s", done, err, wait)
			}
		}
	}
	last := w.store.state.records[len(w.store.state.records)-1].Event
	if last.Kind != audit.CredentialRotated || last.Comment == "" || strings.Contains(last.Comment, "c4nary") {
		t.Errorf("%+v", last)
	}
	w.intact()
}

func TestARotationThatNobodyAsksForAnyMoreIsDropped(t *testing.T) {
	t.Parallel()
	fresh := vault.CredentialEdit{Secret: secret.FromString(canary + " changed by hand")}
	for name, do := range map[string]func(*world) error{
		"a new secret came otherwise": func(w *world) error {
			_, err := w.EditCredential(w.Context(), admin("root"), "web01/root", 0, fresh)
			return err
		},
		"its policy has no rotator now": func(w *world) error {
			_, _, err := w.EditPolicy(w.Context(), admin("root"), "turning", 0, vault.PolicyEdit{Rotator: new("none")})
			return err
		},
	} {
		w, r, c := newRotating(t)
		w.giveBack(vault.Ask{Actor: admin("alice"), Later: true})
		if err := do(w); err != nil {
			t.Errorf("%s: %v", name, err)
		}
		done, err := w.Maintain(t.Context())
		if due, _ := w.waits(c); err != nil || due || done.Rotated+done.Unrotated+len(r.orders) != 0 {
			t.Errorf("%s: due %v, %+v, %d calls, %v", name, due, done, len(r.orders), err)
		}
	}
}

func TestARotatorThatIsNotKnownHereIsLeftToOthersAndNotPutIntoAPolicy(t *testing.T) {
	t.Parallel()
	w, r, c := newRotating(t)
	w.giveBack(vault.Ask{Actor: admin("alice"), Later: true})
	before := len(w.store.state.records)
	elsewhere := w.open(map[string]vault.Rotator{"other": r})
	if done, err := elsewhere.Maintain(t.Context()); err != nil || done.Unrotated != 1 || len(w.store.state.records) != before {
		t.Errorf("%+v, %v", done, err)
	}
	if done, err := w.open().CatchUp(t.Context()); err != nil || done.Unrotated != 0 {
		t.Errorf("%+v, %v", done, err)
	}
	if due, tries := w.waits(c); !due || tries != 0 {
		t.Errorf("due %v, %d tries", due, tries)
	}
	_, err := elsewhere.CreatePolicy(t.Context(), admin("root"), vault.PolicyEdit{Name: new("x"), Rotator: new("script")})
	refused(t, err, pam.ErrUsage, "there are: other")
	_, _, err = w.open().EditPolicy(t.Context(), admin("root"), "turning", 0, vault.PolicyEdit{Rotator: new("scripts")})
	refused(t, err, pam.ErrUsage, "there is none here yet")
	if _, _, err := w.open().EditPolicy(t.Context(), admin("root"), "turning", 0, vault.PolicyEdit{Description: new("what it has may stay")}); err != nil {
		t.Error(err)
	}
}

func TestARehearsedCheckInCallsNoRotator(t *testing.T) {
	t.Parallel()
	w, r, _ := newRotating(t)
	ask := vault.Ask{Actor: admin("alice")}
	c, _, err := w.checkOut(ask, "web01/root", 0)
	if err != nil {
		t.Fatal(err)
	}
	session, err := w.Rehearse().Session(ask)
	if err != nil {
		t.Fatal(err)
	}
	if err := session.CheckIn(t.Context(), c.Identity, c.Credential, ""); err != nil || len(r.orders) > 0 {
		t.Errorf("%d calls, %v", len(r.orders), err)
	}
}

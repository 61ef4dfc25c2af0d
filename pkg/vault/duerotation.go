package vault

import (
	"context"
	"crypto/rand"
	"errors"
	"time"

	"github.com/redim-tools/redim/pkg/audit"
	"github.com/redim-tools/redim/pkg/pam"
	"github.com/redim-tools/redim/pkg/secret"
)

// DueRotation says that a credential is to get a new secret, because somebody who
// knew it has given it back. It is kept in the unit that ends the lease, and
// until the new secret is: whoever looks next goes on with it.
type DueRotation struct {
	CredentialID string
	Salt         []byte // what the next secret is proposed with, the same at every try
	Since        time.Time
	Tries        int64
	Running      bool      // a rotator is at work
	Look         time.Time // when somebody may try; while it runs, when it can't any more
}

// RotationReader reads what is due.
type RotationReader interface {
	DueRotation(ctx context.Context, credentialID string) (DueRotation, error)
	// DueRotations lists those whose time to look is before this, the first to
	// be looked at first.
	DueRotations(ctx context.Context, before time.Time, limit int) ([]DueRotation, error)
}

// RotationWriter writes what is due. It goes with its credential.
type RotationWriter interface {
	AddDueRotation(ctx context.Context, d DueRotation) error // ErrTaken when the credential has one
	// ChangeDueRotation is ErrStale unless its time to look is still was.
	ChangeDueRotation(ctx context.Context, d DueRotation, was time.Time) error
	RemoveDueRotation(ctx context.Context, credentialID string) error // none is fine
}

// Rotator gives a credential a new secret where it is used, and returns it.
type Rotator interface {
	Rotate(ctx context.Context, order RotationOrder) (secret.Value, error)
}

// RotationOrder is what a rotator works with. A rotator that uses the proposed
// secret may be cut short at any instant: the next try proposes the same.
type RotationOrder struct {
	Credential Credential
	Old        secret.Value
	Proposed   secret.Value // empty for kinds that can't be made here, such as keys
}

// The times of rotations.
const (
	RotatorTime  = time.Minute     // how long a rotator may take
	rotatorGone  = 2 * RotatorTime // from then on it can't be at work any more
	firstRetry   = time.Minute     // doubled with each try
	longestRetry = 6 * time.Hour
)

// dueAfter notes, in the unit that ends a lease, that the credential is to get a
// new secret, where its policy says so.
func (s *Service) dueAfter(ctx context.Context, tx Tx, l Lease) error {
	_, policy, err := ruleOf(ctx, tx, l.CredentialID)
	if err != nil || policy.Rotator == "" {
		return err
	}
	d := DueRotation{CredentialID: l.CredentialID, Salt: make([]byte, 32), Since: s.now(), Look: s.now()}
	_, _ = rand.Read(d.Salt) // never fails: it ends the process instead
	err = tx.AddDueRotation(ctx, d)
	if !errors.Is(err, ErrTaken) {
		return err
	}
	before, err := tx.DueRotation(ctx, l.CredentialID)
	if err != nil || before.Running {
		return err
	}
	was := before.Look
	before.Look = s.now()
	if err := tx.ChangeDueRotation(ctx, before, was); !errors.Is(err, ErrStale) {
		return err
	}
	return nil // somebody is at it
}

// ruleOf reads a credential with its policy. One that is not there has no rules.
func ruleOf(ctx context.Context, r Reader, credentialID string) (c Credential, p Policy, err error) {
	if c, err = r.Credential(ctx, credentialID); err == nil {
		p, err = policyFor(ctx, r, c)
	}
	if errors.Is(err, ErrAbsent) {
		return c, Policy{}, nil
	}
	return c, p, err
}

// DueRotation is the rotation that a credential waits for; ErrAbsent when it
// waits for none.
func (s *Service) DueRotation(ctx context.Context, credentialID string) (DueRotation, error) {
	return view(ctx, s, func(ctx context.Context, r Reader) (DueRotation, error) { return r.DueRotation(ctx, credentialID) })
}

// rotateDue calls the rotators whose time has come, at most so many, and reports
// how many credentials have a new secret and how many still wait for one.
func (s *Service) rotateDue(ctx context.Context, most int) (done, failed int, err error) {
	for done+failed < most {
		mine, unknown, err := s.claimRotation(ctx, "")
		if err != nil || mine.CredentialID == "" {
			return done, failed + unknown, err
		}
		switch ok, err := s.rotateOne(ctx, mine); {
		case err != nil:
			return done, failed + 1, err
		case ok:
			done++
		default:
			failed++
		}
	}
	return done, failed, nil
}

// rotateNow calls the rotator of one credential, right after it was given back.
func (s *Service) rotateNow(ctx context.Context, credentialID string) error {
	if s.rehearses() {
		return nil
	}
	mine, _, err := s.claimRotation(ctx, credentialID)
	if err != nil || mine.CredentialID == "" {
		return err
	}
	_, err = s.rotateOne(ctx, mine)
	return err
}

// claimRotation takes one rotation whose time has come, so that nobody else does
// it meanwhile; of one credential, or of any for the empty id. It leaves alone
// what somebody holds now, and counts what this program has no rotator for.
func (s *Service) claimRotation(ctx context.Context, credentialID string) (mine DueRotation, unknown int, err error) {
	err = s.store.Update(ctx, func(ctx context.Context, tx Tx) error {
		mine, unknown = DueRotation{}, 0
		all, err := s.dueNow(ctx, tx, credentialID)
		for _, d := range all {
			ready, known, err := s.ready(ctx, tx, d)
			if err != nil {
				return err
			}
			if !known {
				unknown++
			}
			if !ready {
				continue
			}
			was := d.Look
			d.Running, d.Tries, d.Look = true, d.Tries+1, s.now().Add(rotatorGone)
			if err := tx.ChangeDueRotation(ctx, d, was); !errors.Is(err, ErrStale) {
				mine = d
				return err
			}
		}
		return err
	})
	return mine, unknown, err
}

// dueNow lists what may be tried now, of one credential or of any.
func (s *Service) dueNow(ctx context.Context, r RotationReader, credentialID string) ([]DueRotation, error) {
	if credentialID == "" {
		return r.DueRotations(ctx, s.now().Add(time.Microsecond), MaxPage)
	}
	d, err := r.DueRotation(ctx, credentialID)
	if errors.Is(err, ErrAbsent) || err == nil && s.now().Before(d.Look) {
		return nil, nil
	}
	return []DueRotation{d}, err
}

// ready reports whether a rotation can be tried now, and whether there is a
// rotator for it. One that no policy asks for any more is dropped; one whose
// credential is held waits for that to end.
func (s *Service) ready(ctx context.Context, tx Tx, d DueRotation) (ready, known bool, err error) {
	c, policy, err := ruleOf(ctx, tx, d.CredentialID)
	if err != nil {
		return false, true, err
	}
	if policy.Rotator == "" || !c.Source.Here() {
		return false, true, tx.RemoveDueRotation(ctx, d.CredentialID)
	}
	if _, known := s.rotators[policy.Rotator]; !known {
		return false, false, nil
	}
	if _, err := tx.LockCredential(ctx, d.CredentialID); err != nil {
		return false, true, err
	}
	open, err := openLeases(ctx, tx, d.CredentialID, s.now())
	if err != nil || len(open) == 0 {
		return err == nil, true, err
	}
	was := d.Look
	d.Running, d.Look = false, open[len(open)-1].Due
	if err := tx.ChangeDueRotation(ctx, d, was); !errors.Is(err, ErrStale) {
		return false, true, err
	}
	return false, true, nil
}

// rotateOne calls the rotator. Its failure is kept as an event, and maintenance
// tries again; the error is one of the store.
func (s *Service) rotateOne(ctx context.Context, d DueRotation) (ok bool, err error) {
	var policy Policy
	var c Credential
	err = s.store.View(ctx, func(ctx context.Context, r Reader) (err error) {
		c, policy, err = ruleOf(ctx, r, d.CredentialID)
		return err
	})
	if err != nil || policy.Rotator == "" {
		return false, err
	}
	failure := s.callRotator(ctx, d, c, policy.Rotator)
	if failure == nil {
		return true, nil
	}
	return false, s.store.Update(context.WithoutCancel(ctx), func(ctx context.Context, tx Tx) error {
		later := d
		later.Running, later.Look = false, s.now().Add(min(firstRetry<<min(d.Tries-1, 12), longestRetry))
		if err := tx.ChangeDueRotation(ctx, later, d.Look); err != nil && !errors.Is(err, ErrStale) {
			return err
		}
		e := s.credentialEvent(audit.CredentialRotated, vaultActor(), c)
		e.Outcome, e.Policy, e.Comment = string(classOf(failure)), policy.Name, shortened("rotator "+policy.Rotator+": "+failure.Error())
		return s.record(ctx, tx, e)
	})
}

// callRotator has a rotator change the secret, and keeps the new one. The
// rotation is over with that, see freshSecret.
func (s *Service) callRotator(ctx context.Context, d DueRotation, c Credential, rotator string) error {
	order, err := s.order(ctx, d, c)
	if err != nil {
		return err
	}
	defer order.Old.Wipe()
	defer order.Proposed.Wipe()
	limited, cancel := context.WithTimeout(ctx, RotatorTime)
	defer cancel()
	fresh, err := s.rotators[rotator].Rotate(limited, order)
	if err != nil {
		return err
	}
	defer fresh.Wipe()
	if fresh.IsEmpty() || fresh.Equal(order.Old) {
		return pam.Failf(pam.ErrProtocol, "it gave no new secret").WithHint("a rotator writes the new secret to its standard output, and nothing else")
	}
	_, err = s.EditCredential(context.WithoutCancel(ctx), vaultActor(), c.ID, 0, CredentialEdit{Secret: fresh})
	return err
}

// order opens the present secret and proposes the next.
func (s *Service) order(ctx context.Context, d DueRotation, c Credential) (RotationOrder, error) {
	order := RotationOrder{Credential: c}
	if c.Kind == KindPassword || c.Kind == KindToken {
		order.Proposed = s.propose(d, c)
	}
	if c.Secret == 0 {
		return order, nil
	}
	version, err := view(ctx, s, func(ctx context.Context, r Reader) (SecretVersion, error) {
		return r.SecretVersion(ctx, c.ID, c.Secret)
	})
	if err != nil {
		return order, err
	}
	key, err := s.ring.find(ctx, version.WrappedBy)
	if err != nil {
		return order, err
	}
	order.Old, err = openSecret(key, version)
	return order, err
}

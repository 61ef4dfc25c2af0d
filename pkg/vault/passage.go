package vault

import (
	"cmp"
	"context"
	"errors"
	"time"

	"github.com/redim-tools/redim/pkg/audit"
	"github.com/redim-tools/redim/pkg/engine"
	"github.com/redim-tools/redim/pkg/pam"
)

// PassageState is how far a check-out at another service has come.
type PassageState string

// The states of a passage. Once its credential is back there, it is removed.
const (
	PassageAsked PassageState = "asked" // it may be checked out there
	PassageHeld  PassageState = "held"  // it is
	PassageOwed  PassageState = "owed"  // its lease has ended, and it is to be given back there
)

// Passage is what a lease holds at the service that its credential comes from.
type Passage struct {
	LeaseID      string
	CredentialID string
	Source       Source
	State        PassageState
	Checkout     pam.Checkout // there; empty until the service has been found to have it
	Look         time.Time    // when maintenance looks at it next; zero: once its lease has ended
}

// patience is how long a service may take to answer before maintenance gives
// back what was asked of it: more than any request may take.
const patience = 15 * time.Minute

// passing is one check-out that is passed on to another service. It is the
// source and the journal of that service's engine: what the engine writes down
// is the lease and its passage.
type passing struct {
	engine.Source
	session *Session
	service *Service
	actor   Actor
	ready   prepared
	on      Grounds
	lease   Lease
	passage Passage
	hash    string // of the secret that was released; empty: none was
	cause   error  // why none was
	barred  error  // why what the service released is not
}

// passOn checks a credential out where it is kept. The rules are asked first,
// and the lease with its intent is on disk before the service is asked; the
// outcome is before anybody gets the secret.
func (q *Session) passOn(ctx context.Context, intent *pam.Checkout, ready prepared) (outcome, error) {
	out, err := q.attempt(ctx, intent, ready)
	if err != nil || q.service.rehearses() {
		return out, err
	}
	p := &passing{session: q, service: q.service, actor: q.ask.Actor, ready: ready, on: out.on, lease: *out.lease, passage: *out.passage}
	release, err := p.run(ctx)
	return outcome{lease: &p.lease, secret: release.Secret}, err
}

// addLease adds the lease, and the passage of a credential that is kept elsewhere.
func (a *attempt) addLease(ctx context.Context, tx Tx) error {
	if err := tx.AddLease(ctx, a.lease); err != nil || a.credential.Source.Here() {
		return err
	}
	others, err := tx.Passages(ctx, PassageCriteria{CredentialID: a.credential.ID})
	if err != nil {
		return err
	}
	for _, p := range others {
		if p.State == PassageOwed {
			return pam.Failf(pam.ErrConflict, "%s is being given back to %s", a.credential.Ref(), p.Source).
				WithHint("try again in a moment; while that service does not answer, maintenance tries until it does")
		}
	}
	a.passage = &Passage{LeaseID: a.lease.ID, CredentialID: a.credential.ID, Source: a.credential.Source, State: PassageAsked, Look: a.now.Add(patience)}
	return tx.AddPassage(ctx, *a.passage)
}

// resume takes up the passage of a lease that an idempotency key found.
func (a *attempt) resume(ctx context.Context, tx Tx) error {
	if a.credential.Source.Here() {
		return nil
	}
	found, err := tx.Passages(ctx, PassageCriteria{LeaseID: a.lease.ID})
	if err != nil || len(found) == 1 && found[0].State == PassageHeld {
		a.passage = first(found)
		return err
	}
	return pam.Failf(pam.ErrConflict, "checkout %s is being made at this moment", a.lease.ID).WithHint("try again in a moment, with the same key")
}

func first(found []Passage) *Passage {
	if len(found) == 0 {
		return nil
	}
	return &found[0]
}

func (p *passing) run(ctx context.Context) (pam.Release, error) {
	if p.passage.State == PassageHeld {
		return p.again(ctx)
	}
	e, ask, err := p.find(ctx)
	if err != nil {
		return pam.Release{}, errors.Join(fromSource(err), p.refused(ctx, err))
	}
	_, release, err := e.CheckOut(ctx, ask)
	if p.barred != nil {
		return pam.Release{}, p.barred
	}
	if p.cause != nil {
		err = fromSource(err)
	}
	if errors.Is(err, pam.ErrUncertain) {
		return release, fromSource(pam.Failf(classOf(err), "%w", err).WithHint("maintenance gives %s back there by itself; try again in %s", p.lease.Credential, patience))
	}
	return release, err
}

// engine is the other service's, which records with p.
func (p *passing) engine(ctx context.Context) (*engine.Engine, error) {
	e, err := p.service.upstream(ctx, p.passage.Source.Profile)
	if err != nil {
		return nil, err
	}
	p.Source = e.Source
	e.Source, e.Journal, e.NewID = p, p, func() string { return p.lease.ID }
	return e, nil
}

// find asks the other service for the account, as the user that it is for.
func (p *passing) find(ctx context.Context) (*engine.Engine, engine.CheckOutRequest, error) {
	none := engine.CheckOutRequest{}
	e, err := p.engine(ctx)
	if err != nil {
		return nil, none, err
	}
	endpoint, err := pam.ParseEndpoint(p.ready.credential.System, "")
	if err != nil {
		return nil, none, err
	}
	user := e.Delegation
	if p.passage.Source.User != "" {
		if user, err = pam.ParseUser(p.passage.Source.User); err != nil {
			return nil, none, err
		}
	}
	finding, err := e.Find(ctx, engine.FindRequest{User: user, Endpoint: endpoint})
	if err != nil {
		return nil, none, err
	}
	chosen, err := engine.Choose(finding.Credentials, p.ready.credential.Account, "")
	comment := compose(p.lease.Reason, p.lease.Comment)
	return e, engine.CheckOutRequest{Identity: finding.Identity, Credential: chosen, Comment: comment, Ticket: p.lease.Ticket, For: p.lease.Due.Sub(p.lease.At)}, err
}

// CheckOut asks the other service, and notes what it released.
func (p *passing) CheckOut(ctx context.Context, as pam.Identity, c pam.Credential, comment string) (pam.Release, error) {
	release, err := p.Source.CheckOut(ctx, as, c, comment)
	if p.cause = err; err == nil {
		p.hash = p.service.redactor().Hash(release.Secret)
	}
	return release, err
}

// again asks for a secret anew that the same lease holds already: an answer was
// lost, and the vault kept no copy.
func (p *passing) again(ctx context.Context) (pam.Release, error) {
	if _, err := p.engine(ctx); err != nil {
		return pam.Release{}, fromSource(err)
	}
	there := p.passage.Checkout
	release, err := p.CheckOut(ctx, there.Identity, there.Credential, engine.WireComment(there))
	if err != nil {
		return release, fromSource(err)
	}
	if err := p.released(ctx); err != nil {
		release.Secret.Wipe()
		return pam.Release{}, err
	}
	return release, nil
}

// Append keeps what the engine of the other service has to say.
func (p *passing) Append(ctx context.Context, c pam.Checkout) error {
	p.passage.Checkout = c
	switch c.State {
	case pam.CheckoutIntended:
		return p.update(ctx, func(ctx context.Context, tx Tx) error { return tx.ChangePassage(ctx, p.passage) })
	case pam.CheckoutOpen:
		p.passage.State, p.passage.Look = PassageHeld, time.Time{}
		return p.released(ctx)
	case pam.CheckoutRefused:
		return p.refused(ctx, p.cause)
	}
	return p.refused(ctx, cmp.Or(p.barred, error(pam.Failf(pam.ErrJournal, "given back, because its release could not be kept"))))
}

// Open is not asked of it.
func (p *passing) Open(context.Context) ([]pam.Checkout, error) { return nil, nil }

func (p *passing) update(ctx context.Context, work func(context.Context, Tx) error) error {
	return p.service.store.Update(ctx, work)
}

// released records the release of a secret to the holder of the lease, which stands
// on what the lease was decided on: answering may have taken the service long.
func (p *passing) released(ctx context.Context) error {
	return p.update(ctx, func(ctx context.Context, tx Tx) error {
		p.barred = nil
		if err := tx.LockRules(ctx); err != nil {
			return err
		}
		l, err := tx.Lease(ctx, p.lease.ID)
		if err != nil || l.State != LeaseOpen {
			return notHeld(err, p.lease.ID)
		}
		if p.barred, err = p.stands(ctx, tx); err != nil || p.barred != nil {
			return cmp.Or(err, p.barred)
		}
		if err := tx.ChangePassage(ctx, p.passage); err != nil {
			return err
		}
		e := p.service.leaseEvent(audit.CheckoutOutcome, p.actor, l)
		e.Policy, e.Outcome, e.Released = p.ready.policy.Name, audit.OutcomeReleased, p.hash
		return p.service.record(ctx, tx, e)
	})
}

// stands tells why the secret may not be released now, if it may not.
func (p *passing) stands(ctx context.Context, tx Tx) (barred, err error) {
	a := &attempt{Session: p.session}
	a.now, a.actor = p.lease.At, p.actor // the time of the token is that of the lease
	c, err := tx.Credential(ctx, p.lease.CredentialID)
	if err != nil {
		return nil, notHeld(err, p.lease.ID)
	}
	a.credential = &c
	if err = a.rules(ctx, tx); err != nil && !errors.Is(err, ErrUnsure) {
		return nil, err
	}
	if err == nil && a.grounds() == p.on {
		return nil, nil
	}
	if barred = a.admit(); barred == nil {
		barred = pam.Failf(pam.ErrConflict, "the rules of %s, or who asks for it, changed while %s was asked", p.lease.Credential, p.passage.Source).WithHint("try again")
	}
	return barred, nil
}

// refused ends the lease of a check-out that came to nothing. When nothing was
// released there, an approval that it was collected with is given back, and its
// key is free again.
func (p *passing) refused(ctx context.Context, cause error) error {
	return p.update(context.WithoutCancel(ctx), func(ctx context.Context, tx Tx) error {
		l, err := tx.Lease(ctx, p.lease.ID)
		if err != nil || l.State != LeaseOpen {
			return notHeld(err, p.lease.ID)
		}
		l.State, l.Ended, l.Stamp = LeaseReturned, p.service.now(), p.service.touch(l.Stamp, p.actor)
		e := p.service.leaseEvent(audit.CheckoutOutcome, p.actor, l)
		e.Policy, e.Outcome = p.ready.policy.Name, string(classOf(cause))
		events := []audit.Event{e}
		if p.hash == "" {
			l.Key, l.Digest = "", "" // nothing was released: the same question may be asked again
		}
		if l.RequestID != "" && p.hash == "" {
			reopened, err := p.service.reopen(ctx, tx, l)
			if err != nil {
				return err
			}
			events = append(events, reopened)
		}
		if err := errors.Join(tx.ChangeLease(ctx, l), tx.RemovePassage(ctx, l.ID)); err != nil {
			return err
		}
		return p.service.record(ctx, tx, events...)
	})
}

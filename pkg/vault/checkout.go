package vault

import (
	"context"
	"errors"
	"strings"
	"time"

	"github.com/redim-tools/redim/pkg/audit"
	"github.com/redim-tools/redim/pkg/pam"
	"github.com/redim-tools/redim/pkg/secret"
)

// CheckOut obtains a credential. The lease and both events are on disk before
// it returns. ErrPending when an approval is needed first: the request is made
// then, or the one that is pending already is named.
func (q *Session) CheckOut(ctx context.Context, as pam.Identity, c pam.Credential, comment string) (pam.Release, error) {
	intent := q.take(as, c, comment)
	const tries = 5
	for range tries {
		got, err := q.tryCheckOut(ctx, intent)
		if errors.Is(err, errMoved) || errors.Is(err, ErrStale) {
			continue
		}
		if err != nil {
			return pam.Release{}, err
		}
		q.keep(intent.ID, got.lease)
		return pam.Release{Secret: got.secret, Expires: got.lease.Due}, nil
	}
	return pam.Release{}, pam.Failf(pam.ErrConflict, "%s changes again and again", c.Ref()).WithHint("try again in a moment")
}

// prepared is what was read, and opened, before the unit that releases it
// begins. The unit looks whether it is still so.
type prepared struct {
	credential  *Credential
	policy      *Policy
	integration *Integration // of the caller, when it is one and is there
	secret      secret.Value
	hash        string
}

// attempt is one try of a check-out. Each try is a new one.
type attempt struct {
	*Session
	intent *pam.Checkout
	situation
	events  []audit.Event
	request *Request // that is collected or waited for
	lease   Lease
	passage *Passage // of a credential that is kept elsewhere
}

type outcome struct {
	lease   *Lease
	passage *Passage // what is to be asked of another service now
	on      Grounds  // of a lease that has a passage
	request Request  // that is collected or waited for; its id is empty without one
	secret  secret.Value
	err     error // a refusal, which is kept with its events
}

func (q *Session) tryCheckOut(ctx context.Context, intent *pam.Checkout) (outcome, error) {
	ready, err := q.prepare(ctx, intent.Credential, anyAge)
	if err != nil {
		return outcome{}, err
	}
	out, err := q.issue(ctx, intent, ready)
	if errors.Is(err, errUnplain) {
		ready.secret.Wipe()
		if q.ask.Known.Sure() {
			return q.lookInto(ctx, intent)
		}
		return outcome{}, ErrUnsure
	}
	if err != nil {
		ready.secret.Wipe()
	}
	return out, err
}

// errUnplain tells that a check-out has to be looked at inside its unit.
var errUnplain = errors.New("not a plain check-out")

// issue is the short way: a check-out that needs nobody's approval is decided
// before its unit begins. Whether somebody else holds the credential is not
// asked, for the store refuses a second holder; whether a rotator is at work on it
// is asked inside the unit, the long way. What is refused, or is not
// plain, goes the long way.
func (q *Session) issue(ctx context.Context, intent *pam.Checkout, ready prepared) (outcome, error) {
	a := q.begin(intent, ready)
	a.credential = ready.credential
	v := a.decide()
	if !a.ask.Known.of(a.integration, a.now) || v.hold == 0 || a.policy.Approval.Needed > 0 || a.policy.Rotator != "" || a.ask.Request != "" || !a.credential.Source.Here() {
		return outcome{}, errUnplain
	}
	a.lease = a.newLease(v.hold)
	out := a.conclude(ready, nil, a.now)
	err := q.service.store.Issue(ctx, Issue{Lease: a.lease, On: a.grounds().with(q.ask.Known), Events: a.events, Seal: q.service.seal})
	if errors.Is(err, ErrStale) {
		return outcome{}, errUnplain
	}
	return out, err
}

func (s *situation) grounds() Grounds {
	on := Grounds{Credential: s.credential.Edition(), PolicyID: s.policy.ID, Policy: s.policy.Edition()}
	if s.integration != nil {
		on.Integration = s.integration.Edition()
	}
	return on
}

// lookInto is the long way, on what the rules are now.
func (q *Session) lookInto(ctx context.Context, intent *pam.Checkout) (outcome, error) {
	ready, err := q.prepare(ctx, intent.Credential, fresh)
	if err != nil {
		return outcome{}, err
	}
	if !ready.credential.Source.Here() {
		return q.passOn(ctx, intent, ready)
	}
	out, err := q.attempt(ctx, intent, ready)
	if err != nil {
		ready.secret.Wipe()
	}
	return out, err
}

func (q *Session) begin(intent *pam.Checkout, ready prepared) *attempt {
	a := &attempt{Session: q, intent: intent}
	a.now, a.actor = q.service.now(), q.ask.Actor
	a.policy, a.integration = ready.policy, ready.integration
	if !intent.Due.IsZero() {
		a.want = intent.Due.Sub(intent.At)
	}
	return a
}

// attempt decides a check-out inside its unit, where all that can be in its way
// is read, and ended if its time is over; and keeps what came of it.
func (q *Session) attempt(ctx context.Context, intent *pam.Checkout, ready prepared) (outcome, error) {
	var out outcome
	err := q.service.store.Update(ctx, func(ctx context.Context, tx Tx) error {
		a := q.begin(intent, ready)
		var err error
		if out, err = a.run(ctx, tx, ready); a.request != nil {
			out.request = *a.request
		}
		return err
	})
	if errors.Is(err, ErrTaken) {
		err = q.lost(ctx, ready.credential)
	}
	if err == nil {
		err = out.err
	}
	if errors.Is(err, pam.ErrPending) {
		q.keepWait(intent.ID, out.request)
	}
	return out, err
}

// lost tells who was faster at an exclusive lease.
func (q *Session) lost(ctx context.Context, c *Credential) error {
	if q.ask.Key != "" {
		return errMoved // the next try finds the lease that has the key
	}
	open, err := view(ctx, q.service, func(ctx context.Context, r Reader) ([]Lease, error) { return openLeases(ctx, r, c.ID, q.service.now()) })
	if err != nil {
		return err
	}
	if len(open) == 0 {
		return errMoved
	}
	return heldByOther(c, open[0].Holder.Name, open[0].Due)
}

// prepare reads and opens the present secret. What it cost is not spent on the
// store's writer.
func (q *Session) prepare(ctx context.Context, c pam.Credential, use age) (prepared, error) {
	read, err := q.present(ctx, c, use)
	if err != nil {
		return prepared{}, err
	}
	out := prepared{credential: &read.Credential}
	if err := q.rules(ctx, &out, use); err != nil || read.secret.Number == 0 {
		return out, err
	}
	key, err := q.service.ring.find(ctx, read.secret.WrappedBy)
	if err != nil {
		q.forget(out.credential)
		return out, q.service.turned(ctx, read.secret.WrappedBy, err)
	}
	if out.secret, err = openSecret(key, read.secret); err != nil {
		return out, err
	}
	out.hash = q.service.redactor().Hash(out.secret)
	return out, nil
}

// turned is errMoved when the key that can't be had is no more the master key:
// then the row was read just before it was wrapped anew.
func (s *Service) turned(ctx context.Context, keyID string, cause error) error {
	master, err := view(ctx, s, func(ctx context.Context, r Reader) (KeyRecord, error) { return r.KeyRecord(ctx, KeyMaster) })
	if err == nil && master.WrappedBy != keyID {
		return errMoved
	}
	return cause
}

func (a *attempt) run(ctx context.Context, tx Tx, ready prepared) (outcome, error) {
	if err := a.look(ctx, tx, ready); err != nil {
		return outcome{}, err
	}
	again, refusal, err := a.repeated(ctx, tx)
	switch {
	case err != nil:
		return outcome{}, err
	case again || refusal != nil:
		return a.finish(ctx, tx, ready, refusal)
	case a.ask.Request != "" && a.approved == nil:
		return a.uncollected(ctx, tx)
	}
	v := a.decide()
	switch {
	case v.refusal != nil:
		return a.finish(ctx, tx, ready, v.refusal)
	case v.wait:
		return a.wait(ctx, tx)
	}
	a.lease = a.newLease(v.hold)
	if err := a.addLease(ctx, tx); err != nil {
		return outcome{}, err
	}
	if v.skipped {
		e := a.event(audit.ApprovalSkipped)
		e.Justification = a.integration.Skip.Justification
		a.events = append(a.events, e)
	}
	if a.approved != nil {
		if err := a.collect(ctx, tx); err != nil {
			return outcome{}, err
		}
	}
	return a.finish(ctx, tx, ready, nil)
}

// look reads the situation, and ends leases and waits whose time is over.
func (a *attempt) look(ctx context.Context, tx Tx, ready prepared) (err error) {
	if err := tx.LockRules(ctx); err != nil {
		return err
	}
	now, err := tx.LockCredential(ctx, ready.credential.ID)
	if err != nil && !errors.Is(err, ErrAbsent) {
		return err
	}
	a.credential = &now
	if err != nil || a.credential.Secret != ready.credential.Secret || a.credential.PolicyID != ready.credential.PolicyID {
		return errMoved
	}
	if err := a.rules(ctx, tx); err != nil {
		return err
	}
	if a.policy.Exclusive {
		if err := a.leases(ctx, tx); err != nil {
			return err
		}
	}
	if a.policy.Rotator != "" {
		d, err := tx.DueRotation(ctx, a.credential.ID)
		if err != nil && !errors.Is(err, ErrAbsent) {
			return err
		}
		a.rotating = d.Running && a.now.Before(d.Look)
	}
	if a.policy.Approval.Needed > 0 || a.ask.Request != "" {
		return a.requests(ctx, tx)
	}
	return nil
}

// leases reads the open leases, and ends those that are overdue.
func (a *attempt) leases(ctx context.Context, tx Tx) error {
	page, err := tx.Leases(ctx, LeaseCriteria{State: LeaseOpen, CredentialID: a.credential.ID, Paging: Paging{Limit: MaxPage}})
	for _, l := range page.Items {
		if a.now.Before(l.Due) {
			a.open = append(a.open, l)
			continue
		}
		e, err := a.service.expire(ctx, tx, l)
		if err != nil {
			return err
		}
		a.events = append(a.events, e)
	}
	return err
}

func (a *attempt) newLease(hold time.Duration) Lease {
	l := Lease{
		ID: a.intent.ID, CredentialID: a.credential.ID, Credential: a.credential.Ref(), Secret: a.credential.Secret,
		Holder: a.actor, Exclusive: a.policy.Exclusive, Reason: a.reason(), Comment: a.comment(), Ticket: a.intent.Ticket, Key: a.ask.Key, Digest: a.ask.Digest,
		At: a.now, Due: a.now.Add(hold), State: LeaseOpen, Stamp: stampOf(a.actor, a.now),
	}
	if a.approved != nil {
		l.RequestID = a.approved.ID
		if l.Key == "" {
			l.Key, l.Digest = a.approved.Key, a.approved.Digest
		}
	}
	return l
}

// reason is the integration's own, then what was said for this check-out.
func (a *attempt) reason() string {
	base := ""
	if a.integration != nil {
		base = a.integration.Reason
	}
	said := a.ask.Reason
	if said == "" && a.approved != nil {
		return a.approved.Reason
	}
	return compose(base, said)
}

func (a *attempt) comment() string {
	switch {
	case a.intent.Comment == "" && a.approved != nil:
		return a.approved.Comment
	case a.integration == nil:
		return a.intent.Comment
	}
	return compose(a.integration.Comment, a.intent.Comment)
}

func compose(base, said string) string {
	if base == "" || said == "" {
		return strings.Trim(base+said, "; ")
	}
	return strings.Trim(base+"; "+said, "; ")
}

// finish writes intent and outcome: the release of the secret, or its refusal,
// which is kept as the release is.
func (a *attempt) finish(ctx context.Context, tx Tx, ready prepared, refusal error) (outcome, error) {
	if refusal == nil && a.passage != nil {
		a.events = append(a.events, a.event(audit.CheckoutIntent))
		return outcome{lease: &a.lease, passage: a.passage, on: a.grounds()}, a.service.record(ctx, tx, a.events...)
	}
	out := a.conclude(ready, refusal, a.service.now())
	return out, a.service.record(ctx, tx, a.events...)
}

// conclude adds intent and outcome to the events.
func (a *attempt) conclude(ready prepared, refusal error, now time.Time) outcome {
	intent := a.eventAt(audit.CheckoutIntent, now)
	result, out := intent, outcome{lease: &a.lease, secret: ready.secret}
	result.Kind, result.Outcome, result.Released = audit.CheckoutOutcome, audit.OutcomeReleased, ready.hash
	if refusal != nil {
		result.Outcome, result.Released = string(classOf(refusal)), ""
		out = outcome{err: refusal}
	}
	a.events = append(a.events, intent, result)
	return out
}

// event begins an event of this check-out, of now.
func (a *attempt) event(kind audit.Kind) audit.Event { return a.eventAt(kind, a.service.now()) }

func (a *attempt) eventAt(kind audit.Kind, now time.Time) audit.Event {
	e := eventAt(kind, &a.actor, now)
	e.CredentialID, e.Policy, e.Lease, e.Ticket = a.credential.ID, a.policy.Name, a.intent.ID, a.intent.Ticket
	if l := &a.lease; l.ID == a.intent.ID { // it was made just now, of the same texts
		e.Credential, e.Reason, e.Comment = l.Credential, l.Reason, l.Comment
	} else {
		e.Credential, e.Reason, e.Comment = a.credential.Ref(), a.reason(), a.comment()
	}
	if a.lease.ID != "" {
		e.Lease = a.lease.ID
	}
	if a.request != nil {
		e.Request = a.request.ID
	}
	return e
}

func classOf(err error) pam.Class {
	if f, ok := errors.AsType[*pam.Failure](err); ok {
		return f.Class
	}
	return pam.ErrOther
}

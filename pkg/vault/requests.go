package vault

import (
	"context"
	"slices"
	"time"

	"github.com/redim-tools/redim/pkg/audit"
	"github.com/redim-tools/redim/pkg/pam"
)

// CollectWait is how long an approved request waits to be collected.
const CollectWait = 24 * time.Hour

// Effective is the request as time has made it: nobody needs to look for a
// wait to end.
func (r Request) Effective(now time.Time) Request {
	if r.State == RequestPending && !now.Before(r.Until) {
		if r.Then != ThenAccept {
			r.State = RequestRejected
			return r
		}
		r.State, r.Until = RequestApproved, r.Until.Add(CollectWait)
	}
	if r.State == RequestApproved && !now.Before(r.Until) {
		r.State = RequestLapsed
	}
	return r
}

// Decide returns the request with one approver's word. ErrDenied for who may
// not decide, ErrConflict when it is decided already.
func (r Request) Decide(a Actor, now time.Time, approve bool, comment string) (Request, error) {
	r = r.Effective(now)
	switch {
	case a.Same(r.Requester):
		return r, pam.Failf(pam.ErrDenied, "request %s is your own", r.ID).WithHint("another person has to decide it")
	case a.Kind != ActorAdmin:
		return r, pam.Failf(pam.ErrDenied, "%s may not decide requests", a.Name).WithHint("an administrator decides")
	case len(r.Approvers) > 0 && !slices.ContainsFunc(r.Approvers, func(name string) bool { return Fold(name) == Fold(a.Name) }):
		return r, pam.Failf(pam.ErrDenied, "%s is no approver of request %s", a.Name, r.ID).WithHint("its policy names the approvers")
	case r.State != RequestPending:
		return r, pam.Failf(pam.ErrConflict, "request %s is %s already", r.ID, r.State).WithHint("a request is decided once; see it with: requests show %s", r.ID)
	case slices.ContainsFunc(r.Decisions, func(d Decision) bool { return Fold(d.By) == Fold(a.Name) }):
		return r, pam.Failf(pam.ErrConflict, "%s has decided request %s already", a.Name, r.ID).WithHint("another approver has to decide now")
	}
	r.Decisions = append(slices.Clone(r.Decisions), Decision{By: a.Name, At: now, Approve: approve, Comment: comment})
	switch {
	case !approve:
		r.State = RequestRejected
	case len(r.Decisions) >= r.Needed:
		r.State, r.Until = RequestApproved, now.Add(CollectWait)
	}
	return r, nil
}

// Collect returns an approved request as the lease that it becomes has used it up.
func (r Request) Collect(lease string) Request {
	r.State, r.Lease = RequestCollected, lease
	return r
}

// Reopen returns a request that came to nothing as it was before that lease
// collected it; its time goes on. ErrConflict when that lease did not.
func (r Request) Reopen(lease string) (Request, error) {
	if r.State != RequestCollected || r.Lease != lease {
		return r, pam.Failf(pam.ErrConflict, "request %s is %s, not collected by checkout %s", r.ID, r.State, lease).WithHint("see it with: requests show %s", r.ID)
	}
	r.State, r.Lease = RequestApproved, ""
	return r, nil
}

// Requests searches; states are those that time has made. An empty cursor
// begins, and Next of a page goes on.
func (s *Service) Requests(ctx context.Context, c RequestCriteria, cursor string) (Page[Request], error) {
	bare := c
	bare.Paging = c.bare()
	var err error
	if c.Paging, err = c.Paging.normalise(cursor, bare); err != nil {
		return Page[Request]{}, err
	}
	wanted := c.States
	c.States = stored(wanted)
	return view(ctx, s, func(ctx context.Context, r Reader) (Page[Request], error) { return s.effective(ctx, r, c, wanted) })
}

// effective fills a page with requests that time has not made others. A page
// of the store may hold less of them than it has rows.
func (s *Service) effective(ctx context.Context, r RequestReader, c RequestCriteria, wanted []RequestState) (Page[Request], error) {
	var out Page[Request]
	for now := s.now(); ; {
		page, err := r.Requests(ctx, c)
		if err != nil {
			return Page[Request]{}, err
		}
		for n, request := range page.Items {
			request = request.Effective(now)
			if len(wanted) == 0 || slices.Contains(wanted, request.State) {
				out.Items = append(out.Items, request)
			}
			if len(out.Items) == c.Limit && (n+1 < len(page.Items) || page.Next != "") {
				out.Next = Cursor{ID: request.ID, Digest: c.Digest}.String()
				return out, nil
			}
		}
		if page.Next == "" {
			return out, nil
		}
		if c.After, err = ParseCursor(page.Next, c.Digest); err != nil {
			return Page[Request]{}, err
		}
	}
}

// stored lists the states that a row may have while time has made it one of
// those that are wanted.
func stored(wanted []RequestState) []RequestState {
	out := slices.Clone(wanted)
	for _, state := range wanted {
		switch state {
		case RequestApproved, RequestRejected:
			out = append(out, RequestPending)
		case RequestLapsed:
			out = append(out, RequestPending, RequestApproved)
		}
	}
	slices.Sort(out)
	return slices.Compact(out)
}

// Request finds one by its id.
func (s *Service) Request(ctx context.Context, id string) (Request, error) {
	r, err := view(ctx, s, func(ctx context.Context, r Reader) (Request, error) { return r.Request(ctx, id) })
	return r.Effective(s.now()), found(err, "request", id, "requests list")
}

// Decide approves or denies a request. See Request.Decide.
func (s *Service) Decide(ctx context.Context, a Actor, id string, approve bool, comment string) (Request, error) {
	if err := checkWords("comment", comment, maxWords); err != nil {
		return Request{}, err
	}
	return s.changeRequest(ctx, a, id, func(r Request) (Request, audit.Event, error) {
		r, err := r.Decide(a, s.now(), approve, comment)
		e := s.requestEvent(audit.RequestDecided, a, r)
		e.Comment, e.Outcome = comment, "approved"
		if !approve {
			e.Outcome = "denied"
		}
		return r, e, err
	})
}

// Drop withdraws a request: the requester, or an administrator.
func (s *Service) Drop(ctx context.Context, a Actor, id string) (Request, error) {
	return s.changeRequest(ctx, a, id, func(r Request) (Request, audit.Event, error) {
		r = r.Effective(s.now())
		switch {
		case a.Kind != ActorAdmin && !a.Same(r.Requester):
			return r, audit.Event{}, pam.Failf(pam.ErrNotFound, "there is no request %q", id).WithHint("list yours with: requests list")
		case r.State != RequestPending && r.State != RequestApproved:
			return r, audit.Event{}, pam.Failf(pam.ErrConflict, "request %s is %s already", r.ID, r.State).WithHint("there is nothing left to drop")
		}
		r.State = RequestDropped
		e := s.requestEvent(audit.RequestClosed, a, r)
		e.Outcome = string(r.State)
		return r, e, nil
	})
}

// changeRequest changes a request by change, and keeps its event. When that
// closed the request, an event says so too.
func (s *Service) changeRequest(ctx context.Context, a Actor, id string, change func(Request) (Request, audit.Event, error)) (Request, error) {
	var is Request
	err := s.store.Update(ctx, func(ctx context.Context, tx Tx) error {
		was, err := tx.Request(ctx, id)
		if err != nil {
			return found(err, "request", id, "requests list")
		}
		var e audit.Event
		if is, e, err = change(was); err != nil {
			return err
		}
		is.Stamp = s.touch(was.Stamp, a)
		if err := tx.ChangeRequest(ctx, is); err != nil {
			return changedMeanwhile(err, "request", id)
		}
		is.Version++
		events := []audit.Event{e}
		if e.Kind == audit.RequestDecided && is.State != RequestPending {
			closed := s.requestEvent(audit.RequestClosed, a, is)
			closed.Outcome = string(is.State)
			events = append(events, closed)
		}
		return s.record(ctx, tx, events...)
	})
	return is, err
}

func (s *Service) requestEvent(kind audit.Kind, a Actor, r Request) audit.Event {
	e := s.event(kind, a)
	e.CredentialID, e.Credential, e.Request, e.Lease = r.CredentialID, r.Credential, r.ID, r.Lease
	e.Reason, e.Ticket = r.Reason, r.Ticket
	if r.Requester.Kind == ActorIntegration {
		e.IntegrationID, e.Integration = r.Requester.ID, r.Requester.Name
	}
	return e
}

// settle writes down what time has made of a request.
func (s *Service) settle(ctx context.Context, tx RequestWriter, was Request) (Request, audit.Event, error) {
	is := was.Effective(s.now())
	is.Stamp = s.touch(was.Stamp, vaultActor())
	err := tx.ChangeRequest(ctx, is)
	is.Version++
	e := s.requestEvent(audit.RequestClosed, vaultActor(), is)
	e.Outcome = string(is.State)
	return is, e, err
}

// requests finds the caller's request for this credential: an approved one is
// collected, a pending one is waited for.
func (a *attempt) requests(ctx context.Context, tx Tx) error {
	page, err := tx.Requests(ctx, RequestCriteria{
		States: []RequestState{RequestPending, RequestApproved}, CredentialID: a.credential.ID, Requester: &a.actor, Paging: Paging{Limit: MaxPage},
	})
	for _, r := range page.Items {
		if a.ask.Request != "" && a.ask.Request != r.ID {
			continue
		}
		if r.Effective(a.now).State != r.State {
			var e audit.Event
			if r, e, err = a.service.settle(ctx, tx, r); err != nil {
				return err
			}
			a.events = append(a.events, e)
		}
		switch {
		case r.State == RequestApproved && a.approved == nil:
			a.approved, a.request = &r, &r
		case r.State == RequestPending && a.request == nil:
			a.request = &r
		}
	}
	return err
}

// wait makes a request, unless there is one.
func (a *attempt) wait(ctx context.Context, tx Tx) (outcome, error) {
	if a.request == nil {
		hold, err := a.hold()
		if err != nil {
			return outcome{}, err
		}
		r := Request{
			ID: a.service.newID(), CredentialID: a.credential.ID, Credential: a.credential.Ref(), Requester: a.actor, For: hold,
			Reason: a.reason(), Comment: a.comment(), Ticket: a.intent.Ticket, Needed: a.policy.Approval.Needed,
			Approvers: a.policy.Approval.Approvers, Then: a.policy.Approval.Then, State: RequestPending,
			Key: a.ask.Key, Digest: a.ask.Digest, Until: a.now.Add(a.policy.Approval.Timeout), Stamp: a.service.stamp(a.actor),
		}
		if err := tx.AddRequest(ctx, r); err != nil {
			return outcome{}, err
		}
		a.request = &r
		a.events = append(a.events, a.event(audit.RequestMade))
	}
	pending := pam.Failf(pam.ErrPending, "%s needs %d approvals; request %s waits until %s", a.credential.Ref(), a.request.Needed, a.request.ID, timeOrNone(a.request.Until)).
		WithHint("an approver says: requests approve %s; then check out again", a.request.ID)
	return a.finish(ctx, tx, prepared{}, pending)
}

// collect ends the approved request: it becomes this lease, once.
func (a *attempt) collect(ctx context.Context, tx Tx) error {
	r := a.approved.Collect(a.lease.ID)
	r.Stamp = a.service.touch(r.Stamp, a.actor)
	if err := tx.ChangeRequest(ctx, r); err != nil {
		return err
	}
	e := a.service.requestEvent(audit.RequestClosed, a.actor, r)
	e.Outcome = string(r.State)
	a.events = append(a.events, e)
	return nil
}

// reopen gives back the approval that a lease was collected with. Its
// requester can collect it again, until the same time as before.
func (s *Service) reopen(ctx context.Context, tx Tx, l Lease) (audit.Event, error) {
	was, err := tx.Request(ctx, l.RequestID)
	if err != nil {
		return audit.Event{}, err
	}
	e := s.requestEvent(audit.RequestReopened, vaultActor(), was)
	is, err := was.Reopen(l.ID)
	if err != nil {
		return e, err
	}
	is.Stamp, e.Outcome = s.touch(was.Stamp, vaultActor()), string(is.State)
	return e, tx.ChangeRequest(ctx, is)
}

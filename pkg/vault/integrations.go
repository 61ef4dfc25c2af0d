package vault

import (
	"context"
	"errors"
	"net/netip"
	"strings"

	"github.com/redim-tools/redim/pkg/audit"
	"github.com/redim-tools/redim/pkg/pam"
	"github.com/redim-tools/redim/pkg/secret"
)

// IntegrationResult is what became of a change.
type IntegrationResult struct {
	Integration Integration
	Generated   secret.Value   // shown once, and kept nowhere
	Changes     []audit.Change // empty: it was so already, and nothing was written
}

// Integrations searches. An empty cursor begins, and Next of a page goes on.
func (s *Service) Integrations(ctx context.Context, c IntegrationCriteria, cursor string) (Page[Integration], error) {
	c, err := c.normalise(cursor)
	if err != nil {
		return Page[Integration]{}, err
	}
	return view(ctx, s, func(ctx context.Context, r Reader) (Page[Integration], error) { return r.Integrations(ctx, c) })
}

// Integration finds one by name or id.
func (s *Service) Integration(ctx context.Context, ref string) (Integration, error) {
	return view(ctx, s, func(ctx context.Context, r Reader) (Integration, error) { return integrationOf(ctx, r, ref) })
}

// integrationOf finds one by its name, its id or the beginning of that.
func integrationOf(ctx context.Context, r Reader, ref string) (Integration, error) {
	i, err := r.IntegrationNamed(ctx, strings.TrimSpace(ref))
	if !errors.Is(err, ErrAbsent) {
		return i, err
	}
	id, err := wholeID(ctx, r, KindIntegration, ref)
	if err == nil {
		i, err = r.Integration(ctx, id)
	}
	return i, found(err, "integration", ref, "integrations search")
}

// CreateIntegration makes a new one. ErrConflict when the name is taken.
func (s *Service) CreateIntegration(ctx context.Context, a Actor, edit IntegrationEdit) (IntegrationResult, error) {
	i, err := edit.Apply(NewIntegration())
	if err != nil {
		return IntegrationResult{}, err
	}
	proof, generated, err := edit.prove(i.Auth)
	if err != nil {
		return IntegrationResult{}, err
	}
	i.ID, i.Proof, i.Stamp = s.newID(), proof, s.stamp(a)
	changes := Integration{}.Diff(s.redactor(), i)
	err = s.store.Update(ctx, func(ctx context.Context, tx Tx) error {
		if err := tx.AddIntegration(ctx, i); err != nil {
			return integrationTaken(err, i.Name)
		}
		return s.record(ctx, tx, s.integrationEvent(audit.IntegrationCreated, a, i, changes))
	})
	if err != nil {
		generated.Wipe()
		return IntegrationResult{}, err
	}
	return IntegrationResult{Integration: i, Generated: generated, Changes: changes}, nil
}

func integrationTaken(err error, name string) error {
	if errors.Is(err, ErrTaken) {
		return pam.Failf(pam.ErrConflict, "there is an integration %q already; case does not matter", name).
			WithHint("choose another name, or edit that one")
	}
	return changedMeanwhile(err, "integration", name)
}

// prove makes the proof of the secret that the edit brings, if it brings one.
func (e IntegrationEdit) prove(auth AuthType) (Proof, secret.Value, error) {
	switch {
	case e.Secret.IsEmpty() && !e.Generate:
		return Proof{}, secret.Value{}, nil
	case !e.Secret.IsEmpty() && e.Generate:
		return Proof{}, secret.Value{}, pam.Failf(pam.ErrUsage, "a credential is both given and to be generated").WithHint("choose one of them")
	case auth == AuthWindows:
		return Proof{}, secret.Value{}, pam.Failf(pam.ErrUsage, "authentication by windows takes no secret").WithHint("give the account, or choose authentication by application")
	case e.Generate:
		v, proof := ProveGenerated()
		return proof, v, nil
	}
	proof, err := ProveTyped(e.Secret)
	return proof, secret.Value{}, err
}

// EditIntegration changes what the edit names. Seen is the version that the
// caller based the edit on: if it is not the present one, ErrConflict tells
// what changed since. 0 takes the present one, whatever it is.
func (s *Service) EditIntegration(ctx context.Context, a Actor, ref string, seen int64, edit IntegrationEdit) (IntegrationResult, error) {
	before, err := s.Integration(ctx, ref)
	if err != nil {
		return IntegrationResult{}, err
	}
	draft, err := edit.Apply(before)
	if err != nil {
		return IntegrationResult{}, err
	}
	proof, generated, err := edit.prove(draft.Auth)
	if err != nil {
		return IntegrationResult{}, err
	}
	var result IntegrationResult
	err = s.store.Update(ctx, func(ctx context.Context, tx Tx) error {
		result = IntegrationResult{Generated: generated}
		was, err := tx.Integration(ctx, before.ID)
		if err != nil {
			return found(err, "integration", ref, "integrations search")
		}
		if seen != 0 && seen != was.Version {
			return s.overtaken(ctx, tx, EventCriteria{IntegrationID: was.ID}, "integration", was.Name, seen)
		}
		return s.changeIntegration(ctx, tx, a, was, edit, proof, &result)
	})
	if err != nil {
		generated.Wipe()
		return IntegrationResult{}, err
	}
	return result, nil
}

func (s *Service) changeIntegration(ctx context.Context, tx Tx, a Actor, was Integration, edit IntegrationEdit, proof Proof, out *IntegrationResult) error {
	is, err := edit.Apply(was)
	if err != nil {
		return err
	}
	if proof.Kind != ProofNone {
		is.Proof = proof
	}
	out.Integration, out.Changes = is, was.Diff(s.redactor(), is)
	if len(out.Changes) == 0 {
		return nil
	}
	is.Stamp = s.touch(was.Stamp, a)
	if was.revokes(is) {
		is.Epoch++
	}
	if err := tx.ChangeIntegration(ctx, is); err != nil {
		return integrationTaken(err, is.Name)
	}
	is.Version++
	out.Integration = is
	e := s.integrationEvent(editKind(out.Changes, is.Active), a, is, out.Changes)
	e.Changes = append(e.Changes, versionChange(was.Version))
	return s.record(ctx, tx, e)
}

// editKind is the kind of event for what changed: a single switch or a new
// secret have kinds of their own.
func editKind(changes []audit.Change, active bool) audit.Kind {
	switch {
	case len(changes) == 1 && changes[0].Field == "active" && active:
		return audit.IntegrationActivated
	case len(changes) == 1 && changes[0].Field == "active":
		return audit.IntegrationDeactivated
	case len(changes) == 1 && changes[0].Field == "credential":
		return audit.IntegrationRotated
	}
	return audit.IntegrationChanged
}

// DeleteIntegration removes one. Its events stay.
func (s *Service) DeleteIntegration(ctx context.Context, a Actor, ref string) (Integration, error) {
	var gone Integration
	err := s.store.Update(ctx, func(ctx context.Context, tx Tx) (err error) {
		if gone, err = integrationOf(ctx, tx, ref); err != nil {
			return err
		}
		if err := tx.RemoveIntegration(ctx, gone.ID, gone.Version); err != nil {
			return changedMeanwhile(err, "integration", gone.Name)
		}
		return s.record(ctx, tx, s.integrationEvent(audit.IntegrationDeleted, a, gone, gone.Diff(s.redactor(), Integration{})))
	})
	return gone, err
}

func (s *Service) integrationEvent(kind audit.Kind, a Actor, i Integration, changes []audit.Change) audit.Event {
	e := s.event(kind, a)
	e.IntegrationID, e.Integration, e.Changes = i.ID, i.Name, changes
	return e
}

// TestAddress tells whether the integration would be let in from an address,
// and which rule says so.
func (s *Service) TestAddress(ctx context.Context, ref string, from netip.Addr) (Integration, AddressMatch, error) {
	i, err := s.Integration(ctx, ref)
	if err != nil {
		return i, AddressMatch{}, err
	}
	return i, MatchAddress(i.Allowed, from), nil
}

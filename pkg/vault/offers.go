package vault

import (
	"context"
	"errors"
	"strings"
	"time"
)

// Offer is a credential that an integration may check out, and on what terms.
type Offer struct {
	Credential Credential
	Approval   bool          // somebody has to approve first
	Longest    time.Duration // the most that it gets
}

// Offers lists what an integration may check out, in the order of system and
// account; the grants of the criteria are set to its own. One that is not
// active, or has no grant, is offered nothing. An empty cursor begins.
func (s *Service) Offers(ctx context.Context, i Integration, c CredentialCriteria, cursor string) (Page[Offer], error) {
	if !i.Active || len(i.Grants) == 0 {
		return Page[Offer]{}, nil
	}
	c.For, c.Grants = Fold(c.For), i.Grants
	bare := c
	bare.Paging = c.bare()
	var err error
	if c.Paging, err = c.normalise(cursor, bare); err != nil {
		return Page[Offer]{}, err
	}
	return view(ctx, s, func(ctx context.Context, r Reader) (Page[Offer], error) {
		found, err := i.granted(ctx, r, c)
		out := Page[Offer]{Next: found.Next, Items: make([]Offer, 0, len(found.Items))}
		if err != nil {
			return out, err
		}
		policies := map[string]Policy{}
		for _, item := range found.Items {
			policy, known := policies[item.PolicyID]
			if !known {
				if policy, err = policyFor(ctx, r, item); err != nil {
					return out, err
				}
				policies[item.PolicyID] = policy
			}
			out.Items = append(out.Items, i.offer(item, policy, s.now()))
		}
		return out, nil
	})
}

// granted searches. One whole name is looked up instead.
func (i Integration) granted(ctx context.Context, r CredentialReader, c CredentialCriteria) (Page[Credential], error) {
	if len(c.Match.Parts) != 1 || c.For != "" || c.Kind != "" || c.Access != "" || c.PolicyID != "" || !c.After.IsZero() {
		return r.Credentials(ctx, c)
	}
	system, account, _ := strings.Cut(c.Match.Parts[0], "/")
	one, err := r.CredentialNamed(ctx, system, account)
	if errors.Is(err, ErrAbsent) || err == nil && !i.Granted(one.System, one.Account) {
		return Page[Credential]{}, nil
	}
	return Page[Credential]{Items: []Credential{one}}, err
}

func (i Integration) offer(c Credential, policy Policy, now time.Time) Offer {
	terms := situation{now: now, credential: &c, policy: &policy, integration: &i}
	return Offer{Credential: c, Approval: policy.Approval.Needed > 0 && !i.Skip.Holds(now), Longest: terms.longest()}
}

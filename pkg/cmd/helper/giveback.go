package helper

import (
	"context"
	"errors"

	"github.com/redim-tools/redim/pkg/cli/handback"
	"github.com/redim-tools/redim/pkg/pam"
)

// giveBack gives back what was checked out via the same helper for the same
// server, in the same profile, and which fits. That there is nothing is fine.
func (o *Options) giveBack(ctx context.Context, via string, fits func(pam.Checkout) bool) error {
	s, err := o.Settings()
	if err != nil {
		return err
	}
	j, err := o.Journal()
	if err != nil {
		return err
	}
	open, err := j.Open(ctx)
	if err != nil {
		return err
	}
	var failures []error
	for _, c := range open {
		if c.Via == via && c.Profile == s.Profile && fits(c) {
			failures = append(failures, o.giveOneBack(ctx, c))
		}
	}
	return errors.Join(failures...)
}

func (o *Options) giveOneBack(ctx context.Context, c pam.Checkout) error {
	if o.DryRun {
		o.Say("dry run: %s (%s) would be given back", c.Credential.Ref(), c.ID)
		return nil
	}
	service, err := o.Select.Open()
	if err != nil {
		return err
	}
	in, err := service.CheckIn(ctx, c)
	if err != nil {
		return err
	}
	o.Say("gave %s back, which was checked out for %s", c.Credential.Ref(), c.Via)
	return handback.SpinVerdict(in, "redim")
}

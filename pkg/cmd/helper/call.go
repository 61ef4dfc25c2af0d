package helper

import (
	"context"
	"strings"

	"github.com/redim-tools/redim/pkg/cli/handout"
	"github.com/redim-tools/redim/pkg/cli/selection"
	"github.com/redim-tools/redim/pkg/pam"
	"github.com/redim-tools/redim/pkg/secret"
)

// call is one call of summon, in which each credential is looked up and checked
// out once.
type call struct {
	opts *Options
	lent map[string]*lent // by the selector
}

// lent is one credential of a call.
type lent struct {
	chosen   selection.Selected
	checkout pam.Checkout // without an id before it is checked out
	release  pam.Release
}

func (c *call) wipe() {
	for _, l := range c.lent {
		l.release.Secret.Wipe()
	}
}

// answer has write write the field that a path names.
func (c *call) answer(ctx context.Context, path string, write func(secret.Value) error) error {
	v, err := parseVariable(path)
	if err != nil {
		return err
	}
	l, err := c.find(ctx, v.Selector)
	switch {
	case err != nil:
		return err
	case c.opts.DryRun:
		return l.chosen.Plan(&c.opts.Plan)
	case v.released() && l.checkout.ID == "":
		return c.checkOut(ctx, l, v.field, write)
	}
	return write(handout.Field(v.field, pam.Checkout{ID: l.checkout.ID, Credential: l.chosen.Credential}, l.release))
}

func (c *call) find(ctx context.Context, s pam.Selector) (*lent, error) {
	key := strings.ToLower(s.String())
	if l, ok := c.lent[key]; ok {
		return l, nil
	}
	chosen, err := c.opts.find(ctx, s, "summon "+s.String())
	if err != nil {
		return nil, err
	}
	if c.lent == nil {
		c.lent = map[string]*lent{}
	}
	c.lent[key] = &lent{chosen: chosen}
	return c.lent[key], nil
}

func (c *call) checkOut(ctx context.Context, l *lent, field string, write func(secret.Value) error) error {
	checkout, release, err := l.chosen.CheckOut(ctx)
	if err != nil {
		return err
	}
	l.checkout, l.release = checkout, release
	if err := write(handout.Field(field, checkout, release)); err != nil {
		return c.opts.takeBack(ctx, l.chosen, checkout, err)
	}
	return c.opts.keep(ctx, l.chosen, checkout)
}

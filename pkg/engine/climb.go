package engine

import (
	"context"
	"net/netip"
	"slices"

	"github.com/redim-tools/redim/pkg/pam"
)

// climb is one rung of a look-up under way: everything asked for one identity.
type climb struct {
	engine   *Engine
	rung     Rung
	endpoint pam.Endpoint // learns its host name where only the address was given
	steps    []Step
}

// everything asks for local, domain and shared credentials. Its error is
// ErrUserUnknown, a vague ErrNoImpersonation, or one that ends the ladder.
func (c *climb) everything(ctx context.Context) ([]pam.Credential, error) {
	found, err := c.local(ctx)
	if err != nil {
		return nil, err
	}
	domain, err := c.domain(ctx, found)
	if err != nil {
		return nil, err
	}
	shared, err := c.shared(ctx)
	if err != nil {
		return nil, err
	}
	return merge(slices.Concat(found, domain, shared)), nil
}

func (c *climb) note(s Step) {
	s.Identity = c.rung.Identity
	c.steps = append(c.steps, s)
}

// ask puts one question and notes it. A failure that leaves the identity worth
// asking further is only noted.
func (c *climb) ask(asked, setting string, list func() ([]pam.Credential, error)) ([]pam.Credential, error) {
	found, err := list()
	if err != nil {
		found = nil
	}
	c.note(Step{Asked: asked, Setting: setting, Found: len(found), Class: classOf(err)})
	return found, ending(err)
}

// ending keeps an error that ends the rung or the ladder, and drops any other.
func ending(err error) error {
	if endsRung(err) || stops(err) {
		return err
	}
	return nil
}

// local asks for the system's own credentials.
func (c *climb) local(ctx context.Context) ([]pam.Credential, error) {
	names := Names(c.endpoint, c.rung.Identity, c.engine.Rules)
	found, err := c.stored(ctx, names)
	if err != nil || c.endpoint.Host != "" || !c.endpoint.IP.IsValid() {
		return found, err
	}
	if err := c.learn(ctx, found); err != nil || len(found) > 0 {
		return found, err
	}
	more := Names(c.endpoint, c.rung.Identity, c.engine.Rules)
	return c.stored(ctx, slices.DeleteFunc(more, func(n Name) bool { return n.ByIP }))
}

// stored asks under each name until one yields.
func (c *climb) stored(ctx context.Context, names []Name) ([]pam.Credential, error) {
	for _, n := range names {
		found, err := c.ask("stored credentials of "+n.Text, c.decider(n), func() ([]pam.Credential, error) {
			return c.engine.Source.Stored(ctx, c.rung.Identity, n.Text)
		})
		if err != nil || len(found) > 0 {
			return found, err
		}
	}
	return nil, nil
}

// decider names the setting behind a question. The first one of a rung also
// tells what put the identity there.
func (c *climb) decider(n Name) string {
	switch {
	case len(c.steps) > 0:
		return n.Setting
	case n.Setting == byEndpoint:
		return c.rung.Setting
	case c.rung.Setting == byUser:
		return n.Setting
	}
	return c.rung.Setting + ", " + n.Setting
}

// learn finds the host name of an endpoint of which only the address is known:
// what was found there tells it, else the service is asked. Not to find it is
// no failure; only the caller's own end is one.
func (c *climb) learn(ctx context.Context, found []pam.Credential) error {
	ip := c.endpoint.IP.String()
	for _, f := range found {
		if _, err := netip.ParseAddr(f.System); err != nil && f.Kind == pam.KindLocal {
			c.endpoint.Host = f.System
			return nil
		}
	}
	name, err := c.engine.Source.SystemName(ctx, c.rung.Identity, c.endpoint.IP)
	asked := "system name of " + ip
	if err == nil && name != "" && name != ip {
		c.endpoint.Host = name
		asked += ": " + name
	}
	c.note(Step{Asked: asked, Setting: byEndpoint, Class: classOf(err)})
	return ctx.Err()
}

// domain asks for domain accounts, unless the endpoint is known not to be a
// Windows system.
func (c *climb) domain(ctx context.Context, local []pam.Credential) ([]pam.Credential, error) {
	domains, setting := Domains(c.endpoint, c.engine.Rules)
	if len(domains) == 0 || tellsNoWindows(local) {
		if len(domains) > 0 {
			setting = byEndpoint
		}
		c.note(Step{Asked: "domain credentials", Setting: setting, Skipped: true})
		return nil, nil
	}
	var found []pam.Credential
	for _, d := range domains {
		creds, err := c.ask("domain credentials of "+d, setting, func() ([]pam.Credential, error) {
			return c.engine.Source.Stored(ctx, c.rung.Identity, d)
		})
		if err != nil {
			return nil, err
		}
		for _, cred := range creds {
			found = append(found, ofDomain(cred, d, c.engine.Rules.DomainMap))
		}
	}
	return found, nil
}

// ofDomain marks a credential as the domain's own, of the NetBIOS name that
// the domain has where the record tells none.
func ofDomain(c pam.Credential, domain string, m pam.DomainMap) pam.Credential {
	c.Kind = pam.KindDomain
	if short, mapped := m.NetBIOS(domain); mapped && c.Namespace == "" {
		c.Namespace = short
	}
	return c
}

// shared asks for the entries of shared lists that are for this endpoint.
func (c *climb) shared(ctx context.Context) ([]pam.Credential, error) {
	const setting, asked = "include_shared_lists", "shared credential lists"
	if !c.engine.Rules.IncludeSharedLists {
		c.note(Step{Asked: asked, Setting: setting, Skipped: true})
		return nil, nil
	}
	lists, err := c.engine.Source.SharedLists(ctx, c.rung.Identity)
	if err != nil || len(lists) == 0 {
		c.note(Step{Asked: asked, Setting: setting, Class: classOf(err)})
		return nil, ending(err)
	}
	var found []pam.Credential
	for _, list := range lists {
		creds, err := c.ask("entries of the shared list "+list, setting, func() ([]pam.Credential, error) {
			return c.entries(ctx, list)
		})
		if err != nil {
			return nil, err
		}
		found = append(found, creds...)
	}
	return found, nil
}

// entries are those of one list whose system is the endpoint.
func (c *climb) entries(ctx context.Context, list string) ([]pam.Credential, error) {
	all, err := c.engine.Source.SharedEntries(ctx, c.rung.Identity, list)
	var fit []pam.Credential
	for _, entry := range all {
		if sameEndpoint(entry.System, c.endpoint) {
			fit = append(fit, entry)
		}
	}
	return fit, err
}

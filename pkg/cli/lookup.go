package cli

import (
	"context"
	"strings"
	"time"

	"github.com/spf13/cobra"

	"github.com/redim-tools/redim/pkg/engine"
	"github.com/redim-tools/redim/pkg/pam"
	"github.com/redim-tools/redim/pkg/prompt"
)

// LookupFlags say whose credentials on which endpoint are wanted.
type LookupFlags struct {
	User, Endpoint, IP, Domain string

	given func(flag string) bool
}

// Add adds the flags to a command.
func (l *LookupFlags) Add(cmd *cobra.Command) {
	f := cmd.Flags()
	l.given = f.Changed
	f.StringVar(&l.User, "user", "", `session's `+"`user`"+`: alice, EX\alice or alice@example.local`)
	f.StringVar(&l.Endpoint, "endpoint", "", "host `name` or FQDN of the endpoint, or its address")
	f.StringVar(&l.IP, "ip", "", "`address` of the endpoint, when it is known")
	f.StringVar(&l.Domain, "domain", "", "DNS `domain` that the endpoint is a member of, when its name does not tell")
}

// Request asks for what is missing, where somebody can be asked, and checks it.
func (l *LookupFlags) Request(ctx context.Context, p prompt.Prompter) (engine.FindRequest, error) {
	user := prompt.Question{Label: "User", Flag: "--user", Help: `alice, EX\alice or alice@example.local`, Validate: validUser}
	if err := l.askFor(ctx, p, &l.User, user); err != nil {
		return engine.FindRequest{}, err
	}
	endpoint := prompt.Question{Label: "Endpoint", Flag: "--endpoint", Help: "a host name or FQDN", Validate: validEndpoint}
	if l.IP == "" {
		if err := l.askFor(ctx, p, &l.Endpoint, endpoint); err != nil {
			return engine.FindRequest{}, err
		}
	}
	return ParseLookup(l.User, l.Endpoint, l.IP, l.Domain)
}

func validUser(text string) error {
	_, err := pam.ParseUser(text)
	return err
}

func validEndpoint(text string) error {
	_, err := pam.ParseEndpoint(text, "")
	return err
}

// askFor asks for a value that was not given. One that was given and is empty
// comes from a variable that is not set, more often than not.
func (l *LookupFlags) askFor(ctx context.Context, p prompt.Prompter, value *string, q prompt.Question) error {
	if *value != "" {
		return nil
	}
	if l.given != nil && l.given(strings.TrimPrefix(q.Flag, "--")) {
		return pam.Failf(pam.ErrUsage, "%s is given, but empty", q.Flag).WithHint("give %s; if it comes from a variable, check that the variable is set", q.Help)
	}
	answer, err := p.Text(ctx, q)
	*value = answer
	return err
}

// ParseLookup checks the words of a look-up.
func ParseLookup(user, endpoint, ip, domain string) (engine.FindRequest, error) {
	id, err := pam.ParseUser(user)
	if err != nil {
		return engine.FindRequest{}, err
	}
	e, err := pam.ParseEndpoint(endpoint, ip)
	if err != nil {
		return engine.FindRequest{}, err
	}
	if err := pam.CheckText("domain", domain); err != nil {
		return engine.FindRequest{}, err
	}
	e.InDomain = domain
	return engine.FindRequest{User: id, Endpoint: e}, nil
}

// CredentialJSON is a credential as every command shows it.
type CredentialJSON struct {
	Kind         string    `json:"kind"`
	List         string    `json:"list,omitempty"`
	System       string    `json:"system"`
	Namespace    string    `json:"namespace,omitempty"`
	Account      string    `json:"account"`
	Ref          string    `json:"ref"`
	Type         string    `json:"type"`
	Target       string    `json:"target,omitempty"`
	Random       bool      `json:"random"`
	AutoSpin     bool      `json:"auto_spin"`
	CheckedOutBy string    `json:"checked_out_by,omitempty"`
	Expires      time.Time `json:"check_out_expires,omitzero"`
	LastChanged  time.Time `json:"last_changed,omitzero"`
}

// NewCredentialJSON copies what may be shown.
func NewCredentialJSON(c pam.Credential) CredentialJSON {
	return CredentialJSON{
		Kind: c.Kind.String(), List: c.List, System: c.System, Namespace: c.Namespace, Account: c.Account, Ref: c.Ref(),
		Type: c.Type.String(), Target: c.Target, Random: c.Random, AutoSpin: c.AutoSpin,
		CheckedOutBy: c.CheckedOutBy, Expires: c.Expires, LastChanged: c.LastChanged,
	}
}

package policies

import (
	"strings"
	"time"

	"github.com/spf13/cobra"
	"github.com/spf13/pflag"

	"github.com/redim-tools/redim/pkg/cli"
	"github.com/redim-tools/redim/pkg/pam"
	"github.com/redim-tools/redim/pkg/vault"
)

// Fields are the fields of a policy as flags give them. What Given does not name
// stays as it is.
type Fields struct {
	Name, Description, Rotator, Access string
	Approvals                          int
	Approver                           []string
	Timeout, Then                      string
	Exclusive, Longest                 string

	Given map[string]bool // flags by name
}

// flags adds those that new and edit have in common.
func (f *Fields) flags(cmd *cobra.Command) {
	set, none := cmd.Flags(), vault.NewPolicy()
	set.StringVar(&f.Description, "description", "", "`text` about it, up to 2,000 characters")
	set.IntVar(&f.Approvals, "approvals", 0, "`how` many must approve a check-out")
	set.StringArrayVar(&f.Approver, "approver", nil, "`name` of a person who may approve; may be repeated; none: any administrator; a single empty one: none any more")
	set.StringVar(&f.Timeout, "timeout", vault.FormatHours(none.Approval.Timeout), "`hours` that a request waits for approval, 1 to 99")
	set.StringVar(&f.Then, "then", string(none.Approval.Then), "`what` becomes of a request that nobody decided in time: reject or accept")
	set.StringVar(&f.Exclusive, "exclusive", string(vault.Yes), "`whether` one holder at a time may have a credential: yes or no")
	set.StringVar(&f.Longest, "longest", "none", "most `hours` that anybody may hold a credential, 0.25 to 8760; none: no limit of its own")
	set.StringVar(&f.Rotator, "rotator", "none", "`name` of the rotator that gives it a new secret after a check-in; none: it stays")
	set.StringVar(&f.Access, "access", string(none.Access), "`where` credentials are offered: restricted to their endpoints, or shared by all")
	cli.Complete(cmd, "then", string(vault.ThenReject), string(vault.ThenAccept))
	cli.Complete(cmd, "exclusive", string(vault.Yes), string(vault.No))
	cli.Complete(cmd, "access", string(vault.AccessRestricted), string(vault.AccessShared))
}

// given notes which flags the command line has.
func (f *Fields) given(cmd *cobra.Command) {
	f.Given = map[string]bool{}
	cmd.Flags().Visit(func(flag *pflag.Flag) { f.Given[flag.Name] = true })
}

// changes reports whether a flag names a field.
func (f *Fields) changes() bool {
	for _, name := range []string{"name", "description", "approvals", "approver", "timeout", "then", "exclusive", "longest", "rotator", "access"} {
		if f.Given[name] {
			return true
		}
	}
	return false
}

// edit reads the fields.
func (f *Fields) edit() (vault.PolicyEdit, error) {
	e := vault.PolicyEdit{
		Name: given(f, "name", f.Name), Description: given(f, "description", f.Description), Needed: given(f, "approvals", f.Approvals),
		Rotator: given(f, "rotator", f.Rotator), Then: given(f, "then", vault.Fallback(vault.Fold(f.Then))), Access: given(f, "access", vault.Access(f.Access)),
	}
	if f.Given["approver"] {
		list := f.Approver
		if len(list) == 1 && list[0] == "" {
			list = nil
		}
		e.Approvers = &list
	}
	for _, read := range []func(*vault.PolicyEdit) error{f.timeout, f.longest, f.exclusive} {
		if err := read(&e); err != nil {
			return e, err
		}
	}
	return e, nil
}

func given[T any](f *Fields, flag string, value T) *T {
	if !f.Given[flag] {
		return nil
	}
	return &value
}

func (f *Fields) timeout(e *vault.PolicyEdit) error {
	if !f.Given["timeout"] {
		return nil
	}
	d, err := vault.ParseHours(f.Timeout)
	e.Timeout = &d
	return named(err, "--timeout")
}

func (f *Fields) longest(e *vault.PolicyEdit) error {
	if !f.Given["longest"] {
		return nil
	}
	var d time.Duration
	if text := strings.TrimSpace(f.Longest); text != "" && text != "none" {
		var err error
		if d, err = vault.ParseHours(text); err != nil {
			return named(err, "--longest")
		}
	}
	e.Longest = &d
	return nil
}

func (f *Fields) exclusive(e *vault.PolicyEdit) error {
	if !f.Given["exclusive"] {
		return nil
	}
	t, err := vault.ParseTri(f.Exclusive)
	if err != nil || t == vault.Both {
		return pam.Failf(pam.ErrUsage, "--exclusive: %q is neither yes nor no", f.Exclusive).WithHint("write yes for one holder at a time, no for several")
	}
	yes := t == vault.Yes
	e.Exclusive = &yes
	return nil
}

// named puts the flag before what is wrong with it.
func named(err error, flag string) error {
	if err == nil {
		return nil
	}
	_, message, hint := cli.Describe(err)
	return pam.Failf(pam.ErrUsage, "%s: %s", flag, message).WithHint("%s", hint)
}

// oneName wants one policy as the argument.
func oneName(cmd *cobra.Command, args []string) error {
	return cli.ExactArgs("the name of a policy")(cmd, args)
}

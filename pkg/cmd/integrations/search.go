package integrations

import (
	"context"

	"github.com/spf13/cobra"

	"github.com/redim-tools/redim/pkg/cli"
	"github.com/redim-tools/redim/pkg/cli/vaultcli"
	"github.com/redim-tools/redim/pkg/pam"
	"github.com/redim-tools/redim/pkg/prompt"
	"github.com/redim-tools/redim/pkg/render"
	"github.com/redim-tools/redim/pkg/term"
	"github.com/redim-tools/redim/pkg/vault"
)

// SearchOptions are what "integrations search" was told.
type SearchOptions struct {
	Criteria
	Limit       int
	Cursor      string
	Sort        string
	Interactive bool
	Output      string

	Command string // "vault integrations search", for the hints
	Streams *term.Streams
	Say     func(format string, args ...any)
	Prompt  func() prompt.Prompter
	Open    vaultcli.Opener
}

// Criteria are what is searched for, as text. The zero Criteria finds all.
type Criteria struct {
	Name        string
	Active      string
	Description string
	Auth        string
}

// NewSearch makes the command. runF replaces its run in tests; nil is the real one.
func NewSearch(app *vaultcli.App, runF func(context.Context, *SearchOptions) error) *cobra.Command {
	opts := &SearchOptions{Streams: app.Streams, Say: app.Say, Prompt: app.Prompt, Open: app.Open}
	cmd := &cobra.Command{
		Use:     "search [<name>]",
		Aliases: []string{"list"},
		Short:   "Search for integrations",
		Long: `Search by name, description, whether active, and authentication. A name is found
by any part of it, or by the whole of it with * for any text; a description by the
beginnings of its words, in any order. Case does not matter. Without any flag
everything is listed: that is the cleared search.

At most --limit records are listed. When there are more, "next" of the JSON, or a
line on standard error, holds the cursor that goes on.

Exit codes: 0, also when nothing is found; 2 a criterion can't be; 109 the store
can't be opened.`,
		Example: `  vault integrations search
  vault integrations search 'build-*' --active yes
  vault integrations search --description 'nightly backup' --auth windows -o json`,
		Args: oneName,
		RunE: func(cmd *cobra.Command, args []string) error {
			opts.Command = cmd.CommandPath()
			if err := opts.name(args); err != nil {
				return err
			}
			if runF != nil {
				return runF(cmd.Context(), opts)
			}
			return runSearch(cmd.Context(), opts)
		},
	}
	opts.flags(cmd)
	cli.OutputFlag(cmd, &opts.Output, cli.ListFormats()...)
	return cmd
}

func (o *SearchOptions) flags(cmd *cobra.Command) {
	o.criteriaFlags(cmd)
	f := cmd.Flags()
	f.IntVar(&o.Limit, "limit", vault.DefaultPage, "list at most this `number`")
	f.StringVar(&o.Cursor, "cursor", "", "go on after the `cursor` that the search before gave")
	f.StringVar(&o.Sort, "sort", "", "`order`: name, -name, created or -created")
	f.BoolVar(&o.Interactive, "interactive", false, "ask for the criteria at the terminal, and search until that is enough")
	cli.Complete(cmd, "sort", string(vault.SortName), string(vault.SortNameDown), string(vault.SortCreated), string(vault.SortCreatedDown))
}

// criteriaFlags adds the four criteria.
func (o *SearchOptions) criteriaFlags(cmd *cobra.Command) {
	f := cmd.Flags()
	f.StringVar(&o.Name, "name", "", "a part of the `name`, or all of it with * for any text")
	f.StringVar(&o.Active, "active", "both", "`which`: yes, no or both")
	f.StringVar(&o.Description, "description", "", "`words` of the description, in any order")
	f.StringVar(&o.Auth, "auth", "both", "`how` they authenticate: windows, application or both")
	cli.Complete(cmd, "active", "yes", "no", "both")
	cli.Complete(cmd, "auth", string(vault.AuthWindows), string(vault.AuthApplication), "both")
}

// name takes the name of the argument for --name.
func (o *SearchOptions) name(args []string) error {
	if len(args) == 0 {
		return nil
	}
	if o.Name != "" && o.Name != args[0] {
		return pam.Failf(pam.ErrUsage, "two names are given: %q and %q", args[0], o.Name).WithHint("give one of them; * stands for any text")
	}
	o.Name = args[0]
	return nil
}

// criteria reads the texts.
func (o *SearchOptions) criteria() (c vault.IntegrationCriteria, err error) {
	if o.Limit < 1 {
		return c, pam.Failf(pam.ErrUsage, "a limit of %d is out of bounds", o.Limit).WithHint("give 1 to %d; the cursor leads to the rest", vault.MaxPage)
	}
	c.Sort, c.Limit = vault.Sort(o.Sort), o.Limit
	if c.Name, err = vault.ParseMatch(o.Name); err != nil {
		return c, err
	}
	if c.Words, err = vault.ParseWords(o.Description); err != nil {
		return c, err
	}
	if c.Active, err = vault.ParseTri(o.Active); err != nil {
		return c, named(err, "--active")
	}
	c.Auth, err = vault.ParseAuth(o.Auth)
	return c, named(err, "--auth")
}

// named puts the flag before what is wrong with it.
func named(err error, flag string) error {
	if err == nil {
		return nil
	}
	_, message, hint := cli.Describe(err)
	return pam.Failf(pam.ErrUsage, "%s: %s", flag, message).WithHint("%s", hint)
}

func runSearch(ctx context.Context, opts *SearchOptions) error {
	if _, err := opts.criteria(); err != nil {
		return err // before a store is made
	}
	return opts.Open.With(ctx, func(v *vaultcli.Vault) error {
		if opts.Interactive {
			return opts.converse(ctx, v)
		}
		return opts.once(ctx, v)
	})
}

func (o *SearchOptions) once(ctx context.Context, v *vaultcli.Vault) error {
	c, err := o.criteria()
	if err != nil {
		return err
	}
	page, err := v.Integrations(ctx, c, o.Cursor)
	if err != nil {
		return err
	}
	if err := recordList(page.Next).Write(o.Streams, render.Format(o.Output), page.Items); err != nil {
		return err
	}
	if page.Next != "" && !render.Format(o.Output).Structured() {
		o.Say("there are more; go on with: %s --cursor %s", o.Command, page.Next)
	}
	return nil
}

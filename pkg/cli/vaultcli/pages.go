package vaultcli

import (
	"github.com/spf13/cobra"

	"github.com/redim-tools/redim/pkg/pam"
	"github.com/redim-tools/redim/pkg/render"
	"github.com/redim-tools/redim/pkg/vault"
)

// Pages are the flags of a list that comes in pages.
type Pages struct {
	Limit  int
	Cursor string
}

// Add adds the flags to a command.
func (p *Pages) Add(cmd *cobra.Command) {
	f := cmd.Flags()
	f.IntVar(&p.Limit, "limit", vault.DefaultPage, "list at most this `number`")
	f.StringVar(&p.Cursor, "cursor", "", "go on after the `cursor` that the list before gave")
}

// Paging checks the limit.
func (p *Pages) Paging() (vault.Paging, error) {
	if p.Limit < 1 || p.Limit > vault.MaxPage {
		return vault.Paging{}, pam.Failf(pam.ErrUsage, "a limit of %d is out of bounds", p.Limit).WithHint("give 1 to %d; the cursor leads to the rest", vault.MaxPage)
	}
	return vault.Paging{Limit: p.Limit}, nil
}

// More says how a list goes on, where its output does not.
func (p *Pages) More(next, output, command string, say func(format string, args ...any)) {
	if next != "" && !render.Format(output).Structured() {
		say("there are more; go on with: %s --cursor %s", command, next)
	}
}

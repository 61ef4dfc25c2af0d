package vaultcli

import (
	"context"

	"github.com/spf13/cobra"

	"github.com/redim-tools/redim/pkg/pam"
	"github.com/redim-tools/redim/pkg/prompt"
)

// Consent asks before something is deleted. The default is never a yes.
type Consent struct {
	Yes    bool
	Prompt func() prompt.Prompter
}

// Add adds the flag to a command.
func (c *Consent) Add(cmd *cobra.Command) {
	cmd.Flags().BoolVar(&c.Yes, "yes", false, "delete without asking")
}

// Delete asks whether to delete what. ErrInterrupted for a no.
func (c *Consent) Delete(ctx context.Context, what string) error {
	if c.Yes {
		return nil
	}
	ok, err := c.Prompt().Confirm(ctx, prompt.Question{Label: "Are you sure you want to delete " + what + "?", Flag: "--yes"})
	if err == nil && !ok {
		err = pam.Failf(pam.ErrInterrupted, "not deleted").WithHint("answer y to delete, or use --yes in a script")
	}
	return err
}

package vaultcli

import (
	"context"
	"os"

	"github.com/spf13/cobra"

	"github.com/redim-tools/redim/pkg/vault"
)

// completions is how many words a completion offers at most.
const completions = 50

// Words yields what a word on the command line may be.
type Words func(ctx context.Context, v *Vault, begun string) ([]cobra.Completion, error)

// Complete offers words out of the store for the first argument. It never makes
// a store, and is silent about what goes wrong. A command that asks a server gets
// no words: they would be another vault's, and the server's take a sign-in.
func (a *App) Complete(words Words) cobra.CompletionFunc {
	return func(cmd *cobra.Command, args []string, begun string) ([]cobra.Completion, cobra.ShellCompDirective) {
		var out []cobra.Completion
		if len(args) == 0 && !a.asksServer(cmd) && a.hasStore() {
			_ = Opener(a.Open).With(cmd.Context(), func(v *Vault) (err error) {
				out, err = words(cmd.Context(), v, begun)
				return err
			})
		}
		return out, cobra.ShellCompDirectiveNoFileComp
	}
}

// asksServer reports whether a command would ask a server instead of the store.
func (a *App) asksServer(cmd *cobra.Command) bool {
	if cmd.Flags().Lookup(serverFlag) == nil {
		return false
	}
	s, err := a.Settings()
	return err != nil || s.Server != ""
}

func (a *App) hasStore() bool {
	s, err := a.Storage()
	if err != nil || s.Path == "" {
		return err == nil
	}
	_, err = os.Stat(s.Path)
	return err == nil
}

// Credentials are words that name credentials.
func Credentials(ctx context.Context, v *Vault, begun string) ([]cobra.Completion, error) {
	match, err := vault.ParseMatch(begun + "*")
	if err != nil {
		return nil, err
	}
	page, err := v.Credentials(ctx, vault.CredentialCriteria{Match: match, Paging: vault.Paging{Limit: completions}}, "")
	out := make([]cobra.Completion, 0, len(page.Items))
	for _, c := range page.Items {
		out = append(out, cobra.CompletionWithDesc(c.Ref(), c.Description))
	}
	return out, err
}

// Integrations are words that name integrations.
func Integrations(ctx context.Context, v *Vault, begun string) ([]cobra.Completion, error) {
	match, err := vault.ParseMatch(begun + "*")
	if err != nil {
		return nil, err
	}
	page, err := v.Integrations(ctx, vault.IntegrationCriteria{Name: match, Paging: vault.Paging{Limit: completions}}, "")
	out := make([]cobra.Completion, 0, len(page.Items))
	for _, i := range page.Items {
		out = append(out, cobra.CompletionWithDesc(i.Name, i.Description))
	}
	return out, err
}

// Policies are words that name policies.
func Policies(ctx context.Context, v *Vault, begun string) ([]cobra.Completion, error) {
	match, err := vault.ParseMatch(begun + "*")
	if err != nil {
		return nil, err
	}
	page, err := v.Policies(ctx, vault.PolicyCriteria{Name: match, Paging: vault.Paging{Limit: completions}}, "")
	out := make([]cobra.Completion, 0, len(page.Items))
	for _, p := range page.Items {
		out = append(out, cobra.CompletionWithDesc(p.Name, p.Description))
	}
	return out, err
}

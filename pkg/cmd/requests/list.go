package requests

import (
	"context"
	"slices"
	"strings"

	"github.com/spf13/cobra"

	"github.com/redim-tools/redim/pkg/cli"
	"github.com/redim-tools/redim/pkg/cli/vaultcli"
	"github.com/redim-tools/redim/pkg/pam"
	"github.com/redim-tools/redim/pkg/render"
	"github.com/redim-tools/redim/pkg/term"
	"github.com/redim-tools/redim/pkg/vault"
)

// ListOptions are what "requests list" was told.
type ListOptions struct {
	vaultcli.Pages
	State      string
	Mine       bool
	Credential string
	Output     string

	Command string
	Streams *term.Streams
	Say     func(format string, args ...any)
	Open    vaultcli.Opener
	Remote  vaultcli.Remotely
}

// NewList makes the command. runF replaces its run in tests; nil is the real one.
func NewList(app *vaultcli.App, runF func(context.Context, *ListOptions) error) *cobra.Command {
	opts := &ListOptions{Streams: app.Streams, Say: app.Say, Open: app.Open, Remote: app.Remote}
	cmd := &cobra.Command{
		Use:   "list",
		Short: "List requests for approval",
		Long: `List requests, oldest first: without --state those that wait for a decision, and
those that are approved and wait to be collected by a check-out. An approved one is
collected once, within 24 hours. With --server they are those of the integration, at
that server.

Exit codes: 0, also for an empty list; 2 a criterion can't be; 106 there is no such
credential; 109 the store can't be opened.`,
		Example: `  vault requests list
  vault requests list --state all --mine
  vault requests list --credential web01/root -o json`,
		Args: cli.NoArgs,
		RunE: func(cmd *cobra.Command, _ []string) error {
			opts.Command = cmd.CommandPath()
			if runF != nil {
				return runF(cmd.Context(), opts)
			}
			return runList(cmd.Context(), opts)
		},
	}
	f := cmd.Flags()
	f.StringVar(&opts.State, "state", "waiting", "only this `state`: waiting, "+strings.Join(stateWords(), ", ")+" or all")
	f.BoolVar(&opts.Mine, "mine", false, "only what you asked for")
	f.StringVar(&opts.Credential, "credential", "", "only requests for this `system/account`")
	cli.Complete(cmd, "state", append([]string{"waiting", "all"}, stateWords()...)...)
	cli.CompleteWith(cmd, "credential", app.Complete(vaultcli.Credentials))
	opts.Add(cmd)
	app.ServerFlag(cmd)
	cli.OutputFlag(cmd, &opts.Output, cli.ListFormats()...)
	return cmd
}

func stateWords() []string {
	return []string{
		string(vault.RequestPending), string(vault.RequestApproved), string(vault.RequestRejected),
		string(vault.RequestDropped), string(vault.RequestCollected), string(vault.RequestLapsed),
	}
}

func (o *ListOptions) states() ([]vault.RequestState, error) {
	switch {
	case o.State == "waiting":
		return []vault.RequestState{vault.RequestPending, vault.RequestApproved}, nil
	case o.State == "all":
		return nil, nil
	case slices.Contains(stateWords(), o.State):
		return []vault.RequestState{vault.RequestState(o.State)}, nil
	}
	return nil, pam.Failf(pam.ErrUsage, "--state: %q is not known", o.State).WithHint("use one of: waiting, all, %s", strings.Join(stateWords(), ", "))
}

func runList(ctx context.Context, opts *ListOptions) error {
	states, err := opts.states()
	if err != nil {
		return err
	}
	paging, err := opts.Paging()
	if err != nil {
		return err
	}
	server, err := opts.Remote()
	if err != nil {
		return err
	}
	if server != nil {
		return runListAt(ctx, opts, server, states)
	}
	return opts.Open.With(ctx, func(v *vaultcli.Vault) error {
		c := vault.RequestCriteria{States: states, Paging: paging}
		if opts.Mine {
			c.Requester = &v.Actor
		}
		if opts.Credential != "" {
			credential, err := v.Credential(ctx, opts.Credential)
			if err != nil {
				return err
			}
			c.CredentialID = credential.ID
		}
		page, err := v.Requests(ctx, c, opts.Cursor)
		if err != nil {
			return err
		}
		return opts.write(page.Items, page.Next)
	})
}

func (o *ListOptions) write(found []vault.Request, next string) error {
	if err := recordList(next).Write(o.Streams, render.Format(o.Output), found); err != nil {
		return err
	}
	o.More(next, o.Output, o.Command, o.Say)
	return nil
}

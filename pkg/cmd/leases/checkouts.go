package leases

import (
	"context"
	"time"

	"github.com/spf13/cobra"

	"github.com/redim-tools/redim/pkg/cli"
	"github.com/redim-tools/redim/pkg/cli/vaultcli"
	"github.com/redim-tools/redim/pkg/render"
	"github.com/redim-tools/redim/pkg/term"
	"github.com/redim-tools/redim/pkg/vault"
)

// CheckOutsOptions are what "checkouts" was told.
type CheckOutsOptions struct {
	vaultcli.Pages
	All        bool
	Everybody  bool
	Credential string
	Output     string

	Command string
	Streams *term.Streams
	Say     func(format string, args ...any)
	Now     func() time.Time
	Open    vaultcli.Opener
	Remote  vaultcli.Remotely
}

// NewCheckOuts makes the command. runF replaces its run in tests; nil is the real one.
func NewCheckOuts(app *vaultcli.App, runF func(context.Context, *CheckOutsOptions) error) *cobra.Command {
	opts := &CheckOutsOptions{Streams: app.Streams, Say: app.Say, Now: app.Now, Open: app.Open, Remote: app.Remote}
	cmd := &cobra.Command{
		Use:   "checkouts",
		Short: "List what is checked out",
		Long: `List what you have checked out, oldest first; with --everybody what anybody has. What
is over is checked in before it is listed. No secret is shown again. With --server it
is what the integration has checked out at that server.

Exit codes: 0, also for an empty list; 2 wrong flags; 106 there is no such
credential; 109 the store can't be opened.`,
		Example: `  vault checkouts
  vault checkouts --everybody --credential web01/root
  vault checkouts --all -o json`,
		Args: cli.NoArgs,
		RunE: func(cmd *cobra.Command, _ []string) error {
			opts.Command = cmd.CommandPath()
			if runF != nil {
				return runF(cmd.Context(), opts)
			}
			return runCheckOuts(cmd.Context(), opts)
		},
	}
	f := cmd.Flags()
	f.BoolVar(&opts.All, "all", false, "list also what was given back or ran out")
	f.BoolVar(&opts.Everybody, "everybody", false, "list also what others hold")
	f.StringVar(&opts.Credential, "credential", "", "only those of this `system/account`")
	cli.CompleteWith(cmd, "credential", app.Complete(vaultcli.Credentials))
	opts.Add(cmd)
	app.ServerFlag(cmd)
	cli.OutputFlag(cmd, &opts.Output, cli.ListFormats()...)
	return cmd
}

func runCheckOuts(ctx context.Context, opts *CheckOutsOptions) error {
	paging, err := opts.Paging()
	if err != nil {
		return err
	}
	server, err := opts.Remote()
	if err != nil {
		return err
	}
	if server != nil {
		return runCheckOutsAt(ctx, opts, server)
	}
	return opts.Open.With(ctx, func(v *vaultcli.Vault) error {
		c := vault.LeaseCriteria{State: vault.LeaseOpen, Holder: &v.Actor, Paging: paging}
		if opts.All {
			c.State = ""
		}
		if opts.Everybody {
			c.Holder = nil
		}
		if opts.Credential != "" {
			credential, err := v.Credential(ctx, opts.Credential)
			if err != nil {
				return err
			}
			c.CredentialID = credential.ID
		}
		page, err := v.Leases(ctx, c, opts.Cursor)
		if err != nil {
			return err
		}
		return opts.write(page.Items, page.Next)
	})
}

func (o *CheckOutsOptions) write(leases []vault.Lease, next string) error {
	if err := leaseList(o.Now(), next).Write(o.Streams, render.Format(o.Output), leases); err != nil {
		return err
	}
	o.More(next, o.Output, o.Command, o.Say)
	return nil
}

// leaseJSON is a check-out of the vault: what redim tells of one, and more.
type leaseJSON struct {
	cli.CheckoutJSON
	Kind    string    `json:"holder_kind"`
	Reason  string    `json:"reason,omitempty"`
	Request string    `json:"request,omitempty"`
	Secret  int64     `json:"secret_version"`
	Ended   time.Time `json:"ended,omitzero"`
}

func newLeaseJSON(l vault.Lease, now time.Time) leaseJSON {
	doc := leaseJSON{
		CheckoutJSON: cli.NewCheckoutJSON(l.Checkout(""), now),
		Kind:         string(l.Holder.Kind), Reason: l.Reason, Request: l.RequestID, Secret: l.Secret, Ended: l.Ended,
	}
	doc.State = string(l.State)
	return doc
}

func leaseList(now time.Time, next string) render.List[vault.Lease] {
	type item = vault.Lease
	return render.List[item]{
		Columns: []render.Column[item]{
			{Name: "ID", Cell: func(l item) any { return l.ID }},
			{Name: "STATE", Cell: func(l item) any { return string(l.State) }},
			{Name: "CREDENTIAL", Cell: func(l item) any { return l.Credential }},
			{Name: "HOLDER", Cell: func(l item) any { return l.Holder.Name }},
			{Name: "SINCE", Cell: func(l item) any { return l.At }},
			{Name: "DUE", Cell: func(l item) any { return l.Due }},
			{Name: "TICKET", Cell: func(l item) any { return l.Ticket }},
			{Name: "REASON", Cell: func(l item) any { return l.Reason }},
		},
		JSON:  func(l item) any { return newLeaseJSON(l, now) },
		Empty: "nothing is checked out",
		Next:  next,
	}
}

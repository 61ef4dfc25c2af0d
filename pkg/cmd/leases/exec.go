package leases

import (
	"context"

	"github.com/spf13/cobra"

	"github.com/redim-tools/redim/pkg/cli"
	"github.com/redim-tools/redim/pkg/cli/handover"
	"github.com/redim-tools/redim/pkg/cli/vaultcli"
	"github.com/redim-tools/redim/pkg/engine"
	"github.com/redim-tools/redim/pkg/pam"
	"github.com/redim-tools/redim/pkg/vault"
)

// ExecOptions are what "exec" was told.
type ExecOptions struct {
	CheckOutOptions
	Handover handover.Options
}

// NewExec makes the command. runF replaces its run in tests; nil is the real one.
func NewExec(app *vaultcli.App, runF func(context.Context, *ExecOptions) error) *cobra.Command {
	opts := &ExecOptions{CheckOutOptions: *newCheckOut(app), Handover: handover.New(app.App)}
	cmd := &cobra.Command{
		Use:   "exec <system>/<account> [flags] -- <program> [argument...]",
		Short: "Run a program with a credential",
		Long: `Check a credential of the store out, run a program with it, and check it in when the
program has ended, however it ends. The program finds the credential in variables
(--env) or in files that only you can read (--file); with neither, in
REDIM_PASSWORD, REDIM_USERNAME, REDIM_SYSTEM and REDIM_CHECKOUT_ID. A program that
runs for longer than --for, or than 8 hours, keeps what it has, but the credential
is checked in by itself then. With --server it is checked out at that server.

` + handover.Help + `

Exit codes: that of the program; 128 and the signal's number when a signal ended it;
126 it can't be run; 127 there is no such program. Our own: 101 and 102 where other
commands have 1 and 2; 103 the program ended with 0, but the credential is not back;
105 to 110 as for checkout.`,
		Example: `  vault exec db01/sa --env DB_PASSWORD=password -- ./migrate.sh
  vault exec web01/root --for 2h --ticket CHG-4711 --wait 1h --file PASSWORD_FILE=password -- ansible-playbook site.yml
  vault exec db01/sa --server https://vault.example.com:8443 --env DB_PASSWORD=password -- ./migrate.sh
  vault exec db01/sa --dry-run -- ./migrate.sh`,
		Args: func(cmd *cobra.Command, args []string) error {
			before, err := opts.Handover.Args(cmd, args)
			if err != nil {
				return err
			}
			return cli.ExactArgs("a credential, as system/account, before the --")(cmd, before)
		},
		ValidArgsFunction: app.Complete(vaultcli.Credentials),
		RunE: func(cmd *cobra.Command, args []string) error {
			opts.Ref = args[0]
			if runF != nil {
				return runF(cmd.Context(), opts)
			}
			return runExec(cmd.Context(), opts)
		},
	}
	opts.add(cmd)
	opts.Handover.Add(cmd)
	app.ServerFlag(cmd)
	cli.OutputFlag(cmd, &opts.Handout.Output, cli.OneFormats()...)
	return cmd
}

func runExec(ctx context.Context, opts *ExecOptions) error {
	if err := opts.check(); err != nil {
		return err
	}
	if err := opts.Handover.Check(); err != nil {
		return err
	}
	server, err := opts.Remote()
	switch {
	case err != nil:
		return err
	case server != nil && opts.DryRun:
		return opts.planAt(ctx, server)
	case server != nil:
		return opts.Handover.Run(ctx, handover.Lender{
			CheckOut: func(ctx context.Context) (pam.Checkout, pam.Release, error) { return opts.releaseAt(ctx, server) },
			CheckIn:  vaultcli.Lender{Client: server}.CheckIn,
		})
	case opts.DryRun:
		return opts.Open.With(ctx, func(v *vaultcli.Vault) error { return opts.plan(ctx, v) })
	}
	return opts.Handover.Run(ctx, handover.Lender{CheckOut: opts.checkOutOnce, CheckIn: opts.checkIn})
}

// checkOutOnce has the store open only meanwhile, so that a program that runs
// for hours holds nobody up.
func (o *ExecOptions) checkOutOnce(ctx context.Context) (pam.Checkout, pam.Release, error) {
	v, err := o.Open(ctx)
	if err != nil {
		return pam.Checkout{}, pam.Release{}, err
	}
	defer func() { _ = v.Close() }() // what was written is written
	return o.release(ctx, v)
}

func (o *ExecOptions) checkIn(ctx context.Context, c pam.Checkout) (engine.CheckInResult, error) {
	in := engine.CheckInResult{Checkout: c}
	err := o.Open.With(ctx, func(v *vaultcli.Vault) (err error) {
		in, err = giver{service: v.Service, ask: vault.Ask{Actor: v.Actor}, now: o.Now}.CheckIn(ctx, c)
		return err
	})
	return in, err
}

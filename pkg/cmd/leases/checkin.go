package leases

import (
	"context"
	"time"

	"github.com/spf13/cobra"

	"github.com/redim-tools/redim/pkg/cli/handback"
	"github.com/redim-tools/redim/pkg/cli/vaultcli"
	"github.com/redim-tools/redim/pkg/engine"
	"github.com/redim-tools/redim/pkg/pam"
	"github.com/redim-tools/redim/pkg/vault"
)

// CheckInOptions are what "checkin" was told.
type CheckInOptions struct {
	handback.Options
	Everybody bool

	Vault  vaultcli.Opener
	Remote vaultcli.Remotely
}

// NewCheckIn makes the command. runF replaces its run in tests; nil is the real one.
func NewCheckIn(app *vaultcli.App, runF func(context.Context, *CheckInOptions) error) *cobra.Command {
	opts := &CheckInOptions{Options: handback.Options{Command: app.Name, Streams: app.Streams, Now: app.Now}, Vault: app.Open, Remote: app.Remote}
	cmd := &cobra.Command{
		Use:   "checkin <id>...",
		Short: "Give checked-out credentials back",
		Long: `Give back the check-outs with these ids, as "checkouts" lists them; the beginning of
an id will do. Where the policy of a credential names a rotator, the credential gets a
new secret afterwards.

With --everybody they may be those of others: an administrator's act, and the record
says whose. With --server they are those of the integration, at that server.

Exit codes: 0, also when it was over already; 103 some were given back and some were
not; 106 there is no such open check-out; 109 the store can't be opened; 110 it
can't be written to.`,
		Example: `  vault checkin k3vq7m2dpe4ta
  vault checkin k3vq --everybody --dry-run
  vault checkin --all`,
		RunE: func(cmd *cobra.Command, args []string) error {
			opts.IDs = args
			if runF != nil {
				return runF(cmd.Context(), opts)
			}
			return runCheckIn(cmd.Context(), opts)
		},
	}
	cmd.ValidArgsFunction = app.Complete(opts.words)
	opts.Add(cmd)
	cmd.Flags().BoolVar(&opts.Everybody, "everybody", false, "also what others hold")
	app.ServerFlag(cmd)
	return cmd
}

// words are the ids that could be given back.
func (o *CheckInOptions) words(ctx context.Context, v *vaultcli.Vault, _ string) ([]cobra.Completion, error) {
	c := vault.LeaseCriteria{State: vault.LeaseOpen, Paging: vault.Paging{Limit: vault.DefaultPage}}
	if !o.Everybody {
		c.Holder = &v.Actor
	}
	page, err := v.Leases(ctx, c, "")
	out := make([]cobra.Completion, 0, len(page.Items))
	for _, l := range page.Items {
		out = append(out, cobra.CompletionWithDesc(l.ID, l.Credential))
	}
	return out, err
}

func runCheckIn(ctx context.Context, opts *CheckInOptions) error {
	if server, err := opts.Remote(); err != nil || server != nil {
		if err != nil {
			return err
		}
		return runCheckInAt(ctx, opts, server)
	}
	return opts.Vault.With(ctx, func(v *vaultcli.Vault) error {
		ask := vault.Ask{Actor: v.Actor, All: opts.Everybody}
		session, err := v.Session(ask)
		if err != nil {
			return err
		}
		back := opts.Options
		back.Journal = func() (handback.Journal, error) { return session, nil }
		back.Open = func(string) (handback.Service, error) { return giver{service: v.Service, ask: ask, now: opts.Now}, nil }
		return back.Run(ctx)
	})
}

// giver gives back one lease at a time, by its id: a holder may have several of
// one credential.
type giver struct {
	service *vault.Service
	ask     vault.Ask
	now     func() time.Time
}

// CheckIn goes through the engine.
func (g giver) CheckIn(ctx context.Context, c pam.Checkout) (engine.CheckInResult, error) {
	g.ask.Lease = c.ID
	session, err := g.service.Session(g.ask)
	if err != nil {
		return engine.CheckInResult{Checkout: c}, err
	}
	e := &engine.Engine{Source: session, Journal: session, Clock: g.now, NewID: vault.NewLeaseID}
	return e.CheckIn(ctx, c)
}

package checkouts

import (
	"context"
	"time"

	"github.com/spf13/cobra"

	"github.com/redim-tools/redim/pkg/cli"
	"github.com/redim-tools/redim/pkg/engine"
	"github.com/redim-tools/redim/pkg/pam"
	"github.com/redim-tools/redim/pkg/render"
	"github.com/redim-tools/redim/pkg/term"
)

// ShowOptions are what "checkouts show" was told.
type ShowOptions struct {
	ID     string
	Output string

	Streams *term.Streams
	Now     func() time.Time
	Journal func() (Journal, error)
	Open    func(profile string) (Service, error)
}

// Service tells what became of a password.
type Service interface {
	Rotation(context.Context, pam.Checkout) engine.Rotation
}

// NewShow makes the command. runF replaces its run in tests; nil is the real one.
func NewShow(app *cli.App, runF func(context.Context, *ShowOptions) error) *cobra.Command {
	open := app.Services()
	opts := &ShowOptions{
		Streams: app.Streams, Now: app.Now, Journal: func() (Journal, error) { return app.Journal() },
		Open: func(profile string) (Service, error) { return open(profile) },
	}
	cmd := &cobra.Command{
		Use:   "show <id>",
		Short: "Show a checkout, and if its password was changed since",
		Long: `Show one checkout of the journal. Of one that was given back, tell whether its
password was really changed afterwards: that is so when the service says that its job
succeeded and that the password was last changed after the check-in. The word is one of
rotated, pending, failed, not_asked and unknown, with the reason.

Exit codes: 0, whatever became of it; 106 no such checkout; 110 the journal can't be
read.`,
		Example: `  redim checkouts show k3vq7m2d
  redim checkouts show k3vq -o json`,
		Args: cli.ExactArgs("the id of a checkout"),
		RunE: func(cmd *cobra.Command, args []string) error {
			opts.ID = args[0]
			if runF != nil {
				return runF(cmd.Context(), opts)
			}
			return runShow(cmd.Context(), opts)
		},
	}
	cmd.ValidArgsFunction = opts.complete
	cli.OutputFlag(cmd, &opts.Output, cli.OneFormats()...)
	return cmd
}

func (o *ShowOptions) complete(cmd *cobra.Command, args []string, _ string) ([]cobra.Completion, cobra.ShellCompDirective) {
	var ids []cobra.Completion
	if j, err := o.Journal(); err == nil && len(args) == 0 {
		all, _ := j.All(cmd.Context())
		for _, c := range all {
			ids = append(ids, cobra.CompletionWithDesc(c.ID, c.Credential.Ref()))
		}
	}
	return ids, cobra.ShellCompDirectiveNoFileComp
}

func runShow(ctx context.Context, opts *ShowOptions) error {
	j, err := opts.Journal()
	if err != nil {
		return err
	}
	all, err := j.All(ctx)
	if err != nil {
		return err
	}
	c, err := engine.FindCheckout(all, opts.ID)
	if err != nil {
		return err
	}
	abandoned, _ := j.Abandoned(ctx)
	return opts.write(c, isAmong(c, abandoned), opts.rotation(ctx, c))
}

// rotation asks the service only where there is something to ask.
func (o *ShowOptions) rotation(ctx context.Context, c pam.Checkout) engine.Rotation {
	if r, known := engine.KnownRotation(c); known {
		return r
	}
	service, err := o.Open(c.Profile)
	if err != nil {
		return engine.Rotation{State: engine.RotationUnprovable, Reason: err.Error()}
	}
	return service.Rotation(ctx, c)
}

// showJSON is a checkout with what followed it.
type showJSON struct {
	checkoutJSON
	GivenBack time.Time    `json:"given_back,omitzero"`
	SpinJob   int64        `json:"spin_job,omitempty"`
	NoSpin    string       `json:"no_spin,omitempty"`
	Rotation  rotationJSON `json:"rotation"`
}

type rotationJSON struct {
	State      string    `json:"state"`
	Reason     string    `json:"reason"`
	JobStatus  string    `json:"job_status,omitempty"`
	JobMessage string    `json:"job_message,omitempty"`
	Changed    time.Time `json:"last_changed,omitzero"`
}

func (o *ShowOptions) write(c pam.Checkout, abandoned bool, r engine.Rotation) error {
	now := o.Now()
	doc := showJSON{
		checkoutJSON: newCheckoutJSON(c, abandoned, now), GivenBack: c.Back, SpinJob: c.SpinJob, NoSpin: c.NoSpin,
		Rotation: rotationJSON{State: string(r.State), Reason: r.Reason, JobStatus: string(r.Job.State), JobMessage: r.Job.Message, Changed: r.Changed},
	}
	return render.One(o.Streams, render.Format(o.Output), doc, []render.Field{
		{Name: "ID", Value: c.ID},
		{Name: "State", Value: state(c, abandoned, now)},
		{Name: "Credential", Value: c.Credential.Ref()},
		{Name: "Type", Value: c.Credential.Type.String()},
		{Name: "Identity", Value: c.Identity.String()},
		{Name: "Comment", Value: c.Comment},
		{Name: "Ticket", Value: c.Ticket},
		{Name: "Via", Value: c.Via},
		{Name: "Since", Value: c.At},
		{Name: "Due", Value: c.Due},
		{Name: "Given back", Value: c.Back},
		{Name: "Spin job", Value: job(c)},
		{Name: "Rotation", Value: doc.Rotation.State},
		{Name: "Reason", Value: doc.Rotation.Reason},
		{Name: "Last changed", Value: r.Changed},
		{Name: "Profile", Value: c.Profile},
		{Name: "Service", Value: c.Service},
	})
}

// job is the id of the job, or why there is none.
func job(c pam.Checkout) any {
	if c.SpinJob != 0 {
		return c.SpinJob
	}
	return c.NoSpin
}

package jobs

import (
	"context"

	"github.com/spf13/cobra"

	"github.com/redim-tools/redim/pkg/cli"
	"github.com/redim-tools/redim/pkg/pam"
	"github.com/redim-tools/redim/pkg/render"
	"github.com/redim-tools/redim/pkg/term"
)

// ShowOptions are what "jobs show" was told.
type ShowOptions struct {
	source
	Job    string
	Output string

	Streams *term.Streams
}

// NewShow makes the command. runF replaces its run in tests; nil is the real one.
func NewShow(app *cli.App, runF func(context.Context, *ShowOptions) error) *cobra.Command {
	opts := &ShowOptions{source: newSource(app), Streams: app.Streams}
	cmd := &cobra.Command{
		Use:   "show <job>",
		Short: "Show how far a job has come",
		Long: `Show what the service says of a job, and of which checkout it is. Jobs that the
journal of this machine does not know are asked for with the present profile.

Exit codes: 0, whatever became of the job; 2 not the id of a job; 104 to 106, 109, 111
and 117 as for test-settings; 113 the delegation identity may not see jobs.`,
		Example: `  redim jobs show 1001
  redim jobs show 1001 -o json`,
		Args:              cli.ExactArgs("the id of a job"),
		ValidArgsFunction: opts.complete,
		RunE: func(cmd *cobra.Command, args []string) error {
			opts.Job = args[0]
			if runF != nil {
				return runF(cmd.Context(), opts)
			}
			return runShow(cmd.Context(), opts)
		},
	}
	cli.OutputFlag(cmd, &opts.Output, cli.OneFormats()...)
	return cmd
}

func runShow(ctx context.Context, opts *ShowOptions) error {
	id, err := oneJob(opts.Job)
	if err != nil {
		return err
	}
	c, service, err := opts.find(ctx, id)
	if err != nil {
		return err
	}
	job, err := service.Job(ctx, id)
	if err != nil {
		return err
	}
	return write(ctx, opts.Streams, opts.Output, service, job, c)
}

// write shows a job, and whether it has done what it is for.
func write(ctx context.Context, s *term.Streams, format string, service Service, job pam.Job, c *pam.Checkout) error {
	doc := newJobJSON(job, c)
	if c != nil {
		r := service.Rotation(ctx, *c)
		doc.Rotation, doc.Reason = string(r.State), r.Reason
	}
	return render.One(s, render.Format(format), doc, []render.Field{
		{Name: "Job", Value: doc.ID},
		{Name: "Status", Value: doc.Status},
		{Name: "Last run", Value: doc.LastRun},
		{Name: "Message", Value: doc.Message},
		{Name: "Credential", Value: doc.Ref},
		{Name: "Checkout", Value: doc.Checkout},
		{Name: "Given back", Value: doc.GivenBack},
		{Name: "Rotation", Value: doc.Rotation},
		{Name: "Reason", Value: doc.Reason},
	})
}

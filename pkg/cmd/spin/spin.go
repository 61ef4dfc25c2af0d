// Package spin is the command spin: it creates the job that changes the password
// of a checkout, where its check-in could not.
package spin

import (
	"context"
	"strconv"

	"github.com/spf13/cobra"

	"github.com/redim-tools/redim/pkg/cli"
	"github.com/redim-tools/redim/pkg/engine"
	"github.com/redim-tools/redim/pkg/pam"
	"github.com/redim-tools/redim/pkg/render"
	"github.com/redim-tools/redim/pkg/term"
)

// Options are what the command was told.
type Options struct {
	Checkout string
	DryRun   bool
	Output   string

	Streams *term.Streams
	Say     func(format string, args ...any)
	Journal func() (Journal, error)
	Open    func(profile string) (Service, error)
}

// Journal lists checkouts, oldest first.
type Journal interface {
	All(context.Context) ([]pam.Checkout, error)
}

// Service creates spin jobs.
type Service interface {
	Spin(context.Context, pam.Checkout) (engine.CheckInResult, error)
	PlanRespin(context.Context, pam.Checkout) (engine.SpinPlan, error)
}

// New makes the command. runF replaces its run in tests; nil is the real one.
func New(app *cli.App, runF func(context.Context, *Options) error) *cobra.Command {
	open := app.Services()
	opts := &Options{
		Streams: app.Streams, Say: app.Say, Journal: func() (Journal, error) { return app.Journal() },
		Open: func(profile string) (Service, error) { return open(profile) },
	}
	cmd := &cobra.Command{
		Use:   "spin --checkout <id>",
		Short: "Try again to have a password changed",
		Long: `Create the spin job of a checkout that was given back, when none was created then, or
when its job failed. The rules are those of a check-in: the credential has a random
password and is set to auto-spin, and its type has a template job. It is refused while
somebody holds the credential, and while an earlier job may still change it.

Exit codes: 0 the job was created; 2 the rules ask for no spin; 104, 105, 109, 111 and
117 as for test-settings; 106 no such checkout; 107 somebody holds the credential, or
an earlier job has changed it or will; 110 the journal can't be written; 113 the
delegation identity may not create jobs; 114 there is no template job.`,
		Example: `  redim spin --checkout k3vq7m2d
  redim spin --checkout k3vq --dry-run`,
		Args: cli.NoArgs,
		RunE: func(cmd *cobra.Command, _ []string) error {
			if runF != nil {
				return runF(cmd.Context(), opts)
			}
			return run(cmd.Context(), opts)
		},
	}
	cmd.Flags().StringVar(&opts.Checkout, "checkout", "", "`id` of the checkout, or its beginning, as \"checkouts --all\" shows it")
	cmd.Flags().BoolVar(&opts.DryRun, "dry-run", false, "tell which template job would be used; create nothing")
	cli.CompleteWith(cmd, "checkout", opts.complete)
	cli.OutputFlag(cmd, &opts.Output, cli.OneFormats()...)
	return cmd
}

// complete offers the checkouts that were given back without a job.
func (o *Options) complete(cmd *cobra.Command, _ []string, _ string) ([]cobra.Completion, cobra.ShellCompDirective) {
	var ids []cobra.Completion
	if j, err := o.Journal(); err == nil {
		all, _ := j.All(cmd.Context())
		for _, c := range all {
			if c.State == pam.CheckoutCheckedIn && c.SpinJob == 0 {
				ids = append(ids, cobra.CompletionWithDesc(c.ID, c.Credential.Ref()))
			}
		}
	}
	return ids, cobra.ShellCompDirectiveNoFileComp
}

func run(ctx context.Context, opts *Options) error {
	if opts.Checkout == "" {
		return pam.Failf(pam.ErrUsage, "--checkout is needed").WithHint("name the checkout whose password is to be changed; list them with: redim checkouts --all")
	}
	c, err := opts.find(ctx)
	if err != nil {
		return err
	}
	service, err := opts.Open(c.Profile)
	if err != nil {
		return err
	}
	if opts.DryRun {
		plan, err := service.PlanRespin(ctx, c)
		if err != nil {
			return err
		}
		opts.Say("dry run: no job was created")
		return opts.write(c, 0, plan.Template)
	}
	result, err := service.Spin(ctx, c)
	if err != nil {
		return err
	}
	if result.Spin.Err != nil {
		opts.Say("the job has no comment: %s", result.Spin.Err)
	}
	return opts.write(c, result.Spin.JobID, 0)
}

func (o *Options) find(ctx context.Context) (pam.Checkout, error) {
	j, err := o.Journal()
	if err != nil {
		return pam.Checkout{}, err
	}
	all, err := j.All(ctx)
	if err != nil {
		return pam.Checkout{}, err
	}
	return engine.FindCheckout(all, o.Checkout)
}

// document is the result in JSON and YAML.
type document struct {
	Checkout string `json:"checkout"`
	Ref      string `json:"ref"`
	DryRun   bool   `json:"dry_run,omitempty"`
	Job      int64  `json:"spin_job,omitempty"` // missing where the service did not tell it
	Template int64  `json:"template_job,omitempty"`
}

func (o *Options) write(c pam.Checkout, job, template int64) error {
	doc := document{Checkout: c.ID, Ref: c.Credential.Ref(), DryRun: o.DryRun, Job: job, Template: template}
	fields := []render.Field{{Name: "Checkout", Value: doc.Checkout}, {Name: "Credential", Value: doc.Ref}}
	if o.DryRun {
		fields = append(fields, render.Field{Name: "Template job", Value: doc.Template})
	} else {
		fields = append(fields, render.Field{Name: "Job", Value: told(job)})
	}
	return render.One(o.Streams, render.Format(o.Output), doc, fields)
}

func told(job int64) string {
	if job == 0 {
		return "created, its id is not told"
	}
	return strconv.FormatInt(job, 10)
}

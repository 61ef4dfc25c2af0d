package jobs

import (
	"context"
	"errors"
	"slices"

	"github.com/spf13/cobra"

	"github.com/redim-tools/redim/pkg/cli"
	"github.com/redim-tools/redim/pkg/engine"
	"github.com/redim-tools/redim/pkg/pam"
	"github.com/redim-tools/redim/pkg/render"
	"github.com/redim-tools/redim/pkg/term"
)

// ListOptions are what "jobs list" was told.
type ListOptions struct {
	source
	Status bool
	Output string

	Streams *term.Streams
	Say     func(format string, args ...any)
}

// NewList makes the command. runF replaces its run in tests; nil is the real one.
func NewList(app *cli.App, runF func(context.Context, *ListOptions) error) *cobra.Command {
	opts := &ListOptions{source: newSource(app), Streams: app.Streams, Say: app.Say}
	cmd := &cobra.Command{
		Use:   "list",
		Short: "List the spin jobs that this machine created",
		Long: `List the spin jobs that the journal of this machine knows, of all profiles, the newest
first. Jobs that others created are not among them: no public operation of the
service lists jobs. With --status the service is asked how far each has come.

Exit codes: 0, also for an empty list; 103 the status of some could not be asked; 110
the journal can't be read.`,
		Example: `  redim jobs list
  redim jobs list --status -o json`,
		Args: cli.NoArgs,
		RunE: func(cmd *cobra.Command, _ []string) error {
			if runF != nil {
				return runF(cmd.Context(), opts)
			}
			return runList(cmd.Context(), opts)
		},
	}
	cmd.Flags().BoolVar(&opts.Status, "status", false, "ask the service how far each job has come")
	cli.OutputFlag(cmd, &opts.Output, cli.ListFormats()...)
	return cmd
}

// row is one job of the list.
type row struct {
	c   pam.Checkout
	job pam.Job
	err error
}

// atOnce is how many jobs are asked for at one time.
const atOnce = 8

func runList(ctx context.Context, opts *ListOptions) error {
	with, err := opts.known(ctx)
	if err != nil {
		return err
	}
	rows, err := opts.rows(ctx, with)
	if err != nil {
		return err
	}
	if err := opts.list().Write(opts.Streams, render.Format(opts.Output), rows); err != nil {
		return err
	}
	opts.Say("these are the jobs that the journal of this machine knows; RED IM may have others")
	return unread(rows)
}

func (o *ListOptions) rows(ctx context.Context, with []pam.Checkout) ([]row, error) {
	rows := make([]row, 0, len(with))
	if !o.Status {
		for _, c := range with {
			rows = append(rows, row{c: c, job: pam.Job{ID: c.SpinJob}})
		}
		return rows, nil
	}
	services, err := o.services(with)
	if err != nil {
		return nil, err
	}
	ask := func(ctx context.Context, c pam.Checkout) row {
		job, err := services[c.Profile].Job(ctx, c.SpinJob)
		job.ID = c.SpinJob
		return row{c, job, err}
	}
	err = engine.Ordered(ctx, atOnce, slices.Values(with), ask, func(r row) error {
		rows = append(rows, r)
		return nil
	})
	return rows, err
}

// services opens that of each profile, before any is used from several
// goroutines.
func (o *ListOptions) services(with []pam.Checkout) (map[string]Service, error) {
	services := map[string]Service{}
	for _, c := range with {
		service, err := o.Open(c.Profile)
		if err != nil {
			return nil, err
		}
		services[c.Profile] = service
	}
	return services, nil
}

func (r row) status() string {
	if r.err != nil {
		return "not known"
	}
	return string(r.job.State)
}

func (o *ListOptions) list() render.List[row] {
	list := render.List[row]{
		Columns: []render.Column[row]{
			{Name: "JOB", Cell: func(r row) any { return r.job.ID }},
			{Name: "CREDENTIAL", Cell: func(r row) any { return r.c.Credential.Ref() }},
			{Name: "CHECKOUT", Cell: func(r row) any { return r.c.ID }},
			{Name: "GIVEN BACK", Cell: func(r row) any { return r.c.Back }},
			{Name: "PROFILE", Cell: func(r row) any { return r.c.Profile }},
		},
		JSON: func(r row) any {
			doc := newJobJSON(r.job, &r.c)
			if r.err != nil {
				doc.Error = r.err.Error()
			}
			return doc
		},
		Empty: "no jobs",
	}
	if o.Status {
		list.Columns = slices.Insert(list.Columns, 1, render.Column[row]{Name: "STATUS", Cell: func(r row) any { return r.status() }})
	}
	return list
}

// unread is the failure of the jobs whose status could not be asked.
func unread(rows []row) error {
	var failures []error
	for _, r := range rows {
		if r.err != nil {
			failures = append(failures, r.err)
		}
	}
	if len(failures) == 0 {
		return nil
	}
	return pam.Failf(pam.ErrPartial, "the status of %d of %d jobs could not be asked: %w", len(failures), len(rows), errors.Join(failures...)).
		WithHint("mend the cause, or list them without --status")
}

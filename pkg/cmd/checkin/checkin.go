// Package checkin is the command checkin: it gives back what was checked out.
package checkin

import (
	"context"
	"errors"
	"strconv"
	"strings"
	"time"

	"github.com/spf13/cobra"

	"github.com/redim-tools/redim/pkg/cli"
	"github.com/redim-tools/redim/pkg/engine"
	"github.com/redim-tools/redim/pkg/pam"
	"github.com/redim-tools/redim/pkg/render"
	"github.com/redim-tools/redim/pkg/term"
)

// Options are what the command was told.
type Options struct {
	IDs    []string
	All    bool
	DryRun bool
	Output string
	Spins  bool // a check-in may be followed by a spin job, and the results tell of it

	Streams *term.Streams
	Say     func(format string, args ...any)
	Now     func() time.Time
	Journal func() (Journal, error)
	// Open yields the service of one profile.
	Open func(profile string) (Service, error)
}

// Journal lists the open checkouts.
type Journal interface {
	Open(context.Context) ([]pam.Checkout, error)
}

// Service checks in.
type Service interface {
	CheckIn(context.Context, pam.Checkout) (engine.CheckInResult, error)
}

// New makes the command. runF replaces its run in tests; nil is the real one.
func New(app *cli.App, runF func(context.Context, *Options) error) *cobra.Command {
	opts := &Options{Spins: true, Streams: app.Streams, Say: app.Say, Now: app.Now, Open: opener(app),
		Journal: func() (Journal, error) { return app.Journal() }}
	cmd := &cobra.Command{
		Use:   "checkin <id>...",
		Short: "Give checked-out credentials back",
		Long: `Give back the checkouts with these ids, as "checkouts" lists them; the beginning
of an id will do. Each is given back with the profile it was made with. Where the
settings ask for it, a spin job is created for the credential.

Exit codes: 0, also when the service had taken it back already; 103 some were
given back and some were not, or a spin job could not be created; 106 no such
open checkout; 110 the journal can't be written.`,
		Example: `  redim checkin k3vq7m2d
  redim checkin --all
  redim checkin --all --dry-run`,
		RunE: func(cmd *cobra.Command, args []string) error {
			opts.IDs = args
			if runF != nil {
				return runF(cmd.Context(), opts)
			}
			return Run(cmd.Context(), opts)
		},
	}
	cmd.Args = func(cmd *cobra.Command, args []string) error {
		if (len(args) == 0) != opts.All {
			return pam.Failf(pam.ErrUsage, "name the checkouts to give back, or all of them").WithHint("usage: %s, or with --all; list them with: %s checkouts", cmd.UseLine(), app.Name)
		}
		return nil
	}
	cmd.ValidArgsFunction = completeIDs(opts)
	cmd.Flags().BoolVar(&opts.All, "all", false, "give back everything that is open")
	cmd.Flags().BoolVar(&opts.DryRun, "dry-run", false, "tell what would be given back")
	cli.OutputFlag(cmd, &opts.Output, cli.ListFormats()...)
	return cmd
}

// opener opens the service of each profile once.
func opener(app *cli.App) func(string) (Service, error) {
	opened := map[string]Service{}
	return func(profile string) (Service, error) {
		if service, ok := opened[profile]; ok {
			return service, nil
		}
		s, err := app.SettingsOf(profile)
		if err != nil {
			return nil, err
		}
		service, err := app.Service(s)
		if err == nil {
			opened[profile] = service
		}
		return service, err
	}
}

func completeIDs(opts *Options) cobra.CompletionFunc {
	return func(cmd *cobra.Command, _ []string, _ string) ([]cobra.Completion, cobra.ShellCompDirective) {
		j, err := opts.Journal()
		if err != nil {
			return nil, cobra.ShellCompDirectiveNoFileComp
		}
		open, _ := j.Open(cmd.Context())
		var ids []cobra.Completion
		for _, c := range open {
			ids = append(ids, cobra.CompletionWithDesc(c.ID, c.Credential.Ref()))
		}
		return ids, cobra.ShellCompDirectiveNoFileComp
	}
}

// Run gives the checkouts back that the options name, and tells what became of
// each.
func Run(ctx context.Context, opts *Options) error {
	wanted, err := selected(ctx, opts)
	if err != nil {
		return err
	}
	results := make([]result, 0, len(wanted))
	for _, c := range wanted {
		results = append(results, give(ctx, opts, c))
	}
	if err := opts.list().Write(opts.Streams, render.Format(opts.Output), results); err != nil {
		return err
	}
	return verdict(results)
}

// selected finds all the checkouts before any is given back.
func selected(ctx context.Context, opts *Options) ([]pam.Checkout, error) {
	j, err := opts.Journal()
	if err != nil {
		return nil, err
	}
	open, err := j.Open(ctx)
	if err != nil || opts.All {
		return open, err
	}
	wanted := make([]pam.Checkout, 0, len(opts.IDs))
	for _, id := range opts.IDs {
		c, err := engine.FindOpen(open, id)
		if err != nil {
			return nil, err
		}
		wanted = append(wanted, c)
	}
	return wanted, nil
}

// result is what became of one.
type result struct {
	checkout pam.Checkout
	in       engine.CheckInResult
	dryRun   bool
	err      error
}

func give(ctx context.Context, opts *Options, c pam.Checkout) result {
	if opts.DryRun {
		return result{checkout: c, dryRun: true}
	}
	service, err := opts.Open(c.Profile)
	if err != nil {
		return result{checkout: c, err: err}
	}
	in, err := service.CheckIn(ctx, c)
	return result{checkout: in.Checkout, in: in, err: err}
}

func (r result) word() string {
	switch {
	case r.dryRun:
		return "would be given back"
	case r.err != nil:
		return "failed"
	case r.in.Absent:
		return "was back already"
	}
	return "given back"
}

func (r result) spin() string {
	switch {
	case r.dryRun || r.err != nil || r.in.Absent:
		return ""
	case r.in.Spin.Reason == "":
		return "job " + strconv.FormatInt(r.in.Spin.JobID, 10)
	}
	return string(r.in.Spin.Reason)
}

func (o *Options) list() render.List[result] {
	now := o.Now()
	list := render.List[result]{
		Columns: []render.Column[result]{
			{Name: "ID", Cell: func(r result) any { return r.checkout.ID }},
			{Name: "CREDENTIAL", Cell: func(r result) any { return r.checkout.Credential.Ref() }},
			{Name: "RESULT", Cell: func(r result) any { return r.word() }},
		},
		JSON:  func(r result) any { return r.json(now, o.Spins) },
		Empty: "no open checkouts",
	}
	if o.Spins {
		list.Columns = append(list.Columns, render.Column[result]{Name: "SPIN", Cell: func(r result) any { return r.spin() }})
	}
	return list
}

// resultJSON is a result in JSON and YAML.
type resultJSON struct {
	Checkout cli.CheckoutJSON `json:"checkout"`
	Result   string           `json:"result"`
	JobID    int64            `json:"spin_job,omitempty"`
	Spin     string           `json:"no_spin,omitempty"`
	Error    string           `json:"error,omitempty"`
}

func (r result) json(now time.Time, spins bool) resultJSON {
	doc := resultJSON{Checkout: cli.NewCheckoutJSON(r.checkout, now), Result: strings.ReplaceAll(r.word(), " ", "_")}
	if spins {
		doc.JobID, doc.Spin = r.in.Spin.JobID, string(r.in.Spin.Reason)
	}
	if r.err != nil {
		doc.Error = r.err.Error()
	}
	return doc
}

// verdict is the failure of the only one, or a partial one of several.
func verdict(results []result) error {
	var failures []error
	for _, r := range results {
		if r.err != nil {
			failures = append(failures, r.err)
		}
	}
	switch {
	case len(failures) == len(results) && len(results) == 1:
		return failures[0]
	case len(failures) > 0:
		return pam.Failf(pam.ErrPartial, "%d of %d were not given back: %w", len(failures), len(results), errors.Join(failures...)).
			WithHint("mend the cause and run it again; what is back stays back")
	}
	return spinVerdict(results)
}

func spinVerdict(results []result) error {
	for _, r := range results {
		if r.in.Spin.Failed() {
			return pam.Failf(pam.ErrPartial, "%s is back, but its password will not be changed: %w", r.checkout.Credential.Ref(), r.in.Spin.Err).
				WithHint("change it by hand, or mend template_jobs and the permissions of the delegation identity for the next time")
		}
	}
	return nil
}

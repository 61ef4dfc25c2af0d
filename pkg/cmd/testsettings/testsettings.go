package testsettings

import (
	"context"

	"github.com/spf13/cobra"

	"github.com/redim-tools/redim/pkg/cli"
	"github.com/redim-tools/redim/pkg/engine"
	"github.com/redim-tools/redim/pkg/pam"
	"github.com/redim-tools/redim/pkg/prompt"
	"github.com/redim-tools/redim/pkg/render"
	"github.com/redim-tools/redim/pkg/term"
)

// Options are what the command was told.
type Options struct {
	Lookup  cli.LookupFlags
	Explain bool
	FailOn  []string
	From    string
	Output  string

	Streams *term.Streams
	Say     func(format string, args ...any)
	Prompt  func() prompt.Prompter
	// Open checks the settings as given and yields who looks up, and how many
	// look-ups may run at once.
	Open func() (Finder, int, error)
	// Unsaved lists the settings given on the command line over saved ones.
	Unsaved func() ([]Change, error)
}

// Finder looks up and reviews.
type Finder interface {
	Find(context.Context, engine.FindRequest) (engine.Finding, error)
	Review(context.Context, engine.Finding) []*pam.Failure
}

// New makes the command. runF replaces its run in tests; nil is the real one.
func New(app *cli.App, runF func(context.Context, *Options) error) *cobra.Command {
	opts := &Options{Streams: app.Streams, Say: app.Say, Prompt: app.Prompt, Open: opener(app), Unsaved: unsaved(app)}
	cmd := &cobra.Command{
		Use:   "test-settings",
		Short: "Look up credentials with the settings as given now",
		Long: `Test the settings as they are given now: the saved ones, with flags and --set
over them. Nothing is saved, and no password is ever retrieved.

Lists the credentials that the user may use on the endpoint. With --explain it
tells each question that was asked, what came back, and which setting decided it.

With --from it tests many at once, one "user,endpoint[,ip]" a line, and writes a
result for each in the order of the lines.

Exit codes: 0 when credentials were found; 104 the delegation identity was
refused; 105 it may not act as this user; 106 no credential here; 109 the service
is unreachable; 111 its certificate was refused; 112 the user is unknown; 117 the
answer was not one; 103 when only some lines of --from succeeded. Warnings do not
change the code unless --fail-on names their class.`,
		Example: `  redim test-settings --user 'EX\alice' --endpoint web01
  redim test-settings --user alice@example.local --endpoint web01 --explain
  redim test-settings --user alice --endpoint web01 --set default_domain=EX -o json
  redim test-settings --from users.csv -o json`,
		Args: cli.NoArgs,
		RunE: func(cmd *cobra.Command, _ []string) error {
			if runF != nil {
				return runF(cmd.Context(), opts)
			}
			return run(cmd.Context(), opts)
		},
	}
	opts.Lookup.Add(cmd)
	f := cmd.Flags()
	f.BoolVar(&opts.Explain, "explain", false, "tell each step of the look-up and the setting that decided it")
	f.StringSliceVar(&opts.FailOn, "fail-on", nil, "fail with its own exit code on a warning of this `class`, or of all; may be repeated")
	f.StringVar(&opts.From, "from", "", "test each line user,endpoint[,ip] of a `file`, or of standard input for -")
	cli.Complete(cmd, "fail-on", append(warningClasses(), "all")...)
	cli.OutputFlag(cmd, &opts.Output, cli.ListFormats()...)
	cli.Exclude(cmd, "from", "user")
	cli.Exclude(cmd, "from", "endpoint")
	return cmd
}

// workersPerRequest is how many look-ups are under way for each request that
// may be in flight: while one works on an answer, another has its turn. The
// bound on requests is the transport's to keep.
const workersPerRequest = 2

func opener(app *cli.App) func() (Finder, int, error) {
	return func() (Finder, int, error) {
		s, err := app.Settings()
		if err != nil {
			return nil, 0, err
		}
		service, err := app.Service(s)
		if err != nil {
			return nil, 0, err
		}
		return service, workersPerRequest * s.MaxParallel, nil
	}
}

func warningClasses() []string {
	return []string{string(pam.ErrCheckedOut), string(pam.ErrSpinNotPermitted), string(pam.ErrNoTemplateJob), string(pam.ErrClockSkew), string(pam.ErrUnattested)}
}

func run(ctx context.Context, opts *Options) error {
	if err := checkFailOn(opts.FailOn); err != nil {
		return err
	}
	if opts.From != "" {
		return runMany(ctx, opts)
	}
	req, err := opts.Lookup.Request(ctx, opts.Prompt())
	if err != nil {
		return err
	}
	finder, _, err := opts.Open()
	if err != nil {
		return err
	}
	result, err := test(ctx, finder, req)
	if err == nil || opts.Explain {
		if werr := show(opts, result, err == nil); werr != nil {
			return werr
		}
	}
	if err != nil {
		return err
	}
	return failOn(opts.FailOn, result.warnings)
}

// test looks up once.
func test(ctx context.Context, finder Finder, req engine.FindRequest) (outcome, error) {
	finding, err := finder.Find(ctx, req)
	result := outcome{req: req, finding: finding, err: err}
	if err == nil {
		result.warnings = finder.Review(ctx, finding)
	}
	return result, err
}

func show(opts *Options, o outcome, found bool) error {
	format := render.Format(opts.Output)
	if format.Structured() {
		doc := newDocument(o, opts.Explain)
		changes, err := opts.Unsaved()
		if err != nil {
			return err
		}
		doc.Unsaved = changes
		return render.One(opts.Streams, format, doc, nil)
	}
	if opts.Explain {
		if err := explain(opts, o); err != nil {
			return err
		}
	}
	if !found {
		return nil
	}
	if err := credentialList().Write(opts.Streams, format, o.finding.Credentials); err != nil {
		return err
	}
	warn(opts, o.warnings)
	return nil
}

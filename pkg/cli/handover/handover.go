package handover

import (
	"context"
	"errors"

	"github.com/spf13/cobra"

	"github.com/redim-tools/redim/pkg/child"
	"github.com/redim-tools/redim/pkg/cli"
	"github.com/redim-tools/redim/pkg/cli/handout"
	"github.com/redim-tools/redim/pkg/engine"
	"github.com/redim-tools/redim/pkg/mask"
	"github.com/redim-tools/redim/pkg/pam"
	"github.com/redim-tools/redim/pkg/secret"
	"github.com/redim-tools/redim/pkg/term"
)

// Options say what to run, and where it finds what. All below the flags must be
// set.
type Options struct {
	Program []string // and its arguments
	Env     []string // NAME=field
	File    []string // NAME=field
	NoMask  bool
	handout.LogMask

	Command string // "redim", for the commands that messages name
	Streams *term.Streams
	Getenv  func(string) string
	Environ func() []string
	Warn    func(message string)
	// Withheld are the variables that the program does not get.
	Withheld func() ([]string, error)

	path   string // of the program
	values []assignment
}

// New makes the options of a command of an App.
func New(app *cli.App) Options {
	return Options{LogMask: handout.NewLogMask(app), Command: app.Name, Streams: app.Streams, Getenv: app.Getenv, Environ: app.Environ, Warn: app.Warn,
		Withheld: func() ([]string, error) {
			s, err := app.Load("")
			if err != nil {
				return nil, err
			}
			return s.SecretVariables(), nil
		}}
}

// Add adds the flags to a command.
func (o *Options) Add(cmd *cobra.Command) {
	cli.RunsProgram(cmd)
	f := cmd.Flags()
	f.StringArrayVar(&o.Env, "env", nil, "give the program the variable `NAME=field`; may be repeated. The fields: password, username, account, system, id")
	f.StringArrayVar(&o.File, "file", nil, "give the program the path of a file with the field in the variable `NAME=field`; may be repeated")
	f.BoolVar(&o.NoMask, "no-mask", false, "leave the program's output alone, also where the secret is in it")
	o.LogMask.Add(cmd)
	cli.Complete(cmd, "env", completions("DB_PASSWORD")...)
	cli.Complete(cmd, "file", completions("PASSWORD_FILE")...)
}

func completions(name string) []string {
	var out []string
	for _, field := range handout.Fields() {
		out = append(out, name+"="+field)
	}
	return out
}

// Args are the arguments before the program, which begins after --.
func (o *Options) Args(cmd *cobra.Command, args []string) ([]string, error) {
	dash := cmd.ArgsLenAtDash()
	if dash < 0 || dash == len(args) {
		return nil, pam.Failf(pam.ErrUsage, "%s needs a program to run", cmd.CommandPath()).WithHint("put it after --, as in: %s", cmd.UseLine())
	}
	o.Program = args[dash:]
	return args[:dash], nil
}

// Check refuses, before anything is asked for, what could only go wrong after.
func (o *Options) Check() error {
	var err error
	if o.values, err = parse(o.Env, o.File); err != nil {
		return err
	}
	if err := o.LogMask.Check(); err != nil {
		return err
	}
	if o.path, err = child.Find(o.Program[0]); err != nil {
		return notRun(err, "nothing was checked out")
	}
	return nil
}

// Path is the program that Check found.
func (o *Options) Path() string { return o.path }

// notRun gives a program that can't be run the exit code that shells have for it.
func notRun(err error, what string) error {
	failed, ok := errors.AsType[*child.NotRunError](err)
	if !ok {
		return err
	}
	class := pam.ErrOther
	if failed.Code == child.CodeNotFound {
		class = pam.ErrNotFound
	}
	return &cli.CodeError{Code: failed.Code, Err: pam.Failf(class, "%w", err).WithHint("check the name after --, that it can be executed, and PATH; %s", what)}
}

// Lender checks out and in.
type Lender struct {
	CheckOut func(context.Context) (pam.Checkout, pam.Release, error)
	CheckIn  func(context.Context, pam.Checkout) (engine.CheckInResult, error)
}

// Run checks out, runs the program and checks in. Its error is a cli.EndedError
// when the program has run and all else went well.
func (o *Options) Run(ctx context.Context, lender Lender) error {
	drop, err := o.Withheld()
	if err != nil {
		return err
	}
	signals := child.Watch()
	defer signals.Stop()
	c, r, err := lender.CheckOut(ctx)
	if err != nil {
		return err
	}
	status, err := o.lend(ctx, signals, drop, c, r)
	r.Secret.Wipe()
	// The caller's end is why this happens now; it must not keep it from happening.
	in, back := lender.CheckIn(context.WithoutCancel(ctx), c)
	return o.outcome(status, err, in, back)
}

// lend runs the program with the secret.
func (o *Options) lend(ctx context.Context, signals *child.Signals, drop []string, c pam.Checkout, r pam.Release) (child.Status, error) {
	if ctx.Err() != nil {
		return child.Status{}, pam.Failf(pam.ErrInterrupted, "interrupted before %s was run", o.Program[0])
	}
	set, err := o.masks(c, r.Secret)
	if err != nil {
		return child.Status{}, err
	}
	defer set.Wipe()
	if err := o.LogMask.Write(r.Secret); err != nil {
		return child.Status{}, lost(err)
	}
	env, files, err := o.environment(drop, c, r)
	defer func() {
		if err := files.Close(); err != nil {
			o.Warn(err.Error())
		}
	}()
	if err != nil {
		return child.Status{}, err
	}
	return o.run(set, env, signals)
}

// masks prepares to keep the secret out of the output.
func (o *Options) masks(c pam.Checkout, v secret.Value) (*mask.Set, error) {
	if o.NoMask {
		return &mask.Set{}, nil
	}
	set, err := mask.New(v)
	if errors.Is(err, mask.ErrShort) {
		return &mask.Set{}, pam.Failf(pam.ErrUsage, "the password of %s has fewer than %d bytes, and masks in the output would tell it", c.Credential.Ref(), mask.Shortest).
			WithHint("give it a longer one; or use --no-mask, and see to it that the program does not write it")
	}
	return set, err
}

package config

import (
	"context"

	"github.com/spf13/cobra"

	"github.com/redim-tools/redim/pkg/cli"
	"github.com/redim-tools/redim/pkg/config"
	"github.com/redim-tools/redim/pkg/pam"
	"github.com/redim-tools/redim/pkg/prompt"
	"github.com/redim-tools/redim/pkg/term"
)

// InitOptions are what "config init" was told.
type InitOptions struct {
	Given  []Assignment // by flags and --set, in the order of the table
	DryRun bool

	Command string // "redim", for the commands that messages name
	Config  string // as --config gives it
	Streams *term.Streams
	Say     func(format string, args ...any)
	Prompt  func() prompt.Prompter
	// WhyNoPrompt tells why nobody can be asked; empty when somebody can.
	WhyNoPrompt func() string
	Place       func() (Place, error)
	Secrets     Keeper
}

// Assignment is a setting and its value, as --set takes it.
type Assignment struct{ Key, Value string }

// NewInit makes the command. runF replaces its run in tests; nil is the real one.
func NewInit(app *cli.App, runF func(context.Context, *InitOptions) error) *cobra.Command {
	opts := &InitOptions{Command: app.Name, Streams: app.Streams, Say: app.Say, Prompt: app.Prompt, Place: placeOf(app), Secrets: keeper(app),
		WhyNoPrompt: func() string { return app.Streams.WhyNoPrompt(app.Globals.NoInput, app.Getenv) }}
	cmd := &cobra.Command{
		Use:   "init",
		Short: "Make a new profile in the settings file",
		Long: `Make a profile: the one that --profile names, else "default". On a terminal
everything that no flag gives is asked for; a script gives endpoint_url, api_user
and api_password as flags, and then nothing is asked. Any other setting is given
with --set. What comes out is checked before it is written. A profile that exists
is left alone.

--api-password-from takes a source (env:NAME, file:PATH, cmd:COMMAND LINE,
keyring:NAME, secrets:NAME, prompt), or - to read the password from standard input
now and keep it in the keyring, or in the encrypted secrets file where there is
none.

Exit codes: 0; 1 the file can't be written; 2 the profile exists, something
required is missing, or a value can't be; 130 interrupted at a question.`,
		Example: `  redim config init
  redim config init --endpoint-url https://pam.example.com/ERPMWebService/AuthService.svc --api-user svc-redim --api-password-from env:REDIM_API_SECRET
  redim config init --profile lab --set tls.ca_file=/etc/redim/ca.pem --dry-run`,
		Args: cli.NoArgs,
	}
	addSettingFlags(cmd)
	cmd.Flags().BoolVar(&opts.DryRun, "dry-run", false, "ask and check, and show what would be written; write nothing")
	cmd.RunE = func(cmd *cobra.Command, _ []string) error {
		opts.Config = app.Globals.Config
		given, err := givenSettings(cmd.Flags(), app.Globals.Set)
		if err != nil {
			return err
		}
		opts.Given = given
		if runF != nil {
			return runF(cmd.Context(), opts)
		}
		return runInit(cmd.Context(), opts)
	}
	return cmd
}

func runInit(ctx context.Context, opts *InitOptions) error {
	place, err := opts.Place()
	if err != nil {
		return err
	}
	if err := config.CheckProfile(place.Profile); err != nil {
		return err
	}
	var answers form
	err = place.rehearse(func(f *config.File) error {
		if err := refuseExisting(f, opts, place); err != nil {
			return err
		}
		answers, err = fill(ctx, opts, f, place)
		return err
	})
	if err != nil {
		return err
	}
	defer answers.password.Wipe()
	for _, p := range answers.settings.Problems(place.AcceptRisks) {
		opts.Say("%s", problemLine(p))
	}
	if opts.DryRun {
		opts.Say("would make %s with", place)
		return itemList(false).Write(opts.Streams, "", answers.items())
	}
	return opts.create(ctx, place, answers)
}

func refuseExisting(f *config.File, opts *InitOptions, place Place) error {
	if !f.Has(place.Profile) {
		return nil
	}
	return pam.Failf(pam.ErrUsage, "%s exists already", place).
		WithHint("change single settings with: %s config set; or make another profile with: %s config init --profile NAME", opts.Command, opts.Command)
}

// create keeps the password, then writes the profile.
func (o *InitOptions) create(ctx context.Context, place Place, answers form) error {
	if !answers.password.IsEmpty() {
		src, err := o.Secrets.Keep(ctx, answers.inForce, answers.password)
		if err != nil {
			return err
		}
		o.Say("the password is kept in %s", whereKept(src))
		answers.set("api_password", src.Text())
	}
	err := place.change(ctx, func(f *config.File) error {
		if err := refuseExisting(f, o, place); err != nil {
			return err
		}
		return answers.apply(f, place.Profile)
	})
	if err != nil {
		return err
	}
	o.Say("made %s", place)
	o.Say("test it with: %s test-settings%s --user USER --endpoint HOST", o.Command, o.flags(place))
	return nil
}

// flags are those that lead another command to the same place.
func (o *InitOptions) flags(place Place) string {
	text := ""
	if o.Config != "" {
		text += " --config " + o.Config
	}
	if place.Profile != config.DefaultProfile {
		text += " --profile " + place.Profile
	}
	return text
}

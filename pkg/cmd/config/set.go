package config

import (
	"context"
	"io"
	"strings"

	"github.com/spf13/cobra"

	"github.com/redim-tools/redim/pkg/cli"
	"github.com/redim-tools/redim/pkg/config"
	"github.com/redim-tools/redim/pkg/pam"
	"github.com/redim-tools/redim/pkg/term"
)

// SetOptions are what "config set" was told.
type SetOptions struct {
	Key    string
	Value  string
	Given  bool // a value was given
	DryRun bool

	Command string // "redim config set", for the commands that messages name
	Streams *term.Streams
	Say     func(format string, args ...any)
	Warn    func(message string)
	Getenv  func(string) string
	Place   func() (Place, error)
	Secrets Keeper
}

// NewSet makes the command. runF replaces its run in tests; nil is the real one.
func NewSet(app *cli.App, runF func(context.Context, *SetOptions) error) *cobra.Command {
	opts := &SetOptions{Streams: app.Streams, Say: app.Say, Warn: app.Warn, Getenv: app.Getenv, Place: placeOf(app), Secrets: keeper(app)}
	cmd := &cobra.Command{
		Use:   "set <key> [<value>|-]",
		Short: "Change one setting in the file",
		Long: `Write one setting of a profile into the settings file; comments and all other
lines stay as they are. A file or a profile that does not exist is made. An entry
of a map is named KEY.ENTRY. A value of - is read from standard input.

A secret is never written into the file. For api_password, the value is a source
(env:NAME, file:PATH, cmd:COMMAND LINE, keyring:NAME, secrets:NAME, prompt).
Without a value the password itself is asked for, without showing it, or with -
read from standard input; it goes into the keyring of the operating system, or
into the encrypted secrets file where there is no keyring, and its source goes
into the settings.

Exit codes: 0; 2 an unknown key or a value that can't be; 1 the file can't be
written; 130 interrupted at the question.`,
		Example: `  redim config set endpoint_url https://pam.example.com/ERPMWebService/AuthService.svc
  redim config set domain_map.example.local EX
  redim config set api_password
  redim config set api_password env:REDIM_API_SECRET --dry-run`,
		ValidArgsFunction: completeAssignment,
		RunE: func(cmd *cobra.Command, args []string) error {
			opts.Command, opts.Key = cmd.CommandPath(), args[0]
			if opts.Given = len(args) > 1; opts.Given {
				opts.Value = args[1]
			}
			if runF != nil {
				return runF(cmd.Context(), opts)
			}
			return runSet(cmd.Context(), opts)
		},
	}
	cmd.Args = setArgs
	cmd.Flags().BoolVar(&opts.DryRun, "dry-run", false, "tell what would change, and change nothing")
	return cmd
}

// setArgs counts, and never repeats a value: it may be a secret in the wrong place.
func setArgs(cmd *cobra.Command, args []string) error {
	switch {
	case len(args) == 0:
		return pam.Failf(pam.ErrUsage, "%s needs the key of a setting", cmd.CommandPath()).WithHint("usage: %s", cmd.UseLine())
	case len(args) > 2:
		return pam.Failf(pam.ErrUsage, "%s takes a key and a value, but got %d words", cmd.CommandPath(), len(args)).WithHint("put a value that holds blanks in quotes")
	}
	return checkKey(args[0], cmd.CommandPath())
}

// completeAssignment offers keys, then the values that a key may have.
func completeAssignment(cmd *cobra.Command, args []string, typed string) ([]cobra.Completion, cobra.ShellCompDirective) {
	if len(args) != 1 {
		return completeKeys(cmd, args, typed)
	}
	k, _, _ := config.Lookup(args[0])
	switch {
	case k.Type == config.TypeBool:
		return []cobra.Completion{"true", "false"}, cobra.ShellCompDirectiveNoFileComp
	case k.Secret():
		return sourceWords(), cobra.ShellCompDirectiveNoSpace | cobra.ShellCompDirectiveNoFileComp
	case len(k.Choices) > 0:
		return k.Choices, cobra.ShellCompDirectiveNoFileComp
	case strings.HasPrefix(k.Name, "tls."), k.Name == "kerberos.keytab":
		return nil, cobra.ShellCompDirectiveDefault
	}
	return nil, cobra.ShellCompDirectiveNoFileComp
}

func runSet(ctx context.Context, opts *SetOptions) error {
	place, err := opts.Place()
	if err != nil {
		return err
	}
	k, entry, ok := config.Lookup(opts.Key)
	switch {
	case ok && k.Kept:
		return setSecret(ctx, opts, place, k)
	case !ok:
	case !opts.Given:
		return pam.Failf(pam.ErrUsage, "no value for %s is given", opts.Key).WithHint("usage: %s", usageOf(opts.Command, k, entry))
	case opts.Value == "-":
		if opts.Value, err = readText(opts.Streams.In); err != nil {
			return err
		}
	}
	return write(ctx, opts, place, k, opts.Value)
}

func usageOf(command string, k config.Key, entry string) string {
	if entry == "" {
		return command + " " + k.Name + " '" + k.Example + "'"
	}
	_, example, _ := strings.Cut(k.Example, "=")
	example, _, _ = strings.Cut(example, ",")
	return command + " " + k.Name + "." + entry + " " + example
}

// readText reads a value of at most 64 KiB, without the newline at its end.
func readText(in io.Reader) (string, error) {
	const limit = 64 << 10
	b, err := io.ReadAll(io.LimitReader(in, limit+1))
	if err != nil {
		return "", pam.Failf(pam.ErrUsage, "read standard input: %w", err).WithHint("pipe the value in, or give it as an argument")
	}
	if len(b) > limit {
		return "", pam.Failf(pam.ErrUsage, "the value on standard input is longer than 64 KiB").WithHint("check that it is the right one")
	}
	return strings.TrimRight(string(b), "\r\n"), nil
}

// write puts a value into the file and says so. For a secret, text is its source.
func write(ctx context.Context, opts *SetOptions, place Place, k config.Key, text string) error {
	fresh, shown := false, ""
	err := place.changeUnless(ctx, opts.DryRun, func(f *config.File) error {
		fresh = !f.Has(place.Profile)
		if err := f.Set(place.Profile, opts.Key, text); err != nil {
			return err
		}
		shown = valueIn(f, place.Profile, opts.Key)
		return nil
	})
	if err != nil {
		return err
	}
	if fresh {
		opts.Say("%s %s", would(opts.DryRun, "made", "make"), place)
	}
	opts.Say("%s %s to %s in %s", would(opts.DryRun, "set", "set"), opts.Key, shown, place)
	if opts.Getenv(k.Env()) != "" {
		opts.Warn(k.Env() + " is set, and goes before the file")
	}
	return nil
}

// valueIn is a setting in the file as it may be shown; empty when it is not set.
func valueIn(f *config.File, profile, key string) string {
	item, err := f.Item(profile, key)
	if err != nil {
		return ""
	}
	return item.Text
}

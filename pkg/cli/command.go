package cli

import (
	"fmt"
	"slices"
	"strings"

	"github.com/spf13/cobra"

	"github.com/redim-tools/redim/pkg/config"
	"github.com/redim-tools/redim/pkg/pam"
	"github.com/redim-tools/redim/pkg/render"
)

// Root makes a command tree of groups and leaves with the global flags.
func Root(app *App, short, long string, groups []*cobra.Group, leaves ...*cobra.Command) *cobra.Command {
	cmd := Group(app.Name, short, long, leaves...)
	versionFlag(app, cmd)
	cmd.SilenceErrors, cmd.SilenceUsage = true, true
	cmd.SetIn(app.Streams.In)
	cmd.SetOut(app.Streams.Out)
	cmd.SetErr(app.Streams.Err)
	cmd.SetFlagErrorFunc(flagError)
	cmd.AddGroup(groups...)
	cmd.SetHelpCommand(helpCommand())
	cmd.SetHelpCommandGroupID(groups[len(groups)-1].ID)
	cmd.SetCompletionCommandGroupID(groups[len(groups)-1].ID)
	globalFlags(app, cmd)
	return cmd
}

// versionFlag is what Cobra would add by itself, but for looking the version up
// only when somebody asks.
func versionFlag(app *App, cmd *cobra.Command) {
	asked := cmd.Flags().BoolP("version", "v", false, "version of "+app.Name)
	help := cmd.RunE
	cmd.RunE = func(cmd *cobra.Command, args []string) error {
		if !*asked {
			return help(cmd, args)
		}
		_, err := fmt.Fprintf(app.Streams.Out, "%s version %s\n", app.Name, app.Build())
		return err
	}
}

func globalFlags(app *App, cmd *cobra.Command) {
	f, g := cmd.PersistentFlags(), &app.Globals
	f.StringVar(&g.Config, "config", "", "settings `file` (default: REDIM_CONFIG, or settings.yaml in the user's config directory)")
	f.StringVar(&g.Profile, "profile", "", "`profile` of the settings file (default: REDIM_PROFILE, or \"default\")")
	f.StringArrayVar(&g.Set, "set", nil, "use `key=value` over the settings, for this call only; may be repeated")
	f.Var((*risks)(&g.AcceptRisk), "accept-risk", "accept a named `risk`: "+strings.Join(riskNames(), ", "))
	f.BoolVar(&g.NoInput, "no-input", false, "never ask; fail where a question would be needed")
	f.BoolVar(&g.Trace, "trace", false, "tell each request and answer on standard error, without secrets")
	Complete(cmd, "accept-risk", riskNames()...)
	complete(cmd, "profile", app.completeProfile)
	complete(cmd, "set", func(*cobra.Command, []string, string) ([]cobra.Completion, cobra.ShellCompDirective) {
		var out []cobra.Completion
		for _, k := range config.KeysOf(app.Name) {
			out = append(out, k.Name+"=")
		}
		return out, cobra.ShellCompDirectiveNoFileComp | cobra.ShellCompDirectiveNoSpace
	})
}

// Group makes a command that only holds others. Called without one of them it
// shows its help; called with an unknown one it names the nearest.
func Group(use, short, long string, leaves ...*cobra.Command) *cobra.Command {
	cmd := &cobra.Command{Use: use, Short: short, Long: long, Args: unknownCommand, RunE: func(cmd *cobra.Command, _ []string) error { return cmd.Help() }}
	cmd.AddCommand(leaves...)
	return cmd
}

func unknownCommand(cmd *cobra.Command, args []string) error {
	if len(args) == 0 {
		return nil
	}
	f := pam.Failf(pam.ErrUsage, "unknown command %q for %q", args[0], cmd.CommandPath())
	cmd.SuggestionsMinimumDistance = 2
	if near := cmd.SuggestionsFor(args[0]); len(near) > 0 {
		return f.WithHint("did you mean: %s %s", cmd.CommandPath(), strings.Join(near, ", "))
	}
	return f.WithHint("see: %s --help", cmd.CommandPath())
}

// NoArgs refuses arguments.
func NoArgs(cmd *cobra.Command, args []string) error {
	if len(args) == 0 {
		return nil
	}
	return pam.Failf(pam.ErrUsage, "%s takes no argument, but got %q", cmd.CommandPath(), args[0]).WithHint("usage: %s", cmd.UseLine())
}

// ExactArgs asks for as many arguments as there are names.
func ExactArgs(names ...string) cobra.PositionalArgs {
	return func(cmd *cobra.Command, args []string) error {
		switch {
		case len(args) < len(names):
			return pam.Failf(pam.ErrUsage, "%s needs %s", cmd.CommandPath(), names[len(args)]).WithHint("usage: %s", cmd.UseLine())
		case len(args) > len(names):
			return pam.Failf(pam.ErrUsage, "%s takes %d arguments, but got %d", cmd.CommandPath(), len(names), len(args)).WithHint("usage: %s", cmd.UseLine())
		}
		return nil
	}
}

// OutputFlag adds -o with the formats that a command knows. The names beyond
// those of render are the command's own.
func OutputFlag(cmd *cobra.Command, to *string, formats ...string) {
	cmd.Flags().StringVarP(to, "output", "o", "", "output `format`: "+strings.Join(formats, ", ")+" (default: a table on a terminal, tab-separated in a pipe)")
	Complete(cmd, "output", formats...)
	before(cmd, func() error {
		if *to != "" && !slices.Contains(formats, *to) {
			return pam.Failf(pam.ErrUsage, "output format %q is not known here", *to).WithHint("use one of: %s", strings.Join(formats, ", "))
		}
		return nil
	})
}

// Exclude refuses two flags on one command line.
func Exclude(cmd *cobra.Command, one, other string) {
	cmd.MarkFlagsMutuallyExclusive(one, other) // so that completion knows
	before(cmd, func() error {
		if cmd.Flags().Changed(one) && cmd.Flags().Changed(other) {
			return pam.Failf(pam.ErrUsage, "--%s and --%s exclude each other", one, other).WithHint("use one of them")
		}
		return nil
	})
}

// before adds a check to those that go before a command's run.
func before(cmd *cobra.Command, check func() error) {
	others := cmd.PreRunE
	cmd.PreRunE = func(cmd *cobra.Command, args []string) error {
		if err := check(); err != nil || others == nil {
			return err
		}
		return others(cmd, args)
	}
}

// ListFormats and OneFormats are the formats of lists and of single things.
func ListFormats() []string { return render.Formats(true) }

// OneFormats are the formats of single things.
func OneFormats() []string { return render.Formats(false) }

// Complete offers fixed values for a flag.
func Complete(cmd *cobra.Command, flag string, values ...string) {
	complete(cmd, flag, cobra.FixedCompletions(values, cobra.ShellCompDirectiveNoFileComp))
}

// CompleteWith offers values for a flag that are found when they are asked for.
func CompleteWith(cmd *cobra.Command, flag string, values cobra.CompletionFunc) {
	complete(cmd, flag, values)
}

func complete(cmd *cobra.Command, flag string, values cobra.CompletionFunc) {
	if err := cmd.RegisterFlagCompletionFunc(flag, values); err != nil {
		panic(fmt.Sprintf("completion of --%s: %v", flag, err)) // a flag that is not there
	}
}

// In puts a command into a group of its parent.
func In(group string, cmd *cobra.Command) *cobra.Command {
	cmd.GroupID = group
	return cmd
}

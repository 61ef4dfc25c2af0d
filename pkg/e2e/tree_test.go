package e2e

import (
	"io"
	"regexp"
	"slices"
	"strings"
	"testing"
	"unicode"

	"github.com/spf13/cobra"
	"github.com/spf13/pflag"

	"github.com/redim-tools/redim/pkg/build"
	"github.com/redim-tools/redim/pkg/cli"
	"github.com/redim-tools/redim/pkg/cmd/redim"
	"github.com/redim-tools/redim/pkg/term"
	"github.com/redim-tools/redim/pkg/vaultapp"
)

// untouchable fails the test when a root reads, writes or looks anything up
// while it is built.
type untouchable struct{ t *testing.T }

func (u untouchable) Read([]byte) (int, error) {
	u.t.Error("standard input was read")
	return 0, io.EOF
}
func (u untouchable) Write([]byte) (int, error) { u.t.Error("a stream was written to"); return 0, nil }

// roots builds both trees from an App that has no constructors at all, so that
// using one panics.
func roots(t *testing.T) map[string]*cobra.Command {
	t.Helper()
	getenv := func(name string) string { t.Errorf("%s was looked up", name); return "" }
	touch := untouchable{t}
	trees := map[string]*cobra.Command{}
	for name, root := range map[string]func(*cli.App) *cobra.Command{"redim": redim.New, "vault": vaultapp.Root} {
		a := &cli.App{Name: name, Build: func() build.Info { return build.Info{Version: "1"} }, Streams: term.With(touch, touch, touch, term.Facts{}), Getenv: getenv}
		trees[name] = root(a)
	}
	return trees
}

// walk visits every command of both trees.
func walk(t *testing.T, visit func(cmd *cobra.Command, fail func(format string, args ...any))) {
	t.Helper()
	for _, root := range roots(t) {
		commands := []*cobra.Command{root}
		for len(commands) > 0 {
			cmd := commands[0]
			commands = append(commands[1:], cmd.Commands()...)
			visit(cmd, func(format string, args ...any) {
				t.Helper()
				t.Errorf(cmd.CommandPath()+": "+format, args...)
			})
		}
	}
}

func TestEveryCommandIsDescribed(t *testing.T) {
	t.Parallel()
	walk(t, func(cmd *cobra.Command, fail func(string, ...any)) {
		short := cmd.Short
		if short == "" || !unicode.IsUpper(rune(short[0])) || strings.HasSuffix(short, ".") || len(short) >= 60 {
			fail("Short is %q: a capital, under 60 characters, no period", short)
		}
		if strings.TrimSpace(cmd.Long) == "" || cmd.Long == short {
			fail("Long says no more than Short")
		}
		if cmd.Args == nil {
			fail("Args is not set")
		}
		if cmd.HasParent() && !cmd.Parent().HasParent() && cmd.GroupID == "" {
			fail("the command is in no group")
		}
		if cmd.HasSubCommands() || !cmd.HasParent() {
			return
		}
		if cmd.Example == "" {
			fail("there is no Example")
		}
		if !strings.Contains(cmd.Long, "Exit code") {
			fail("Long does not list the exit codes")
		}
		for line := range strings.Lines(cmd.Example) {
			if !strings.Contains(line, cmd.CommandPath()) && !strings.Contains(line, cmd.Root().Name()) {
				fail("example %q is not one of this command", strings.TrimSpace(line))
			}
		}
	})
}

func TestEveryFlagIsDescribedAndCompleted(t *testing.T) {
	t.Parallel()
	choice := regexp.MustCompile(`: \w[\w-]*(, [\w-]+)+( or [\w-]+)?( \(|$)`)
	walk(t, func(cmd *cobra.Command, fail func(string, ...any)) {
		cmd.LocalFlags().VisitAll(func(f *pflag.Flag) {
			if f.Usage == "" {
				fail("--%s has no usage", f.Name)
			}
			if strings.HasSuffix(f.Usage, ".") {
				fail("the usage of --%s ends in a period", f.Name)
			}
			if _, has := cmd.GetFlagCompletionFunc(f.Name); choice.MatchString(f.Usage) && !has && !strings.Contains(f.Usage, "`file`") {
				fail("--%s is one of a few values, but they are not completed: %s", f.Name, f.Usage)
			}
		})
	})
}

func TestNoShorthandMeansTwoThings(t *testing.T) {
	t.Parallel()
	means := map[string]string{}
	walk(t, func(cmd *cobra.Command, fail func(string, ...any)) {
		cmd.Flags().VisitAll(func(f *pflag.Flag) {
			if f.Shorthand == "" {
				return
			}
			if first, seen := means[f.Shorthand]; seen && first != f.Name {
				fail("-%s is --%s and --%s", f.Shorthand, first, f.Name)
			}
			means[f.Shorthand] = f.Name
		})
	})
	if means["o"] != "output" {
		t.Errorf("-o is --%s", means["o"])
	}
}

// TestWhatChangesSomethingCanBeRehearsed wants --dry-run on what changes
// something elsewhere, and wants every command to be on one of the two lists.
func TestWhatChangesSomethingCanBeRehearsed(t *testing.T) {
	t.Parallel()
	changes := []string{
		"redim checkout", "redim checkin", "redim exec", "redim helper summon", "redim helper git", "redim helper docker", "redim recover", "redim spin", "redim cache clear",
		"vault integrations new", "vault integrations edit", "vault integrations delete", "vault integrations activate", "vault integrations deactivate",
		"vault integrations rotate-credential", "vault integrations import", "vault cache clear",
	}
	harmless := []string{
		"redim test-settings", "redim checkouts show", "redim jobs list", "redim jobs show", "redim jobs watch", "redim cache list", "redim cache status", "redim dialect show", "redim dialect probe", "redim demo", "redim simulate", "vault serve", "vault demo",
		// These change the settings file only, which lint and show tell of.
		"redim config init", "redim config show", "redim config get", "redim config set", "redim config unset", "redim config edit",
		"redim config list-profiles", "redim config lint", "redim config import-domains", "redim config path",
		"vault integrations search", "vault integrations show", "vault integrations test", "vault integrations export", "vault cache list", "vault cache status",
		"vault config show", "vault config get", "vault config set", "vault config unset", "vault config edit",
		"vault config list-profiles", "vault config lint", "vault config path",
	}
	changes = append(changes, "vault checkout", "vault exec", "vault checkin", "vault credentials add", "vault credentials edit", "vault credentials delete", "vault credentials import",
		"vault policies new", "vault policies edit", "vault policies delete", "vault requests approve", "vault requests deny", "vault requests drop")
	harmless = append(harmless, "vault checkouts", "vault credentials list", "vault credentials show", "vault credentials history",
		"vault policies list", "vault policies show", "vault requests list", "vault requests show")
	changes = append(changes, "vault store migrate", "vault store restore", "vault key rotate")
	// maintain does what every other command does too when it starts.
	harmless = append(harmless, "vault events list", "vault events verify", "vault events export", "vault events released", "vault events skips",
		"vault store path", "vault store check", "vault store backup", "vault key status", "vault maintain")
	walk(t, func(cmd *cobra.Command, fail func(string, ...any)) {
		if cmd.HasSubCommands() || !cmd.HasParent() {
			return
		}
		path := cmd.CommandPath()
		switch {
		case slices.Contains(changes, path):
			if cmd.Flags().Lookup("dry-run") == nil {
				fail("there is no --dry-run")
			}
		case !slices.Contains(harmless, path):
			fail("this command is new: put it on one of the lists")
		}
	})
}

// TestWhatListsThingsHasFormats wants -o on everything that shows data.
func TestWhatListsThingsHasFormats(t *testing.T) {
	t.Parallel()
	walk(t, func(cmd *cobra.Command, fail func(string, ...any)) {
		f := cmd.Flags().Lookup("output")
		if f == nil {
			return
		}
		for _, format := range []string{"table", "json", "yaml"} {
			if !strings.Contains(f.Usage, format) {
				fail("-o does not offer %s: %s", format, f.Usage)
			}
		}
	})
}

package helper

import (
	"bufio"
	"context"
	"encoding/base64"
	"errors"
	"fmt"

	"github.com/spf13/cobra"

	"github.com/redim-tools/redim/pkg/cli"
	"github.com/redim-tools/redim/pkg/pam"
	"github.com/redim-tools/redim/pkg/secret"
)

// summonOptions are what the command was told.
type summonOptions struct {
	Options
	Paths   []string // one, or none: they come on standard input
	Version bool

	Build func() string
}

func newSummon(app *cli.App, runF func(context.Context, *summonOptions) error) *cobra.Command {
	opts := &summonOptions{Options: newOptions(app), Build: func() string { return app.Build().String() }}
	cmd := &cobra.Command{
		Use:   "summon [path]",
		Short: "Be a provider of summon",
		Long: `Write one field of a credential and nothing else, as summon wants it of a provider.
The path is ENDPOINT/ACCOUNT, with ?list=LIST for an entry of a shared list, and with
#FIELD for another field than the password: username, account, system or id. Without
a path, read paths from standard input, one a line, and answer each at once with one
line of base64. However often one credential is named in a call, it is checked out
once, and for its password and id only.

To install it, link the program into summon's directory of providers:
  ln -s /usr/bin/redim /usr/local/lib/summon/summon-redim

Exit codes: 0; 2 a path that names no credential, or more than one, or nobody says
in whose name; 103 to 117 as for checkout.`,
		Example: `  redim helper summon web01/svc-web --user 'EX\alice' --dry-run
  printf 'web01/svc-web#username\nweb01/svc-web\n' | redim helper summon --user 'EX\alice'`,
		Args: func(cmd *cobra.Command, args []string) error {
			if len(args) <= 1 {
				return nil
			}
			return cli.ExactArgs("a path")(cmd, args)
		},
		RunE: func(cmd *cobra.Command, args []string) error {
			opts.Paths = args
			if runF != nil {
				return runF(cmd.Context(), opts)
			}
			return runSummon(cmd.Context(), opts)
		},
	}
	opts.add(cmd)
	cmd.Flags().BoolVar(&opts.Version, "version", false, "version of this provider")
	return cmd
}

func runSummon(ctx context.Context, opts *summonOptions) error {
	if opts.Version {
		_, err := fmt.Fprintln(opts.Streams.Out, opts.Build())
		return err
	}
	call := &call{opts: &opts.Options}
	defer call.wipe()
	unseen := opts.unseen("summon")
	switch {
	case len(opts.Paths) == 0 && opts.Streams.InteractiveIn():
		return pam.Failf(pam.ErrUsage, "summon's paths are read from standard input, and that is a terminal").WithHint("name one: redim helper summon ENDPOINT/ACCOUNT --dry-run")
	case unseen != nil:
		return unseen
	case len(opts.Paths) == 0:
		return opts.answerLines(ctx, call)
	}
	return call.answer(ctx, opts.Paths[0], opts.writePlain)
}

// answerLines answers each line of standard input. A failure ends it with a line
// that is no base64: summon gives up on a call with such a line, where it would go
// on without the rest after one that just ends.
func (o *summonOptions) answerLines(ctx context.Context, call *call) error {
	const longest = 4096
	lines := bufio.NewScanner(o.Streams.In)
	lines.Buffer(nil, longest)
	for lines.Scan() {
		if err := call.answer(ctx, lines.Text(), o.writeLine); err != nil {
			_, _ = fmt.Fprintln(o.Streams.Out, "!")
			return err
		}
	}
	if errors.Is(lines.Err(), bufio.ErrTooLong) {
		return pam.Failf(pam.ErrUsage, "a path is longer than %d bytes", longest).WithHint("write it like web01/svc-web")
	}
	return lines.Err()
}

func (o *summonOptions) writePlain(v secret.Value) error {
	return v.Reveal(func(b []byte) error {
		_, err := o.Streams.Out.Write(b)
		return err
	})
}

func (o *summonOptions) writeLine(v secret.Value) error {
	return v.Reveal(func(b []byte) error {
		line := make([]byte, base64.StdEncoding.EncodedLen(len(b))+1)
		defer clear(line)
		base64.StdEncoding.Encode(line, b)
		line[len(line)-1] = '\n'
		_, err := o.Streams.Out.Write(line)
		return err
	})
}

// Package serve is the command serve: the Integration API, for as long as it runs.
package serve

import (
	"context"

	"github.com/spf13/cobra"

	"github.com/redim-tools/redim/pkg/cli"
	"github.com/redim-tools/redim/pkg/cli/vaultcli"
	"github.com/redim-tools/redim/pkg/pam"
)

// Options are what the command was told.
type Options struct {
	vaultcli.Serving

	Serve func(context.Context, vaultcli.Serving) error
}

// New makes the command. runF replaces its run in tests; nil is the real one.
func New(app *vaultcli.App, runF func(context.Context, *Options) error) *cobra.Command {
	opts := &Options{Serve: app.Serve}
	cmd := &cobra.Command{
		Use:   "serve",
		Short: "Answer applications that check credentials out",
		Long: `Serve the Integration API over HTTPS until it is interrupted. Applications sign in,
check credentials out and in, and wait for approvals; docs/api.md shows every call,
and the server itself describes them at /openapi.json.

The settings listen, tls.cert_file and tls.key_file say where and as whom it answers;
the certificate is read again when its file changes. With --dev it answers on a
loopback address only, with a certificate that it makes itself and whose fingerprint
it tells.

One line of JSON for each call goes to standard error, without secrets. What is over
is checked in while it runs. When it is interrupted, calls that run end, and new ones
are told that it is stopping.

Any number may run over one PostgreSQL store, on as many machines.

Exit codes: 0 when it was interrupted; 2 wrong settings, or the address is taken; 109
the store can't be opened.`,
		Example: `  vault serve --dev
  vault serve --set tls.cert_file=server.pem --set tls.key_file=server.key
  vault serve --listen 127.0.0.1:0 --dev`,
		Args: cli.NoArgs,
		RunE: func(cmd *cobra.Command, _ []string) error {
			if runF != nil {
				return runF(cmd.Context(), opts)
			}
			return run(cmd.Context(), opts)
		},
	}
	f := cmd.Flags()
	f.StringVar(&opts.Listen, "listen", "", "`address` and port (default: the setting listen); port 0 takes any free one")
	f.BoolVar(&opts.Dev, "dev", false, "answer this machine only, with a self-made certificate")
	return cmd
}

func run(ctx context.Context, opts *Options) error {
	if opts.Serve == nil {
		return pam.Failf(pam.ErrOther, "there is no server in this program")
	}
	return opts.Serve(ctx, opts.Serving)
}

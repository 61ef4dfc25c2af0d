// Package simulate is the command simulate: a stand-in RED IM on this machine,
// for as long as it runs.
package simulate

import (
	"context"
	"fmt"
	"os"
	"path/filepath"
	"strings"

	"github.com/spf13/cobra"

	"github.com/redim-tools/redim/pkg/cli"
	"github.com/redim-tools/redim/pkg/pam"
	"github.com/redim-tools/redim/pkg/redim/dialect"
	"github.com/redim-tools/redim/pkg/redim/redimtest"
	"github.com/redim-tools/redim/pkg/term"
)

// Options are what the command was told.
type Options struct {
	Listen  string
	Dir     string
	Estate  string
	Faults  []string
	Errors  string
	Cert    string
	Dialect string
	Plain   bool
	Keytab  string
	SPN     string

	Command string
	Streams *term.Streams
	Say     func(format string, args ...any)
}

// New makes the command. runF replaces its run in tests; nil is the real one.
func New(app *cli.App, runF func(context.Context, *Options) error) *cobra.Command {
	opts := &Options{Command: app.Name, Streams: app.Streams, Say: app.Say}
	cmd := &cobra.Command{
		Use:   "simulate",
		Short: "Run a stand-in RED IM server to rehearse against",
		Long: `Run a stand-in RED IM on a loopback address until it is interrupted. It keeps
identities, systems, credentials, check-outs and jobs in memory, speaks the web
service's protocol over HTTPS, in all its dialects, and forgets everything when it
ends.

With --dir it writes there, before it says "ready": address, ca.pem, password, and
settings.yaml, a complete settings file for this server; client.pem and client.key
too, where the delegation identity may sign in by certificate. Without --dir these go
to a temporary directory that is removed at the end.

With --keytab it stands behind a web server with Windows authentication, which takes
Kerberos tickets of the KDC that the keytab came from, and settings.yaml signs in so.

GET /-/stats answers the counters of every operation, GET /-/events the audit
events; both answer to this machine only. docs/simulate.md describes the sample
estate, the format of an estate file and the faults.

Exit codes: 0 when it was interrupted; 2 wrong estate, fault or address.`,
		Example: `  redim simulate --dir sim
  redim simulate --listen 127.0.0.1:0 --dir sim --fault delay=200ms
  redim simulate --estate estate.yaml --errors A --dialect json-v1
  redim simulate --keytab http.keytab --spn HTTP/localhost --dir sim`,
		Args: cli.NoArgs,
		RunE: func(cmd *cobra.Command, _ []string) error {
			if runF != nil {
				return runF(cmd.Context(), opts)
			}
			return run(cmd.Context(), opts)
		},
	}
	f := cmd.Flags()
	f.StringVar(&opts.Listen, "listen", "127.0.0.1:8443", "loopback `address` and port; port 0 takes any free one")
	f.StringVar(&opts.Dir, "dir", "", "`directory` for address, ca.pem, password and settings.yaml")
	f.StringVar(&opts.Estate, "estate", "", "estate `file`: people, systems, credentials (default: the sample estate)")
	f.StringArrayVar(&opts.Faults, "fault", nil, "a `fault`, such as delay=200ms or CheckOut:status=503*2; may be repeated")
	f.StringVar(&opts.Dialect, "dialect", "", "the only `interface` to offer: json-v2, json-v1, rest (default: all)")
	f.StringVar(&opts.Errors, "errors", "", "`profile` of error answers: A, B or C (default: the estate's)")
	f.StringVar(&opts.Cert, "cert", "", "what is `wrong` with the certificate: wrong-name, expired, other-ca")
	f.StringVar(&opts.Keytab, "keytab", "", "`file` with Kerberos keys of the service: ask every caller for a ticket")
	f.StringVar(&opts.SPN, "spn", "", "service principal `name` whose tickets are taken (default: every HTTP service of the keytab)")
	f.BoolVar(&opts.Plain, "plain-http", false, "speak HTTP without TLS")
	cli.Complete(cmd, "dialect", dialect.Spoken()...)
	cli.Complete(cmd, "errors", "A", "B", "C")
	cli.Complete(cmd, "cert", string(redimtest.TLSWrongName), string(redimtest.TLSExpired), string(redimtest.TLSOtherCA))
	return cmd
}

func run(ctx context.Context, opts *Options) (err error) {
	estate, err := loadEstate(opts.Estate)
	if err != nil {
		return err
	}
	dir, remove, err := directory(opts.Dir)
	if err != nil {
		return err
	}
	defer remove()
	windows, err := windowsAuthentication(opts)
	if err != nil {
		return err
	}
	server, err := redimtest.Start(redimtest.Options{
		Estate: estate, Windows: windows, SPN: opts.SPN, Listen: opts.Listen, Faults: opts.Faults, PlainHTTP: opts.Plain, Dialect: opts.Dialect,
		Errors: redimtest.ErrorProfile(strings.ToUpper(opts.Errors)), TLS: redimtest.TLSMode(opts.Cert),
	})
	if err != nil {
		return err
	}
	defer func() { _ = server.Close() }()
	if err := server.WriteDir(dir); err != nil {
		return err
	}
	announce(opts, server, dir)
	if _, err := fmt.Fprintln(opts.Streams.Out, "ready "+server.URL()); err != nil {
		return err
	}
	<-ctx.Done()
	return nil
}

func loadEstate(path string) (*redimtest.Estate, error) {
	if path == "" {
		return redimtest.SampleEstate(), nil
	}
	return redimtest.LoadEstate(path)
}

// directory is where the server's files go: dir, or a temporary one.
func directory(dir string) (path string, remove func(), err error) {
	if dir == "" {
		tmp, err := os.MkdirTemp("", "redim-simulate-")
		return tmp, func() { _ = os.RemoveAll(tmp) }, err
	}
	path, err = filepath.Abs(dir)
	if err == nil {
		err = ours(path)
	}
	return path, func() {}, err
}

// ours refuses a directory with settings that no stand-in server wrote: each
// writes an address beside them.
func ours(dir string) error {
	if !exists(filepath.Join(dir, "settings.yaml")) || exists(filepath.Join(dir, "address")) {
		return nil
	}
	return pam.Failf(pam.ErrUsage, "%s holds settings of something else", dir).WithHint("name another directory with --dir; its settings.yaml would be replaced")
}

func exists(path string) bool {
	_, err := os.Lstat(path)
	return err == nil
}

// announce tells a person what to paste.
func announce(opts *Options, server *redimtest.Running, dir string) {
	settings := filepath.Join(dir, "settings.yaml")
	opts.Say("stand-in RED IM at %s", server.EndpointURL())
	if !opts.Plain {
		opts.Say("certificate authority: %s", filepath.Join(dir, "ca.pem"))
	}
	opts.Say("settings for it: %s; use them with:", settings)
	opts.Say("  export REDIM_CONFIG=%s", shellQuote(settings))
	whom := `'EX\alice' --endpoint web01`
	if opts.Estate != "" {
		whom = "USER --endpoint SYSTEM" // the sample's are not there
	}
	opts.Say("  %s test-settings --user %s", opts.Command, whom)
	text, err := os.ReadFile(settings)
	if err != nil {
		return
	}
	opts.Say("or paste this profile into a settings file of your own:")
	for line := range strings.Lines(string(text)) {
		opts.Say("  %s", strings.TrimRight(line, "\n"))
	}
	opts.Say("stop it with Ctrl-C")
}

func shellQuote(s string) string { return "'" + strings.ReplaceAll(s, "'", `'\''`) + "'" }

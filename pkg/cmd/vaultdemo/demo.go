// Package vaultdemo is vault's command demo: a vault of its own with a server, for
// a first check-out over HTTPS.
package vaultdemo

import (
	"bytes"
	"context"
	"crypto/rand"
	"encoding/base32"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"strings"

	"github.com/spf13/cobra"

	"github.com/redim-tools/redim/pkg/cli"
	"github.com/redim-tools/redim/pkg/cli/vaultcli"
	"github.com/redim-tools/redim/pkg/pam"
	"github.com/redim-tools/redim/pkg/term"
)

// Options are what the command was told.
type Options struct {
	Listen string
	Dir    string

	Command string
	Streams *term.Streams
	Getenv  func(string) string
	// Again runs another command line with its own streams and environment.
	Again func(ctx context.Context, streams *term.Streams, getenv func(string) string, args []string) int
	// SignIn signs in at a server with the settings of a file, and returns the
	// token as an Authorization header has it.
	SignIn func(ctx context.Context, settings string) (header []byte, err error)
}

// New makes the command. runF replaces its run in tests; nil is the real one.
func New(app *vaultcli.App, runF func(context.Context, *Options) error) *cobra.Command {
	opts := &Options{Command: app.Name, Streams: app.Streams, Getenv: app.Getenv, SignIn: app.SignIn}
	cmd := &cobra.Command{
		Use:   "demo",
		Short: "Serve a vault of its own, for a first check-out",
		Long: `Make a vault with one credential and one application in a directory of its own, serve
it on a loopback address until interrupted, sign the application in, and tell the one
command that checks the credential out. What it does is done by other commands of
this program, and told.

In the directory are then cert.pem, which is to be trusted; token, the header that a
signed-in application sends, good for 15 minutes; settings.yaml, with which every
other command works on this vault; and log. Without --dir it is a temporary one that
is removed at the end.

Exit codes: 0 when it was interrupted; 2 the directory is not empty, or the address
is taken.`,
		Example: `  vault demo
  vault demo --dir demo --listen 127.0.0.1:0`,
		Args: cli.NoArgs,
		RunE: func(cmd *cobra.Command, _ []string) error {
			opts.Again = app.Again
			if runF != nil {
				return runF(cmd.Context(), opts)
			}
			return run(cmd.Context(), opts)
		},
	}
	f := cmd.Flags()
	f.StringVar(&opts.Listen, "listen", "127.0.0.1:8443", "loopback `address` and port; port 0 takes any free one")
	f.StringVar(&opts.Dir, "dir", "", "new `directory` for it (default: a temporary one)")
	return cmd
}

func run(ctx context.Context, opts *Options) error {
	d, err := newDemo(opts)
	if err != nil {
		return err
	}
	defer d.remove()
	if err := d.prepare(ctx); err != nil {
		return err
	}
	return d.serve(ctx)
}

// demo is the vault of the demo.
type demo struct {
	*Options
	dir    string // absolute
	shown  string // as it is told
	remove func()
}

func newDemo(opts *Options) (*demo, error) {
	d := &demo{Options: opts, remove: func() {}}
	if opts.Dir == "" {
		dir, err := os.MkdirTemp("", "vault-demo-")
		if err != nil {
			return nil, pam.Failf(pam.ErrOther, "make a temporary directory: %w", err).WithHint("set TMPDIR to a directory that you may write to")
		}
		d.dir, d.shown, d.remove = dir, dir, func() { _ = os.RemoveAll(dir) }
		return d, nil
	}
	var err error
	if d.dir, err = filepath.Abs(opts.Dir); err != nil {
		return nil, err
	}
	d.shown = filepath.Clean(opts.Dir)
	if found, _ := os.ReadDir(d.dir); len(found) > 0 {
		return nil, pam.Failf(pam.ErrUsage, "%s is not empty", opts.Dir).WithHint("name a new directory with --dir, or remove this one first")
	}
	return d, os.MkdirAll(d.dir, 0o700)
}

func (d *demo) path(name string) string { return filepath.Join(d.dir, name) }

func (d *demo) write(name string, content []byte) error {
	return os.WriteFile(d.path(name), content, 0o600)
}

// prepare makes the vault by commands of this program.
func (d *demo) prepare(ctx context.Context) error {
	password := make([]byte, 15)
	_, _ = rand.Read(password) // never fails: it ends the process instead
	text := strings.ToLower(base32.StdEncoding.EncodeToString(password))
	if err := d.write("password", []byte(text)); err != nil {
		return err
	}
	if err := d.write("settings.yaml", []byte(settings)); err != nil {
		return err
	}
	if _, err := d.step(ctx, "credentials", "add", "web01/backup", "--secret-from", "file:"+d.path("password")); err != nil {
		return err
	}
	credential, err := d.step(ctx, "integrations", "new", "demo", "--auth", "application", "--generate", "--field", "credential", "--allow-ip", "127.0.0.1", "--grant", "web01/*", "--reason", "demo")
	if err != nil {
		return err
	}
	return d.write("credential", bytes.TrimSpace(credential))
}

const settings = `profiles:
  default:
    integration: demo
    credential: file:credential
    tls:
      ca_file: cert.pem
`

// step runs a command of this program on the demo's vault and tells it.
func (d *demo) step(ctx context.Context, args ...string) ([]byte, error) {
	if err := d.say("$ %s %s", d.Command, strings.ReplaceAll(strings.Join(args, " "), d.dir, d.shown)); err != nil {
		return nil, err
	}
	var out, talk bytes.Buffer
	if code := d.Again(ctx, term.With(strings.NewReader(""), &out, &talk, term.Facts{}), d.getenv, append(args, "--no-input")); code != 0 {
		return nil, pam.Failf(pam.ErrOther, "it ended with exit code %d: %s", code, strings.TrimSpace(talk.String())).WithHint("please report this")
	}
	return out.Bytes(), nil
}

// getenv is the environment of the demo's commands: its own directory, and
// nothing of the user's settings.
func (d *demo) getenv(name string) string {
	switch name {
	case "REDIM_CONFIG":
		return d.path("settings.yaml")
	case "REDIM_DATA_DIR", "REDIM_STATE_DIR", "REDIM_CACHE_DIR":
		return d.dir
	case "TERM", "NO_COLOR", "LANG":
		return d.Getenv(name)
	}
	return ""
}

func (d *demo) say(format string, args ...any) error {
	_, err := fmt.Fprintf(d.Streams.Out, format+"\n", args...)
	return err
}

// serve runs vault serve until ctx ends, and tells what to do once it answers.
func (d *demo) serve(ctx context.Context) error {
	log, err := os.OpenFile(d.path("log"), os.O_CREATE|os.O_WRONLY|os.O_APPEND, 0o600)
	if err != nil {
		return err
	}
	defer log.Close()
	ctx, stop := context.WithCancel(ctx)
	defer stop()
	heard, says := io.Pipe()
	ended := make(chan int, 1)
	if err := d.say("$ %s serve --dev --listen %s", d.Command, d.Listen); err != nil {
		return err
	}
	go func() {
		code := d.Again(ctx, term.With(strings.NewReader(""), says, log, term.Facts{}), d.getenv, []string{"serve", "--dev", "--listen", d.Listen})
		_ = says.Close()
		ended <- code
	}()
	var url string
	if _, err := fmt.Fscanf(heard, "ready %s\n", &url); err != nil {
		return d.failed(<-ended)
	}
	if err := d.tell(ctx, url); err != nil {
		stop()
		<-ended
		return err
	}
	if code := <-ended; code != 0 {
		return d.failed(code)
	}
	return nil
}

// failed says what the log ends with.
func (d *demo) failed(code int) error {
	text, _ := os.ReadFile(d.path("log"))
	lines := strings.Split(strings.TrimSpace(string(text)), "\n")
	class := pam.ErrOther
	if code == cli.ExitUsage {
		class = pam.ErrUsage
	}
	return pam.Failf(class, "the server did not start: %s", strings.Join(lines[max(0, len(lines)-2):], "; ")).WithHint("choose another address with --listen")
}

// tell signs the application in, and tells how it checks out.
func (d *demo) tell(ctx context.Context, url string) error {
	cert, err := os.ReadFile(filepath.Join(d.dir, "dev", "dev-cert.pem"))
	if err != nil {
		return err
	}
	if err := d.write("cert.pem", cert); err != nil {
		return err
	}
	if err := d.write("settings.yaml", []byte(settings+"    server: "+url+"\n")); err != nil {
		return err
	}
	header, err := d.SignIn(ctx, d.path("settings.yaml"))
	if err != nil {
		return err
	}
	defer clear(header)
	if err := d.write("token", header); err != nil {
		return err
	}
	return d.say(`
The vault answers at %[2]s. Its application "demo" has signed in. It checks the credential
out, and curl shows what it gets:

curl --cacert %[1]s/cert.pem -H @%[1]s/token --json '{"system": "web01", "account": "backup"}' %[2]s/v1/checkouts

Interrupt this to end it.`, d.shown, url)
}

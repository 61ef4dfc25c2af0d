package handout

import (
	"errors"
	"slices"
	"strings"
	"time"

	"github.com/spf13/cobra"

	"github.com/redim-tools/redim/pkg/cli"
	"github.com/redim-tools/redim/pkg/pam"
	"github.com/redim-tools/redim/pkg/term"
)

// Options say where a secret is to go. Streams, Say, Command and LogMask must be
// set.
type Options struct {
	Reveal bool
	Field  string
	Output string
	Shell  string
	Out    string
	LogMask

	Command string // "redim", for the commands that messages name
	Streams *term.Streams
	Say     func(format string, args ...any)
	// Keep is told, last of all, that the secret was handed over; nil where
	// nobody wants to know.
	Keep func(pam.Checkout) error
}

// New makes the options of a command of an App.
func New(app *cli.App) Options {
	return Options{LogMask: NewLogMask(app), Command: app.Name, Streams: app.Streams, Say: app.Say}
}

// Add adds the flags to a command.
func (o *Options) Add(cmd *cobra.Command) {
	f := cmd.Flags()
	f.BoolVar(&o.Reveal, "reveal", false, "show the secret, also on a terminal")
	f.StringVar(&o.Field, "field", "", "write one `field` and a newline, nothing else: password, username, account, system, id")
	f.StringVar(&o.Out, "out", "", "write the password to a new `file` with mode 0600")
	f.StringVar(&o.Shell, "shell", "", "syntax of -o env: "+strings.Join(Shells(), ", ")+" (default: sh)")
	o.LogMask.Add(cmd)
	cli.Complete(cmd, "field", Fields()...)
	cli.Complete(cmd, "shell", Shells()...)
	cli.OutputFlag(cmd, &o.Output, append(cli.OneFormats(), "env")...)
	cli.Exclude(cmd, "field", "out")
	cli.Exclude(cmd, "field", "reveal")
	cli.Exclude(cmd, "out", "reveal")
}

// Fields are the names that Field knows.
func Fields() []string { return []string{"password", "username", "account", "system", "id"} }

// Check refuses, before anything is asked for, what could only go wrong after.
func (o *Options) Check() error {
	if o.Field != "" && !slices.Contains(Fields(), o.Field) {
		return pam.Failf(pam.ErrUsage, "--field %q is not known", o.Field).WithHint("use one of: %s", strings.Join(Fields(), ", "))
	}
	o.hideFromSteps()
	if err := errors.Join(o.checkShell(), o.LogMask.Check()); err != nil {
		return err
	}
	switch {
	case o.Out == "-":
		return pam.Failf(pam.ErrUsage, "--out takes the name of a new file, and - is none").WithHint("for standard output use --field password")
	case o.Out != "" && o.Output == "env":
		return pam.Failf(pam.ErrUsage, "--out and -o env exclude each other").WithHint("the password goes to one place: use one of them")
	}
	if o.Streams.InteractiveOut() && !o.Reveal && (o.Field == "password" || o.Output == "env") {
		return pam.Failf(pam.ErrUsage, "the password is not shown on a terminal unasked").
			WithHint("add --reveal in place of --field, or send the output into a pipe, or write it with --out FILE")
	}
	return nil
}

// Deliver reserves the place of the secret, then has it released and writes it
// there. The secret is wiped when it returns.
func (o *Options) Deliver(release func() (pam.Checkout, pam.Release, error)) error {
	out, err := o.open()
	if err != nil {
		return err
	}
	c, r, err := release()
	if err != nil {
		return errors.Join(err, out.discard())
	}
	defer r.Secret.Wipe()
	if err := out.write(c, r); err != nil && c.State == pam.CheckoutRead {
		return pam.Failf(pam.ErrOther, "%s was read, but its secret could not be written: %w", c.Credential.Ref(), err).WithHint("nothing is checked out; try again")
	} else if err != nil {
		return pam.Failf(pam.ErrOther, "%s is checked out, but its secret could not be written: %w", c.Credential.Ref(), err).
			WithHint("give it back with: %s checkin %s", o.Command, c.ID)
	}
	if c.State == pam.CheckoutRead {
		o.Say("read %s as %s without checking it out%s; there is nothing to give back", c.Credential.Ref(), c.Identity, heldBy(c.Credential))
		return nil
	}
	o.Say("checked out %s as %s%s; give it back with: %s checkin %s", c.Credential.Ref(), c.Identity, until(c.Due), o.Command, c.ID)
	return o.keep(c)
}

// keep has it recorded that somebody has the secret now, so that a recovery
// leaves it to them.
func (o *Options) keep(c pam.Checkout) error {
	if o.Keep == nil {
		return nil
	}
	if err := o.Keep(c); err != nil {
		return pam.Failf(pam.ErrPartial, "%s is checked out and its secret handed over, but that is not recorded: %w", c.Credential.Ref(), err).
			WithHint("the next \"%s recover\" would give it back; do that, or: %s checkin %s", o.Command, o.Command, c.ID)
	}
	return nil
}

func heldBy(c pam.Credential) string {
	if c.CheckedOutBy == "" {
		return ""
	}
	return ", although " + c.CheckedOutBy + " holds it"
}

func until(t time.Time) string {
	if t.IsZero() {
		return ""
	}
	return " until " + t.UTC().Format("2006-01-02 15:04 MST")
}

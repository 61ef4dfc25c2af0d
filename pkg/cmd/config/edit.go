package config

import (
	"bytes"
	"context"
	"errors"
	"os"

	"github.com/spf13/cobra"

	"github.com/redim-tools/redim/pkg/cli"
	"github.com/redim-tools/redim/pkg/config"
	"github.com/redim-tools/redim/pkg/pam"
	"github.com/redim-tools/redim/pkg/prompt"
	"github.com/redim-tools/redim/pkg/term"
)

// EditOptions are what "config edit" was told.
type EditOptions struct {
	DryRun bool

	Tool    string // whose settings a new file shows
	Streams *term.Streams
	Say     func(format string, args ...any)
	Getenv  func(string) string
	Prompt  func() prompt.Prompter
	Place   func() (Place, error)
	// Run runs an editor on a file and waits until it ends.
	Run func(ctx context.Context, s *term.Streams, editor, file string) error
}

// NewEdit makes the command. runF replaces its run in tests; nil is the real one.
func NewEdit(app *cli.App, runF func(context.Context, *EditOptions) error) *cobra.Command {
	opts := &EditOptions{Tool: app.Name, Streams: app.Streams, Say: app.Say, Getenv: app.Getenv, Prompt: app.Prompt, Place: placeOf(app), Run: runEditor}
	cmd := &cobra.Command{
		Use:   "edit",
		Short: "Change the settings file in an editor",
		Long: `Open a copy of the settings file in the editor that VISUAL or EDITOR names, and
put it in place when it is saved and can be understood. When it can't, everything
that is wrong is told and a terminal is asked whether to go on editing; the file
stays as it was.

Exit codes: 0; 1 the editor failed, the file can't be written, or someone else
changed it meanwhile; 2 no editor is named, or the text is no settings file; 130
interrupted.`,
		Example: `  redim config edit
  VISUAL='code --wait' redim config edit`,
		Args: cli.NoArgs,
		RunE: func(cmd *cobra.Command, _ []string) error {
			if runF != nil {
				return runF(cmd.Context(), opts)
			}
			return runEdit(cmd.Context(), opts)
		},
	}
	cmd.Flags().BoolVar(&opts.DryRun, "dry-run", false, "check what was edited, and change nothing")
	return cmd
}

func runEdit(ctx context.Context, opts *EditOptions) error {
	place, err := opts.Place()
	if err != nil {
		return err
	}
	editor, err := editorOf(opts.Getenv)
	if err != nil {
		return err
	}
	var old []byte
	if err := place.rehearse(func(f *config.File) error { old = bytes.Clone(f.Bytes()); return nil }); err != nil {
		return err
	}
	draft, err := newDraft(old, opts.Tool, place.Profile)
	if err != nil {
		return err
	}
	edited, err := opts.untilRight(ctx, draft, editor, place.Path)
	switch {
	case errors.Is(err, pam.ErrInterrupted):
		return draft.keep(opts, err)
	case err != nil:
		return errors.Join(err, draft.remove())
	case bytes.Equal(edited, draft.start):
		opts.Say("nothing was changed in %s", place.Path)
		return draft.remove()
	default:
		return opts.put(ctx, place, draft, old, edited)
	}
}

// put replaces the file. When that fails, the draft stays.
func (o *EditOptions) put(ctx context.Context, place Place, d *draft, old, edited []byte) error {
	err := place.changeUnless(ctx, o.DryRun, func(f *config.File) error { return f.Replace(old, edited) })
	if err != nil {
		return d.keep(o, err)
	}
	o.Say("%s %s", would(o.DryRun, "changed", "change"), place.Path)
	return d.remove()
}

// untilRight runs the editor until the text can be a settings file, or the
// person gives up.
func (o *EditOptions) untilRight(ctx context.Context, d *draft, editor, path string) ([]byte, error) {
	for {
		if err := o.Run(ctx, o.Streams, editor, d.path); err != nil {
			return nil, pam.Failf(pam.ErrOther, "editor %s: %w; nothing was changed", editor, err).WithHint("set VISUAL or EDITOR to an editor that ends with code 0 when it has saved")
		}
		if ctx.Err() != nil {
			return nil, pam.Failf(pam.ErrInterrupted, "interrupted; nothing was changed")
		}
		edited, err := d.read()
		if err != nil {
			return nil, err
		}
		if bytes.Equal(edited, d.start) {
			return edited, nil
		}
		problems := config.Check(path, edited)
		wrong := config.AsError(problems)
		if wrong == nil {
			return edited, nil
		}
		for _, p := range problems {
			o.Say("%s", problemLine(p))
		}
		switch again, err := o.again(ctx); {
		case err != nil:
			return nil, err
		case !again:
			return nil, wrong
		}
	}
}

// again asks whether to go on; where nobody can be asked, that is a no.
func (o *EditOptions) again(ctx context.Context) (bool, error) {
	again, err := o.Prompt().Confirm(ctx, prompt.Question{Label: "Go on editing? (no throws the changes away)", Flag: "a text that is right"})
	if errors.Is(err, pam.ErrUsage) {
		return false, nil
	}
	return again, err
}

// draft is the copy that the editor works on.
type draft struct {
	path  string
	start []byte // as the editor gets it
}

// newDraft makes the copy, mode 0600. A file that is missing or empty starts
// with an outline of all settings.
func newDraft(old []byte, tool, profile string) (*draft, error) {
	d := &draft{start: old}
	if len(bytes.TrimSpace(old)) == 0 {
		d.start = outline(tool, profile)
	}
	f, err := os.CreateTemp("", "redim-settings-*.yaml")
	if err != nil {
		return nil, pam.Failf(pam.ErrOther, "make a copy to edit: %w", err).WithHint("set TMPDIR to a directory that you may write to")
	}
	d.path = f.Name()
	_, err = f.Write(d.start)
	if err = errors.Join(err, f.Close()); err != nil {
		return nil, errors.Join(pam.Failf(pam.ErrOther, "make a copy to edit: %w", err).WithHint("free some space, or set TMPDIR to another directory"), d.remove())
	}
	return d, nil
}

// read returns the draft, or one byte more than a settings file may have.
func (d *draft) read() ([]byte, error) {
	info, err := os.Stat(d.path)
	if err == nil && info.Size() > config.MaxFile {
		return make([]byte, config.MaxFile+1), nil
	}
	var b []byte
	if err == nil {
		b, err = os.ReadFile(d.path)
	}
	if err != nil {
		return nil, pam.Failf(pam.ErrOther, "read what was edited: %w", err).WithHint("the editor must save to the file that it is given")
	}
	return b, nil
}

func (d *draft) remove() error { return os.Remove(d.path) }

// keep leaves the draft to whoever wrote it, and returns why.
func (d *draft) keep(opts *EditOptions, why error) error {
	if now, err := d.read(); err == nil && bytes.Equal(now, d.start) {
		return errors.Join(why, d.remove())
	}
	opts.Say("what you wrote is kept in %s", d.path)
	return why
}

package integrations

import (
	"github.com/spf13/cobra"

	"github.com/redim-tools/redim/pkg/cli"
	"github.com/redim-tools/redim/pkg/cli/vaultcli"
	"github.com/redim-tools/redim/pkg/pam"
	"github.com/redim-tools/redim/pkg/render"
	"github.com/redim-tools/redim/pkg/term"
	"github.com/redim-tools/redim/pkg/vault"
)

// Result says how the record that came out, and a credential that was
// generated, are shown.
type Result struct {
	Output string
	Field  string
	Reveal bool

	Streams *term.Streams
	Say     func(format string, args ...any)
	Warn    func(message string)
}

func newResult(app *vaultcli.App) Result {
	return Result{Streams: app.Streams, Say: app.Say, Warn: app.Warn}
}

func (r *Result) flags(cmd *cobra.Command) {
	cmd.Flags().StringVar(&r.Field, "field", "", "write this one `field` alone: credential, id, name")
	cmd.Flags().BoolVar(&r.Reveal, "reveal", false, "have a generated credential in the result")
	cli.Complete(cmd, "field", "credential", "id", "name")
	cli.OutputFlag(cmd, &r.Output, cli.OneFormats()...)
}

// canShow refuses to generate what nobody would see, and to show what is not
// generated.
func (r *Result) canShow(generates bool) error {
	switch r.Field {
	case "", "id", "name":
	case "credential":
		if !generates {
			return pam.Failf(pam.ErrUsage, "there is no credential to show").WithHint("only one that --generate makes is shown, and only then")
		}
	default:
		return pam.Failf(pam.ErrUsage, "--field: there is no field %q to write alone", r.Field).WithHint("use one of: credential, id, name")
	}
	if r.Field != "" && r.Output != "" {
		return pam.Failf(pam.ErrUsage, "--field and -o exclude each other").WithHint("use one of them")
	}
	switch {
	case !generates, r.Reveal, r.Field == "credential":
		return nil
	case r.Field == "" && r.Output == "" && r.Streams.InteractiveOut():
		return nil
	}
	return pam.Failf(pam.ErrUsage, "the generated credential would be shown to nobody").
		WithHint("add --field credential to write it alone, or --reveal to have it in the result")
}

// canShowGenerated reports why a generated credential could not be shown.
func (r *Result) canShowGenerated() error { return r.canShow(true) }

// shownJSON is a record with the credential that was made for it.
type shownJSON struct {
	recordJSON
	Generated string `json:"generated_credential,omitempty"`
}

// show writes what was asked for, and says what should be known of the record.
func (r *Result) show(done vault.IntegrationResult) error {
	for _, w := range done.Integration.Warnings() {
		r.Warn(w)
	}
	return done.Generated.Reveal(func(generated []byte) error {
		switch {
		case r.Field == "credential":
			return r.line(generated)
		case r.Field == "id":
			return r.line([]byte(done.Integration.ID))
		case r.Field == "name":
			return r.line([]byte(term.Safe(done.Integration.Name)))
		case r.Output == "" && len(generated) > 0 && !r.Reveal:
			r.Say("its credential, shown this once:")
			return r.line(generated)
		case r.Output == "" && !r.Reveal:
			return nil
		}
		return r.record(done.Integration, generated)
	})
}

func (r *Result) record(i vault.Integration, generated []byte) error {
	shown, rows := shownJSON{recordJSON: newRecordJSON(i)}, fields(i)
	if r.Reveal && len(generated) > 0 {
		shown.Generated = string(generated)
		rows = append(rows, render.Field{Name: "Generated credential", Value: shown.Generated})
	}
	return render.One(r.Streams, render.Format(r.Output), shown, rows)
}

func (r *Result) line(text []byte) error {
	line := append(append([]byte{}, text...), '\n')
	defer clear(line)
	_, err := r.Streams.Out.Write(line)
	return err
}

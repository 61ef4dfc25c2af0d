package credentials

import (
	"context"
	"fmt"
	"io"
	"os"
	"slices"
	"strings"

	"github.com/spf13/cobra"

	"github.com/redim-tools/redim/pkg/cli"
	"github.com/redim-tools/redim/pkg/cli/vaultcli"
	"github.com/redim-tools/redim/pkg/pam"
	"github.com/redim-tools/redim/pkg/render"
	"github.com/redim-tools/redim/pkg/secret"
	"github.com/redim-tools/redim/pkg/term"
	"github.com/redim-tools/redim/pkg/vault"
	"github.com/redim-tools/redim/pkg/vault/exchange"
)

// ImportOptions are what "credentials import" was told.
type ImportOptions struct {
	File   string
	DryRun bool
	Output string

	Streams *term.Streams
	Say     func(format string, args ...any)
	Open    vaultcli.Opener
}

// NewImport makes the command. runF replaces its run in tests; nil is the real one.
func NewImport(app *vaultcli.App, runF func(context.Context, *ImportOptions) error) *cobra.Command {
	opts := &ImportOptions{Streams: app.Streams, Say: app.Say, Open: app.Open}
	cmd := &cobra.Command{
		Use:   "import <file>|-",
		Short: "Import credentials from a CSV file",
		Long: `Add and change credentials as the rows of a CSV file say: all of them or, when one
is wrong, none, and its line is named. The first line names the columns: system and
account, and any of kind, description, policy, access, endpoints (separated by |) and
secret. A credential that is there already is changed; what has no column stays as
it is. Imported again, the same file changes nothing.

A file with secrets is read only when nobody else can read it (chmod 600), or from
standard input, for which - stands. Shred it afterwards.

Exit codes: 0; 2 the file can't be read, others can read its secrets, or a row is
wrong; 106 a row names a policy that is not there; 109 the store can't be opened; 110
it can't be written to.`,
		Example: `  vault credentials import accounts.csv --dry-run
  gpg --decrypt accounts.csv.gpg | vault credentials import -`,
		Args: cli.ExactArgs("a file, or - for standard input"),
		RunE: func(cmd *cobra.Command, args []string) error {
			opts.File = args[0]
			if runF != nil {
				return runF(cmd.Context(), opts)
			}
			return runImport(cmd.Context(), opts)
		},
	}
	cmd.Flags().BoolVar(&opts.DryRun, "dry-run", false, "list what would be added and changed; keep nothing")
	cli.OutputFlag(cmd, &opts.Output, cli.ListFormats()...)
	return cmd
}

func runImport(ctx context.Context, opts *ImportOptions) error {
	rows, err := opts.read()
	if err != nil {
		return err
	}
	defer wipe(rows)
	ctx, cancel := context.WithTimeout(ctx, vaultcli.Patience)
	defer cancel()
	return opts.Open.With(ctx, func(v *vaultcli.Vault) error {
		plan, err := v.ImportCredentials(ctx, v.Actor, rows, opts.DryRun)
		if err != nil {
			return err
		}
		if opts.DryRun || opts.Output != "" {
			if err := planList().Write(opts.Streams, render.Format(opts.Output), plan); err != nil {
				return err
			}
		}
		opts.Say("%s", summary(plan, opts.DryRun))
		return nil
	})
}

func wipe(rows []vault.CredentialRow) {
	for _, r := range rows {
		r.Secret.Wipe()
	}
}

// read reads the rows, and refuses secrets that others can read too.
func (o *ImportOptions) read() ([]vault.CredentialRow, error) {
	if o.File == "-" {
		return readRows(o.Streams.In)
	}
	f, err := os.Open(o.File)
	if err != nil {
		return nil, pam.Failf(pam.ErrUsage, "the import can not be read: %w", err).WithHint("name a CSV file that you may read, or - for standard input")
	}
	defer f.Close()
	info, err := f.Stat()
	if err != nil {
		return nil, err
	}
	rows, err := readRows(f)
	if err != nil {
		return nil, err
	}
	if secret.Loose(info) && slices.ContainsFunc(rows, func(r vault.CredentialRow) bool { return !r.Secret.IsEmpty() }) {
		wipe(rows)
		return nil, pam.Failf(pam.ErrUsage, "others can read the secrets in %s; nothing was imported", o.File).
			WithHint("use: chmod 600 %s; and change the secrets if somebody may have read them", o.File)
	}
	return rows, nil
}

func readRows(in io.Reader) ([]vault.CredentialRow, error) {
	rows, err := exchange.ReadCredentials(in)
	if err != nil {
		_, message, hint := cli.Describe(err)
		return nil, pam.Failf(pam.ErrUsage, "%s; nothing was imported", message).WithHint("%s", hint)
	}
	return rows, nil
}

func summary(plan []vault.Planned, dryRun bool) string {
	counts := map[vault.Action]int{}
	for _, p := range plan {
		counts[p.Action]++
	}
	word := "imported"
	if dryRun {
		word = "dry run: would import"
	}
	return fmt.Sprintf("%s %d credentials: %d added, %d changed, %d as they were", word, len(plan), counts[vault.ActionCreate], counts[vault.ActionChange], counts[vault.ActionKeep])
}

type planJSON struct {
	Line       int      `json:"line"`
	Credential string   `json:"credential"`
	Action     string   `json:"action"`
	Fields     []string `json:"fields"`
}

func planList() render.List[vault.Planned] {
	type item = vault.Planned
	return render.List[item]{
		Columns: []render.Column[item]{
			{Name: "LINE", Cell: func(p item) any { return p.Line }},
			{Name: "CREDENTIAL", Cell: func(p item) any { return p.Name }},
			{Name: "ACTION", Cell: func(p item) any { return string(p.Action) }},
			{Name: "FIELDS", Cell: func(p item) any { return strings.Join(changedFields(p.Changes), ", ") }},
		},
		JSON: func(p item) any {
			return planJSON{Line: p.Line, Credential: p.Name, Action: string(p.Action), Fields: changedFields(p.Changes)}
		},
		Empty: "the file has no rows",
	}
}

package events

import (
	"context"
	"crypto/ed25519"
	"encoding/hex"
	"errors"
	"io"
	"os"

	"github.com/spf13/cobra"

	"github.com/redim-tools/redim/pkg/audit"
	"github.com/redim-tools/redim/pkg/cli"
	"github.com/redim-tools/redim/pkg/cli/vaultcli"
	"github.com/redim-tools/redim/pkg/pam"
	"github.com/redim-tools/redim/pkg/render"
	"github.com/redim-tools/redim/pkg/term"
)

// VerifyOptions are what "events verify" was told.
type VerifyOptions struct {
	File        string // an export; empty: the store
	Checkpoints string // a file of them, to hold against the export
	PublicKey   string // that signs them, in hexadecimal
	Output      string

	Streams *term.Streams
	Open    vaultcli.Opener
}

// NewVerify makes the command. runF replaces its run in tests; nil is the real one.
func NewVerify(app *vaultcli.App, runF func(context.Context, *VerifyOptions) error) *cobra.Command {
	opts := &VerifyOptions{Streams: app.Streams, Open: app.Open}
	cmd := &cobra.Command{
		Use:   "verify [<file>|-]",
		Short: "Verify that no event was changed",
		Long: `Check that every event in the store is as it was written: none changed, removed, added
or moved, the ends of all chains sealed with the store's key, and every checkpoint
signed. The first record that is broken is named.

With a file, an export in jsonl is checked, without a store: of all events, or of those
since some time. That finds what was changed in it or is missing from its middle. With
--checkpoints, which were exported later, it finds also that its end is missing.

Exit codes: 0 all is as it was written; 1 it is not; 2 the file is no export; 109 the
store can't be opened.`,
		Example: `  vault events verify
  vault events verify events.jsonl -o json
  vault events verify events.jsonl --checkpoints checkpoints.jsonl --public-key 5f2a…`,
		Args: func(cmd *cobra.Command, args []string) error {
			if len(args) > 1 {
				return pam.Failf(pam.ErrUsage, "%s takes one file, but got %d", cmd.CommandPath(), len(args)).WithHint("verify one export at a time")
			}
			return nil
		},
		RunE: func(cmd *cobra.Command, args []string) error {
			if len(args) > 0 {
				opts.File = args[0]
			}
			if runF != nil {
				return runF(cmd.Context(), opts)
			}
			return runVerify(cmd.Context(), opts)
		},
	}
	cmd.Flags().StringVar(&opts.Checkpoints, "checkpoints", "", "`file` of checkpoints to hold against an export")
	cmd.Flags().StringVar(&opts.PublicKey, "public-key", "", "`key` that the checkpoints are signed with, in hexadecimal, as verify shows it for the store")
	cli.OutputFlag(cmd, &opts.Output, cli.OneFormats()...)
	return cmd
}

// reportJSON is the answer in JSON and YAML.
type reportJSON struct {
	Records     uint64       `json:"records"`
	Chains      int          `json:"chains"`
	Checkpoints int          `json:"checkpoints"`
	Heads       []audit.Head `json:"heads"`
	PublicKey   string       `json:"public_key,omitempty"` // of the checkpoints' signatures, ed25519
}

func runVerify(ctx context.Context, opts *VerifyOptions) error {
	if opts.File != "" {
		return opts.offline()
	}
	ctx, cancel := context.WithTimeout(ctx, vaultcli.Patience)
	defer cancel()
	return opts.Open.With(ctx, func(v *vaultcli.Vault) error {
		report, err := v.Verify(ctx)
		if err != nil {
			return err
		}
		return opts.write(report, hex.EncodeToString(v.PublicKey()))
	})
}

func (o *VerifyOptions) write(r audit.Report, public string) error {
	doc := reportJSON{Records: r.Records, Chains: r.Chains, Checkpoints: r.Checkpoints, Heads: append([]audit.Head{}, r.Heads...), PublicKey: public}
	fields := []render.Field{{Name: "Records", Value: int(r.Records)}, {Name: "Chains", Value: r.Chains}, {Name: "Checkpoints", Value: r.Checkpoints}}
	if public != "" {
		fields = append(fields, render.Field{Name: "Public key", Value: public})
	}
	return render.One(o.Streams, render.Format(o.Output), doc, fields)
}

func (o *VerifyOptions) offline() error {
	var v audit.Verifier
	var err error
	if o.Checkpoints != "" {
		if v.Checkpoints, err = o.checkpoints(); err != nil {
			return err
		}
	}
	in, err := o.input(o.File)
	if err != nil {
		return err
	}
	defer func() { _ = in.Close() }()
	report, err := v.VerifyExport(audit.ReadLines(in))
	if broken, ok := errors.AsType[*audit.BrokenError](err); ok {
		return pam.Failf(pam.ErrOther, "the export is not as it was written: %w", broken).
			WithHint("compare with the store, or with another export; events that were picked, such as those of one integration, can't be verified")
	}
	if err != nil {
		return pam.Failf(pam.ErrUsage, "the file is no export: %w", err).WithHint("make one with: vault events export --format jsonl")
	}
	return o.write(report, "")
}

// checkpoints reads those that an export holds, and checks their signatures.
func (o *VerifyOptions) checkpoints() ([]audit.Checkpoint, error) {
	key, err := hex.DecodeString(o.PublicKey)
	if err != nil || len(key) != ed25519.PublicKeySize {
		return nil, pam.Failf(pam.ErrUsage, "--public-key is not given, or is no key").WithHint("it has 64 hexadecimal digits, which vault events verify shows for the store")
	}
	in, err := o.input(o.Checkpoints)
	if err != nil {
		return nil, err
	}
	defer func() { _ = in.Close() }()
	found, err := audit.ReadCheckpoints(in, key)
	if err != nil {
		return nil, pam.Failf(pam.ErrOther, "the checkpoints are not as they were written: %w", err).WithHint("export them again: vault events export --format checkpoints")
	}
	return found, nil
}

func (o *VerifyOptions) input(file string) (io.ReadCloser, error) {
	if file == "-" {
		return io.NopCloser(o.Streams.In), nil
	}
	f, err := os.Open(file)
	if err != nil {
		return nil, pam.Failf(pam.ErrUsage, "the file can't be read: %w", err).WithHint("name an export, or - for standard input")
	}
	return f, nil
}

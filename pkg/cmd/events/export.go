package events

import (
	"context"
	"encoding/json"
	"io"
	"os"
	"strings"
	"time"

	"github.com/spf13/cobra"

	"github.com/redim-tools/redim/pkg/audit"
	"github.com/redim-tools/redim/pkg/cli"
	"github.com/redim-tools/redim/pkg/cli/vaultcli"
	"github.com/redim-tools/redim/pkg/pam"
)

// ExportOptions are what "events export" was told.
type ExportOptions struct {
	Filter
	Format string
	Follow bool

	Out  io.Writer
	Now  func() time.Time
	Open vaultcli.Opener
}

// tick is how often a following export looks for new events.
const tick = time.Second

// NewExport makes the command. runF replaces its run in tests; nil is the real one.
func NewExport(app *vaultcli.App, runF func(context.Context, *ExportOptions) error) *cobra.Command {
	opts := &ExportOptions{Out: app.Streams.Out, Now: app.Now, Open: app.Open}
	cmd := &cobra.Command{
		Use:   "export",
		Short: "Write the events for another system",
		Long: `Write the events, one a line, the oldest first: as JSON with all that "vault events
verify" needs, in the common event format (CEF), or as syslog lines (RFC 5424). With
--follow it goes on with what happens next, until it is interrupted.

The format checkpoints writes the signed checkpoints instead: kept elsewhere, they
tell later whether the end of an export, or of the whole store, was cut off.

Exit codes: 0; 2 a filter or the format can't be; 109 the store can't be opened; 130
interrupted before all that is there was written.`,
		Example: `  vault events export > events.jsonl
  vault events export --format cef --since 24h --kind checkout
  vault events export --format syslog --follow | nc -N logs.example.com 514`,
		Args: cli.NoArgs,
		RunE: func(cmd *cobra.Command, _ []string) error {
			if runF != nil {
				return runF(cmd.Context(), opts)
			}
			return runExport(cmd.Context(), opts)
		},
	}
	opts.Filter.flags(cmd)
	cmd.Flags().StringVar(&opts.Format, "format", "jsonl", "`format` of the lines: jsonl, cef, syslog or checkpoints")
	cmd.Flags().BoolVar(&opts.Follow, "follow", false, "go on with new events")
	cli.Complete(cmd, "format", "jsonl", "cef", "syslog", "checkpoints")
	return cmd
}

func runExport(ctx context.Context, opts *ExportOptions) error {
	line, err := lineOf(opts.Format)
	if err != nil {
		return err
	}
	c, err := opts.criteria(opts.Now())
	if err != nil {
		return err
	}
	return opts.Open.With(ctx, func(v *vaultcli.Vault) error {
		if line == nil {
			return opts.checkpoints(ctx, v)
		}
		if !opts.Follow {
			return v.Export(ctx, c, opts.Out, line, nil)
		}
		ticker := time.NewTicker(tick)
		defer ticker.Stop()
		return v.Export(ctx, c, opts.Out, line, ticker.C)
	})
}

// checkpoints writes all of them, one a line.
func (o *ExportOptions) checkpoints(ctx context.Context, v *vaultcli.Vault) error {
	found, err := v.Checkpoints(ctx)
	if err != nil {
		return err
	}
	lines := json.NewEncoder(o.Out)
	for _, c := range found {
		if err := lines.Encode(c); err != nil {
			return err
		}
	}
	return nil
}

// lineOf is nil for checkpoints, which are no events.
func lineOf(format string) (audit.Line, error) {
	switch strings.ToLower(format) {
	case "jsonl":
		return audit.JSON, nil
	case "checkpoints":
		return nil, nil
	case "cef":
		return audit.CEF, nil
	case "syslog":
		host, _ := os.Hostname() // without one the line says so
		return audit.Syslog(host), nil
	}
	return nil, pam.Failf(pam.ErrUsage, "--format: %q is not known", format).WithHint("use one of: jsonl, cef, syslog, checkpoints")
}

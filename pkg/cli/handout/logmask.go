package handout

import (
	"github.com/spf13/cobra"

	"github.com/redim-tools/redim/pkg/ci"
	"github.com/redim-tools/redim/pkg/cli"
	"github.com/redim-tools/redim/pkg/pam"
	"github.com/redim-tools/redim/pkg/secret"
	"github.com/redim-tools/redim/pkg/term"
)

// LogMask has the log of the CI job that we run in hide the secret. Getenv and
// Streams must be set.
type LogMask struct {
	MaskCI bool

	Getenv  func(string) string
	Streams *term.Streams
}

// NewLogMask makes that of a command of an App.
func NewLogMask(app *cli.App) LogMask { return LogMask{Getenv: app.Getenv, Streams: app.Streams} }

// Add adds the flag to a command.
func (m *LogMask) Add(cmd *cobra.Command) {
	cmd.Flags().BoolVar(&m.MaskCI, "mask-ci", false, "have the CI job's log hide the secret from now on, in GitHub Actions and Azure Pipelines")
}

// Check refuses to do what the CI system can't.
func (m *LogMask) Check() error {
	job, found := ci.Detect(m.Getenv)
	switch {
	case !m.MaskCI || job.System.HasMasks():
		return nil
	case !found:
		return pam.Failf(pam.ErrUsage, "--mask-ci is for CI jobs, and this is none").WithHint("leave it out; it is for GitHub Actions and Azure Pipelines")
	}
	return pam.Failf(pam.ErrUsage, "--mask-ci: the log of %s can't be told to hide a text", job.System).WithHint("leave it out, and see to it that the job does not write the secret; exec masks it")
}

// Write tells the log. It reads standard error as well as standard output, of
// which the former is not captured by $(…).
func (m *LogMask) Write(v secret.Value) error {
	if !m.MaskCI {
		return nil
	}
	job, _ := ci.Detect(m.Getenv)
	return ci.WriteMasks(m.Streams.Err, job.System, v)
}

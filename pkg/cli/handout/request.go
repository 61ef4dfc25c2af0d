package handout

import (
	"regexp"
	"strings"
	"time"

	"github.com/redim-tools/redim/pkg/ci"
	"github.com/redim-tools/redim/pkg/cli"
	"github.com/redim-tools/redim/pkg/pam"
)

// Request is what somebody says with a check-out, whatever it is of.
type Request struct {
	Comment string
	Ticket  string
	For     time.Duration
}

// Check refuses texts that a line of a log can't hold, and times past.
func (r Request) Check() error {
	if r.For < 0 {
		return pam.Failf(pam.ErrUsage, "--for %s is in the past", r.For).WithHint("give a duration such as 2h or 30m")
	}
	for flag, text := range map[string]string{"--comment": r.Comment, "--ticket": r.Ticket} {
		if strings.ContainsFunc(text, func(r rune) bool { return r < ' ' || r == 0x7f }) {
			return pam.Failf(pam.ErrUsage, "%s holds a control character", flag).WithHint("write it in one line")
		}
	}
	return nil
}

// Completer fills in what was not said.
type Completer func(Request) (Request, error)

// FromJob takes it from the CI job that the process runs in, unless the settings
// say otherwise.
func FromJob(app *cli.App) Completer {
	return func(r Request) (Request, error) {
		job, ok := ci.Detect(app.Getenv)
		if !ok || r.Comment != "" && r.Ticket != "" {
			return r, nil
		}
		s, err := app.Load("")
		if err != nil || !s.CI.Job {
			return r, err
		}
		if r.Comment == "" {
			r.Comment = job.Comment()
		}
		if pattern, err := regexp.Compile(s.CI.Ticket); err == nil && r.Ticket == "" {
			r.Ticket = job.Ticket(pattern)
		}
		return r, nil
	}
}

package config

import (
	"cmp"
	"errors"
	"fmt"
	"slices"

	"github.com/redim-tools/redim/pkg/pam"
	"github.com/redim-tools/redim/pkg/secret"
)

// Severity is how bad a problem is.
type Severity string

// An error keeps the settings from being used, a warning does not.
const (
	SeverityError   Severity = "error"
	SeverityWarning Severity = "warning"
)

// Problem is one thing that is wrong with the settings. It never repeats what
// may be a secret.
type Problem struct {
	Severity Severity `json:"severity" yaml:"severity"`
	Profile  string   `json:"profile,omitempty" yaml:"profile,omitempty"`
	Key      string   `json:"key" yaml:"key"`     // empty when it is about the file
	Where    string   `json:"where" yaml:"where"` // --set, REDIM_TIMEOUT or settings.yaml:12
	File     string   `json:"file,omitempty" yaml:"file,omitempty"`
	Line     int      `json:"line,omitempty" yaml:"line,omitempty"`
	Message  string   `json:"message" yaml:"message"`
	Hint     string   `json:"hint,omitempty" yaml:"hint,omitempty"`
}

// String is the problem in one line, without its hint.
func (p Problem) String() string {
	text := p.Message
	if p.Key != "" && p.Where != "--"+p.Key {
		text = p.Key + ": " + text
	}
	if p.Where != "" && p.Where != string(LayerDefault) {
		text = p.Where + ": " + text
	}
	return text
}

// problem makes an error at an origin.
func problem(key string, at Origin, format string, args ...any) Problem {
	return Problem{Severity: SeverityError, Key: key, Where: at.String(), File: at.File, Line: at.Line, Message: fmt.Sprintf(format, args...)}
}

func (p Problem) hint(format string, args ...any) Problem {
	p.Hint = fmt.Sprintf(format, args...)
	return p
}

func (p Problem) warning() Problem {
	p.Severity = SeverityWarning
	return p
}

// fromError is an error of another package at an origin, with its hint.
func fromError(key string, at Origin, err error) Problem {
	p := problem(key, at, "%v", err)
	if f, ok := errors.AsType[*pam.Failure](err); ok {
		p.Hint = f.Hint
	}
	if e, ok := errors.AsType[*secret.SourceError](err); ok {
		p.Hint = e.Hint
	}
	return p
}

// AsError turns the errors among the problems into one pam.ErrUsage that tells
// the first of them; nil when there is none.
func AsError(problems []Problem) error {
	var errs []Problem
	for _, p := range problems {
		if p.Severity == SeverityError {
			errs = append(errs, p)
		}
	}
	switch len(errs) {
	case 0:
		return nil
	case 1:
		return pam.Failf(pam.ErrUsage, "%s", errs[0]).WithHint("%s", errs[0].Hint)
	}
	return pam.Failf(pam.ErrUsage, "%s (and %d more)", errs[0], len(errs)-1).
		WithHint("%s", joinHints(errs[0].Hint, "all of them: redim config lint"))
}

func joinHints(a, b string) string {
	if a == "" {
		return b
	}
	return a + "; " + b
}

// sortProblems puts problems that have a line in the order of the lines, and
// the others behind them.
func sortProblems(problems []Problem) {
	slices.SortStableFunc(problems, func(a, b Problem) int {
		return cmp.Or(cmp.Compare(rank(a), rank(b)), cmp.Compare(a.File, b.File), cmp.Compare(a.Line, b.Line))
	})
}

func rank(p Problem) int {
	if p.Line == 0 {
		return 1
	}
	return 0
}

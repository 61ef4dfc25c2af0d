package prompt

import (
	"context"
	"strings"

	"github.com/redim-tools/redim/pkg/pam"
	"github.com/redim-tools/redim/pkg/secret"
	"github.com/redim-tools/redim/pkg/term"
)

// ErrCancelled says that the person broke off: Ctrl-C, end of input, or a
// context that ended while the question stood.
var ErrCancelled error = &pam.Failure{Class: pam.ErrInterrupted, Message: "cancelled"}

// Question is what is asked, and how it could have been answered unasked.
type Question struct {
	Label string // "Account", without a colon; may hold remote text
	Flag  string // the flag that answers it, "--account"; named when nobody can be asked
	Help  string // a sentence shown on request, or empty
	// Default is what an empty answer stands for in Text, and the choice
	// that Select begins at. Confirm has none: an empty answer is a no.
	Default string
	// Validate refuses an answer of Text with an error that says why; the
	// question is then asked again. May be nil.
	Validate func(string) error
}

// Prompter asks. Each method returns ErrCancelled when the person breaks off or
// ctx ends, with the terminal as it was before, and a failure of class ErrUsage
// naming the question's flag when nobody can be asked. Not for concurrent use.
type Prompter interface {
	// Select returns the index of the one of choices that was chosen.
	Select(ctx context.Context, q Question, choices []string) (int, error)
	// Confirm asks for a yes; everything else is a no.
	Confirm(ctx context.Context, q Question) (bool, error)
	// ConfirmTyped asks to type want; another answer is a no.
	ConfirmTyped(ctx context.Context, q Question, want string) (bool, error)
	// Text asks for one line, without the spaces around it.
	Text(ctx context.Context, q Question) (string, error)
	// Secret asks for one line that is not shown. It may be empty.
	Secret(ctx context.Context, q Question) (secret.Value, error)
}

// New returns the prompter for the streams: menus, or plain lines when the
// terminal is dumb, or refusals when noInput (the flag --no-input), the
// environment or the lack of a terminal forbids questions. Nothing is opened
// or drawn before the first question.
func New(streams *term.Streams, noInput bool, getenv func(string) string) Prompter {
	if why := streams.WhyNoPrompt(noInput, getenv); why != "" {
		return refusing{why: why}
	}
	lines := plain{streams: streams}
	if term.Dumb(getenv) {
		return lines
	}
	return menus{lines}
}

// refusing is the prompter when nobody can be asked.
type refusing struct{ why string }

func (r refusing) refuse(q Question) *pam.Failure {
	label := term.Safe(q.Label)
	if strings.HasSuffix(label, "?") {
		return pam.Failf(pam.ErrUsage, "%q can't be asked: %s", label, r.why).WithHint("pass %s", q.Flag)
	}
	return pam.Failf(pam.ErrUsage, "%s is not given, and it can't be asked for: %s", label, r.why).WithHint("pass %s", q.Flag)
}

func (r refusing) Select(_ context.Context, q Question, choices []string) (int, error) {
	f := r.refuse(q)
	safe := make([]string, len(choices))
	for i, c := range choices {
		safe[i] = term.Safe(c)
	}
	return 0, f.WithHint("pass %s with one of: %s", q.Flag, strings.Join(safe, ", "))
}

func (r refusing) Confirm(_ context.Context, q Question) (bool, error) { return false, r.refuse(q) }

func (r refusing) ConfirmTyped(_ context.Context, q Question, _ string) (bool, error) {
	return false, r.refuse(q)
}

func (r refusing) Text(_ context.Context, q Question) (string, error) { return "", r.refuse(q) }

func (r refusing) Secret(_ context.Context, q Question) (secret.Value, error) {
	return secret.Value{}, r.refuse(q)
}

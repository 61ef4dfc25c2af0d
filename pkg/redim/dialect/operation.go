package dialect

import (
	"net/http"
	"slices"
	"strings"

	"github.com/redim-tools/redim/pkg/pam"
)

// Operation is how a dialect does one thing. It is not changed after it was
// read.
type Operation struct {
	Key        string
	Name       string
	Method     string
	Path       string
	Idempotent bool
	Attested   Attested
	Source     string
	Request    map[string]any
	Reply      Reply
	Refused    map[string]string

	body []member
}

// Reply says how an operation's answer is read.
type Reply struct {
	Kind   string
	At     string
	Fields map[string]string
}

// Attested says how well an operation is known.
type Attested string

// The levels; the data files explain them.
const (
	Certain Attested = "certain"
	Likely  Attested = "likely"
	Guess   Attested = "guess"
	Ours    Attested = "ours"
)

// Public reports whether public material names the operation.
func (a Attested) Public() bool { return a == Certain || a == Likely }

// compile checks the operation and prepares its body.
func (o *Operation) compile() error {
	if o.Method == "" {
		o.Method = http.MethodPost
	}
	if o.Path == "" {
		o.Path = o.Name
	}
	switch {
	case o.Name == "" || strings.ContainsAny(o.Path, "?#\\ ") || strings.Contains(o.Path, "..") || strings.Contains(o.Path, "//"):
		return o.wrong("path %q is none", o.Path)
	case o.Method != http.MethodPost:
		return o.wrong("method %s is not in this release", o.Method)
	case o.Idempotent && strings.HasSuffix(o.Key, "_check_out"):
		return o.wrong("a check-out can't be idempotent")
	case !slices.Contains([]Attested{Certain, Likely, Guess, Ours}, o.Attested):
		return o.wrong("attested: %s is not certain, likely, guess or ours", o.Attested)
	case !slices.Contains([]string{"token", "secret", "text", "values", "records", "object", "job_id", "none"}, o.Reply.Kind):
		return o.wrong("reply.kind %q is not known", o.Reply.Kind)
	}
	if err := o.checkRefused(); err != nil {
		return err
	}
	var err error
	o.body, err = o.members(o.Request)
	return err
}

func (o *Operation) checkRefused() error {
	for status, class := range o.Refused {
		if !slices.Contains(refusals(), pam.Class(class)) {
			return o.wrong("refused: %s: %s is no failure that a status can stand for", status, class)
		}
	}
	return nil
}

// refusals are the failures that a dialect may map a status to.
func refusals() []pam.Class {
	return []pam.Class{
		pam.ErrDelegationRefused, pam.ErrNoImpersonation, pam.ErrUserUnknown, pam.ErrDenied, pam.ErrCheckedOut,
		pam.ErrNotFound, pam.ErrUnreachable, pam.ErrTokenRefused, pam.ErrSpinNotPermitted, pam.ErrProtocol, pam.ErrPending,
	}
}

func (o *Operation) wrong(format string, args ...any) error {
	return pam.Failf(pam.ErrUsage, "dialect_operations."+o.Key+": "+format, args...).
		WithHint("the form is that of: redim dialect show")
}

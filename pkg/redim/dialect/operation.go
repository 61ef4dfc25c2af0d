package dialect

import (
	"bytes"
	"errors"
	"io"
	"net/http"
	"slices"
	"strings"

	"go.yaml.in/yaml/v3"

	"github.com/redim-tools/redim/pkg/pam"
)

// Operation is how a dialect does one thing. It is not changed after it was
// read.
type Operation struct {
	Key        string            `yaml:"-"`
	Name       string            `yaml:"operation"`
	Method     string            `yaml:"method"`
	Path       string            `yaml:"path"`
	Idempotent bool              `yaml:"idempotent"`
	Attested   Attested          `yaml:"attested"`
	Source     string            `yaml:"source"`
	Request    map[string]any    `yaml:"request"`
	Reply      Reply             `yaml:"reply"`
	Refused    map[string]string `yaml:"refused"`

	body []member
}

// Reply says how an operation's answer is read.
type Reply struct {
	Kind   string            `yaml:"kind"`
	At     string            `yaml:"at"`
	Fields map[string]string `yaml:"fields"`
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

// override replaces what tree names and keeps the rest.
func (o *Operation) override(tree any) error {
	if tree == nil {
		return nil
	}
	text, err := yaml.Marshal(tree)
	if err != nil {
		return o.wrong("%v", err)
	}
	if m, ok := tree.(map[string]any); ok && m["request"] != nil {
		o.Request = nil
	}
	d := yaml.NewDecoder(bytes.NewReader(text))
	d.KnownFields(true)
	if err := d.Decode(o); err != nil && !errors.Is(err, io.EOF) {
		return o.wrong("%s", strings.TrimPrefix(err.Error(), "yaml: "))
	}
	return nil
}

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

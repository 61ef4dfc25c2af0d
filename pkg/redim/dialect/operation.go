package dialect

import (
	"cmp"
	"fmt"
	"net/http"
	"slices"
	"strings"

	"github.com/redim-tools/redim/pkg/pam"
)

// Operation is how a dialect does one thing. It is not changed after it was
// read.
type Operation struct {
	Key        string
	Base       string // of the dialect
	Name       string
	Method     string
	Path       string
	Idempotent bool
	Attested   Attested
	Source     string
	Request    map[string]any
	Query      map[string]any
	Header     map[string]any
	Reply      Reply
	Refused    map[string]string

	body, query, header []member
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

func (o *Operation) method() string { return cmp.Or(o.Method, http.MethodPost) }

// compile checks the operation and prepares what it sends.
func (o *Operation) compile() *Wrong {
	o.Method, o.Path = o.method(), cmp.Or(o.Path, o.Name)
	switch {
	case o.Method != http.MethodPost && o.Method != http.MethodGet:
		return o.wrong("method", "method %s is neither POST nor GET", o.Method)
	case o.Idempotent && (strings.HasSuffix(o.Key, "_check_out") || IsLogIn(o.Key)):
		return o.wrong("idempotent", "neither a check-out nor the log-in can be idempotent")
	case !slices.Contains([]Attested{Certain, Likely, Guess, Ours}, o.Attested):
		return o.wrong("attested", "attested: %s is not certain, likely, guess or ours", o.Attested)
	case !slices.Contains([]string{"token", "secret", "text", "values", "records", "object", "job_id", "none"}, o.Reply.Kind):
		return o.wrong("reply.kind", "reply.kind %q is not known", o.Reply.Kind)
	}
	for _, step := range []func() *Wrong{o.checkRefused, o.checkPath, o.compileMembers, o.checkToken} {
		if wrong := step(); wrong != nil {
			return wrong
		}
	}
	return nil
}

func (o *Operation) checkRefused() *Wrong {
	for status, class := range o.Refused {
		if !slices.Contains(refusals(), pam.Class(class)) {
			return o.wrong("refused."+status, "refused: %s: %s is no failure that a status can stand for", status, class)
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

func (o *Operation) compileMembers() *Wrong {
	var wrong *Wrong
	if o.body, wrong = o.members("request", o.Request); wrong != nil {
		return wrong
	}
	if o.Method == http.MethodGet && len(o.body) > 0 {
		return o.wrong("request", "a GET has no body, so no request; use query and header")
	}
	if o.query, wrong = o.flat("query", o.Query); wrong != nil {
		return wrong
	}
	o.header, wrong = o.flat("header", o.Header)
	return wrong
}

// checkToken wants the token where it belongs.
func (o *Operation) checkToken() *Wrong {
	if IsLogIn(o.Key) && o.Method == http.MethodGet {
		return o.wrong("method", "a log-in can't be a GET: its password travels in a body only")
	}
	if !IsLogIn(o.Key) && !uses(o.body, "token") && !uses(o.header, "token") {
		return o.wrong("", "the token is sent nowhere; put $token into header or request")
	}
	return nil
}

func uses(members []member, param string) bool {
	return slices.ContainsFunc(members, func(m member) bool { return m.param == param || uses(m.object, param) })
}

// wrong is what is wrong with the line of an override; dots lead inside.
func (o *Operation) wrong(line, format string, args ...any) *Wrong {
	path := []string{o.Key}
	if line != "" {
		path = append(path, strings.Split(line, ".")...)
	}
	return &Wrong{Path: path, Text: o.Key + ": " + fmt.Sprintf(format, args...), Hint: "the form is that of: redim dialect show"}
}

package dialect

import (
	"encoding/json"
	"iter"
	"strings"
	"time"

	"github.com/redim-tools/redim/pkg/pam"
	"github.com/redim-tools/redim/pkg/redim/wcf"
	"github.com/redim-tools/redim/pkg/secret"
)

// The readers below take what wcf.Valid returned, or nothing where the service
// sent no body. They fail with ErrProtocol when what they look for is missing.

// Refused reports whether a reply says of itself that nothing was done: an
// object whose OperationSucceeded is false.
func Refused(reply []byte) bool {
	value, ok := wcf.Member(reply, "OperationSucceeded")
	succeeded, isBool := wcf.Bool(value)
	return ok && isBool && !succeeded
}

// Acknowledged is for an operation that answers nothing: an empty reply or text,
// null, true or an object that is no refusal. Any other one does not tell that
// the service has done it, or was asked at all, unless reply.kind says that the
// service answers with something: then it is any value.
func (o *Operation) Acknowledged(reply []byte) error {
	value, valid := wcf.Valid(reply)
	text, isText := wcf.Text(value)
	yes, isBool := wcf.Bool(value)
	switch {
	case wcf.IsNull(value), isBool && yes, isText && text == "", valid && wcf.IsObject(value):
		return nil
	case o.Reply.Kind != "none" && valid && !isBool:
		return nil
	}
	return pam.Failf(pam.ErrProtocol, "the answer to %s does not say that it was done", o.Name).
		WithHint("something else may answer in the service's place; check endpoint_url; if the service itself answers so, set dialect_operations.%s.reply.kind: text", o.Key)
}

// Secret reads a token or a password into bytes of its own. Missing, null and
// empty all yield an empty secret and no error.
func (o *Operation) Secret(reply []byte) (secret.Value, error) {
	value, ok := wcf.Path(reply, o.Reply.At)
	if !ok || wcf.IsNull(value) {
		return secret.Value{}, nil
	}
	s, ok := wcf.Secret(value)
	if !ok {
		return s, o.Missing("a text in " + o.where())
	}
	return s, nil
}

// Expires reads when a check-out ends; zero when the reply doesn't say.
func (o *Operation) Expires(reply []byte) time.Time {
	return Record{value: reply, op: o}.Date("expires")
}

// Text reads a bare string or a member that is one. Nothing is an empty text.
func (o *Operation) Text(reply []byte) (string, error) {
	value, ok := wcf.Path(reply, o.Reply.At)
	if !ok || wcf.IsNull(value) {
		return "", nil
	}
	text, ok := wcf.Text(value)
	if !ok {
		return "", o.Missing("a text in " + o.where())
	}
	return text, nil
}

// JobID reads the id of a new job: a number, a string, or an object's member.
// A reply without an id is 0: the job was created all the same.
func (o *Operation) JobID(reply []byte) int64 {
	if member, ok := wcf.Path(reply, o.Reply.At); ok {
		reply = member
	}
	id, _ := wcf.Number(reply)
	return id
}

// Object returns an object as it is.
func (o *Operation) Object(reply []byte) (json.RawMessage, error) {
	value, ok := wcf.Path(reply, o.Reply.At)
	if !ok || !wcf.IsObject(value) {
		return nil, o.Missing("an object in " + o.where())
	}
	return json.RawMessage(value), nil
}

// Record returns an object whose members are found by our names.
func (o *Operation) Record(reply []byte) (Record, error) {
	value, err := o.Object(reply)
	return Record{value: value, op: o}, err
}

// Records yields the objects of a list. A void reply and null are empty lists.
func (o *Operation) Records(reply []byte) (iter.Seq[Record], error) {
	value, ok := wcf.Path(reply, o.Reply.At)
	if !wcf.IsNull(reply) && (!ok || !wcf.IsArray(value) && !wcf.IsNull(value)) {
		return nil, o.Missing("a list in " + o.where())
	}
	return func(yield func(Record) bool) {
		for element := range wcf.Elements(value) {
			if !yield(Record{value: element, op: o}) {
				return
			}
		}
	}, nil
}

// Missing is the failure of a reply without what was expected of it.
func (o *Operation) Missing(what string) *pam.Failure {
	return pam.Failf(pam.ErrProtocol, "the answer to %s lacks %s", o.Name, what).
		WithHint("if the service names it differently, set dialect_operations.%s; compare: redim dialect show", o.Key)
}

// unfit is the failure of a value that its header can't hold.
func (o *Operation) unfit(m member) *pam.Failure {
	return pam.Failf(pam.ErrProtocol, "the header %s of %s can't hold $%s: it has a control character", m.name, o.Name, m.param).
		WithHint("give it another place with dialect_operations.%s", o.Key)
}

func (o *Operation) where() string {
	if o.Reply.At == "" {
		return "its body"
	}
	return o.Reply.At
}

// Record is one object of a list, whose members are found by our names.
type Record struct {
	value []byte
	op    *Operation
}

func (r Record) field(name string) []byte {
	path := r.op.Reply.Fields[name]
	if path == "" {
		return nil
	}
	value, _ := wcf.Path(r.value, path)
	return value
}

// Has reports whether the object has a field at all, be it null.
func (r Record) Has(name string) bool { return r.field(name) != nil }

// Text is a field as text; empty when it is not there.
func (r Record) Text(name string) string {
	text, _ := wcf.Text(r.field(name))
	return text
}

// Bool is a field as a truth; false when it is not there.
func (r Record) Bool(name string) bool {
	b, _ := wcf.Bool(r.field(name))
	return b
}

// Number is a field as a number; ok is false when it is none.
func (r Record) Number(name string) (n int64, ok bool) { return wcf.Number(r.field(name)) }

// Date is a field as an instant; zero when it is not there.
func (r Record) Date(name string) time.Time { return wcf.Date(r.field(name)) }

// StoreType is a field as an account-store type, by number or by name.
func (r Record) StoreType(name string) pam.StoreType {
	value := r.field(name)
	if n, ok := wcf.Number(value); ok && n >= 0 && n <= int64(pam.StoreExternal) {
		return pam.StoreType(n)
	}
	text, _ := wcf.Text(value)
	t, _ := pam.ParseStoreType(strings.TrimSpace(text))
	return t
}

// Member is what the service calls a field.
func (r Record) Member(name string) string { return r.op.Reply.Fields[name] }

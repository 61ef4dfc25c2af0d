package audit

import (
	"sync"

	"github.com/redim-tools/redim/pkg/secret"
)

// Class says what of a value may be written down.
type Class int

// The classes. A value that nobody classified is secret.
const (
	Secret    Class = iota // only that it is there
	Sensitive              // a keyed hash: equal values can be told, and nothing else
	Public                 // the value
)

// Value is an old or a new value of a field, with its class. It is given as
// text or, when it is a secret, as such.
type Value struct {
	Class  Class
	Text   string
	Secret secret.Value
}

// Text makes a public value.
func Text(text string) Value { return Value{Class: Public, Text: text} }

// Hashed makes a sensitive value of a secret.
func Hashed(v secret.Value) Value { return Value{Class: Sensitive, Secret: v} }

func (v Value) isEmpty() bool { return v.Text == "" && v.Secret.IsEmpty() }

func (v Value) equal(o Value) bool { return v.Text == o.Text && v.Secret.Equal(o.Secret) }

// Redactor writes values down as their classes allow. The zero Redactor has no key,
// and is for public values only. It may be copied, and is safe for concurrent use.
type Redactor struct {
	keyed *sync.Pool // of *keyedHash
}

// NewRedactor makes one with the key of the keyed hashes.
func NewRedactor(key secret.Value) Redactor {
	return Redactor{&sync.Pool{New: func() any { return newKeyedHash(key) }}}
}

// Diff appends a change for a field whose value became another.
func (r Redactor) Diff(to []Change, field string, was, is Value) []Change {
	if was.Class == is.Class && was.equal(is) {
		return to
	}
	return append(to, Change{Field: field, Old: r.Show(was), New: r.Show(is)})
}

// Show is what may be written down of v. An empty value is empty in every class.
func (r Redactor) Show(v Value) string {
	switch {
	case v.isEmpty():
		return ""
	case v.Class == Public && v.Secret.IsEmpty():
		return v.Text
	case v.Class == Sensitive && v.Secret.IsEmpty():
		return r.Hash(secret.FromString(v.Text))
	case v.Class == Sensitive:
		return r.Hash(v.Secret)
	}
	return secret.Redacted
}

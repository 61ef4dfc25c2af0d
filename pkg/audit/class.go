package audit

import (
	"crypto/hmac"
	"crypto/sha256"
	"encoding/hex"

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

// Redactor writes values down as their classes allow.
type Redactor struct {
	Key secret.Value // of the keyed hashes
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

// Hash is the keyed hash of a secret as events have it: equal for equal
// secrets, and of no use to anybody without the key.
func (r Redactor) Hash(v secret.Value) string {
	var sum [sha256.Size]byte
	_ = r.Key.Reveal(func(key []byte) error {
		m := hmac.New(sha256.New, key)
		m.Write([]byte("redim value 1\n"))
		_ = v.Reveal(func(b []byte) error { m.Write(b); return nil })
		m.Sum(sum[:0])
		return nil
	})
	return "hmac-sha256:" + hex.EncodeToString(sum[:])
}

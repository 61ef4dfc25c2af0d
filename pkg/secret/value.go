package secret

import (
	"crypto/subtle"
	"encoding/json"
	"fmt"
	"log/slog"
	"runtime"
)

// Redacted is what a Value shows instead of itself.
const Redacted = "[redacted]"

// Value is a secret. The zero Value is empty. A Value may be copied; all copies
// share the same bytes, so Wipe empties them all. It is safe for concurrent
// reading, but not for Wipe beside reading.
//
// The bytes stand behind a closure: printing by reflection stops there, and
// the type can be neither compared nor used as a map key.
type Value struct {
	open func() []byte
}

// New makes a Value of b and owns b from then on: the caller must not keep it.
func New(b []byte) Value {
	if len(b) == 0 {
		return Value{}
	}
	return Value{open: func() []byte { return b }}
}

// FromString makes a Value of a copy of s. Prefer New, whose bytes can be wiped.
func FromString(s string) Value { return New([]byte(s)) }

func (v Value) bytes() []byte {
	if v.open == nil {
		return nil
	}
	return v.open()
}

// Reveal lends the bytes to use. They must not be kept or changed.
func (v Value) Reveal(use func(b []byte) error) error { return use(v.bytes()) }

// IsEmpty reports whether there is no secret.
func (v Value) IsEmpty() bool { return len(v.bytes()) == 0 }

// Len is the length in bytes.
func (v Value) Len() int { return len(v.bytes()) }

// Equal compares in a time that depends on the lengths only.
func (v Value) Equal(o Value) bool { return subtle.ConstantTimeCompare(v.bytes(), o.bytes()) == 1 }

// Wipe overwrites the bytes with zeros.
func (v Value) Wipe() {
	b := v.bytes()
	clear(b)
	runtime.KeepAlive(&b)
}

// Format shows [redacted] for every verb.
func (v Value) Format(s fmt.State, _ rune) { _, _ = s.Write([]byte(Redacted)) }

// String shows [redacted].
func (v Value) String() string { return Redacted }

// LogValue shows [redacted].
func (v Value) LogValue() slog.Value { return slog.StringValue(Redacted) }

// MarshalText shows [redacted]; JSON and YAML encoders use it too.
func (v Value) MarshalText() ([]byte, error) { return []byte(Redacted), nil }

// UnmarshalJSON reads a JSON string, or null as an empty Value.
func (v *Value) UnmarshalJSON(data []byte) error {
	var s *string
	if err := json.Unmarshal(data, &s); err != nil {
		return fmt.Errorf("secret is not a JSON string")
	}
	*v = Value{}
	if s != nil {
		*v = FromString(*s)
	}
	return nil
}

// UnmarshalText makes v a copy of text, so that decoders may fill it.
func (v *Value) UnmarshalText(text []byte) error {
	*v = FromString(string(text))
	return nil
}

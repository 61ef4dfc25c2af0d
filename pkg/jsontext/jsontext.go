// Package jsontext writes texts into JSON, most of them as they are.
package jsontext

import (
	"bytes"
	"encoding/json"
)

// IsPlain reports whether a text stands in JSON as it is: all of it printable ASCII,
// and nothing to escape.
func IsPlain(text string) bool {
	for n := range len(text) {
		if ch := text[n]; ch < ' ' || ch > '~' || ch == '"' || ch == '\\' {
			return false
		}
	}
	return true
}

// AppendString adds a text as json.Encoder writes it that does not escape HTML.
func AppendString(to []byte, text string) []byte {
	if IsPlain(text) {
		return append(append(append(to, '"'), text...), '"')
	}
	var b bytes.Buffer
	e := json.NewEncoder(&b)
	e.SetEscapeHTML(false)
	_ = e.Encode(text) // a text always encodes
	return append(to, bytes.TrimSuffix(b.Bytes(), []byte("\n"))...)
}

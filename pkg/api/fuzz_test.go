package api

import (
	"encoding/json"
	"errors"
	"testing"
	"unicode/utf8"

	"github.com/redim-tools/redim/pkg/secret"
)

// FuzzBody wants every body to be taken as the standard library takes it, or to
// be refused by a problem.
func FuzzBody(f *testing.F) {
	for _, seed := range []string{`{}`, `{"name":"a","hours":1,"credential":"c4nary"}`, `{"name":"a","name":"b"}`, `{"name":null}`, `[1]`, `{"hours":1e400}`, `{"name":"\ud800"}`, `{"name":{"a":[[]]}}`, "{\"name\":\"\xff\"}"} {
		f.Add([]byte(seed))
	}
	f.Fuzz(func(t *testing.T, text []byte) {
		var name, other string
		var hours, otherHours json.Number
		var credential, otherCredential secret.Value
		err := parseObject(text, members{{name: "name", into: &name}, {name: "hours", into: &hours}, {name: "credential", into: &credential}}, nil)
		careful := parseAny(text, members{{name: "name", into: &other}, {name: "hours", into: &otherHours}, {name: "credential", into: &otherCredential}})
		if err != nil {
			if _, ok := errors.AsType[*problem](err); !ok {
				t.Fatalf("%q: %v is no problem", text, err)
			}
			if careful == nil && utf8.Valid(text) {
				t.Fatalf("%q: %v, but read with care it is right", text, err)
			}
			return
		}
		if careful != nil || other != name || otherHours != hours || !otherCredential.Equal(credential) {
			t.Fatalf("%q: %q %q, but read with care it is %q %q, %v", text, name, hours, other, otherHours, careful)
		}
		var plain struct {
			Name  string      `json:"name"`
			Hours json.Number `json:"hours"`
		}
		if err := json.Unmarshal(text, &plain); err != nil || plain.Name != name || plain.Hours != hours {
			t.Fatalf("%q: %q %q, but the standard library says %+v, %v", text, name, hours, plain, err)
		}
	})
}

package wcf_test

import (
	"encoding/json"
	"testing"
	"time"

	"github.com/redim-tools/redim/pkg/redim/wcf"
)

func FuzzDate(f *testing.F) {
	for _, seed := range []string{"/Date(1700000000000)/", "/Date(928174800000-0700)/", "/Date(-62135596800000)/", "/Date(+1)/", "/Date(1+0)/", "/Date(-)/", "/Date()/", "2023-11-14T22:13:20Z"} {
		f.Add(seed)
	}
	f.Fuzz(func(t *testing.T, text string) {
		at, ok := wcf.ParseDate(text)
		if !ok {
			return
		}
		if at.Location() != time.UTC {
			t.Fatalf("%q is not UTC", text)
		}
		if again, ok := wcf.ParseDate(wcf.FormatDate(at)); ok && !again.Equal(at.Truncate(time.Millisecond)) {
			t.Fatalf("%q is %v and then %v", text, at, again)
		}
	})
}

// FuzzWalk holds the walker against the standard library.
func FuzzWalk(f *testing.F) {
	for _, seed := range []string{`{"a":{"b":"c\/d"},"e":[1,null,"\ud83d\udd11"]}`, `[]`, `"\u0000"`, `{"a":"}"`, `{"a"`, `[1,`, `"\`, `{"\u00"`, "\xef\xbb\xbf{}", "{\"\xce\xce\":[]}"} {
		f.Add([]byte(seed))
	}
	f.Fuzz(func(t *testing.T, text []byte) {
		value, ok := wcf.Valid(text)
		visit(value, 0) // must neither panic nor run on, valid or not
		if !ok {
			return
		}
		var members map[string]json.RawMessage
		if !wcf.IsObject(value) || json.Unmarshal(value, &members) != nil {
			return
		}
		seen := map[string]bool{} // a name may come twice
		for quoted, v := range wcf.Members(value) {
			name, isText := wcf.Text(quoted)
			if _, known := members[name]; !isText || !known {
				t.Fatalf("member %q of %q is invented", name, value)
			}
			if !json.Valid(v) {
				t.Fatalf("the value of %q in %q is %q", name, value, v)
			}
			seen[name] = true
		}
		for name := range members {
			if !seen[name] {
				t.Fatalf("member %q of %q is not found", name, value)
			}
		}
	})
}

func visit(value []byte, depth int) {
	if depth > 20 {
		return
	}
	_, _ = wcf.Text(value)
	_, _ = wcf.Secret(value)
	_, _ = wcf.Number(value)
	_, _ = wcf.Bool(value)
	_ = wcf.Date(value)
	for _, v := range wcf.Members(value) {
		visit(v, depth+1)
	}
	for v := range wcf.Elements(value) {
		visit(v, depth+1)
	}
}

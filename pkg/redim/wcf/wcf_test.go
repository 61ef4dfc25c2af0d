package wcf_test

import (
	"bytes"
	"encoding/json"
	"strings"
	"testing"
	"time"
	"unicode/utf8"

	"pgregory.net/rapid"

	"github.com/redim-tools/redim/pkg/redim/wcf"
	"github.com/redim-tools/redim/pkg/secret"
)

func reveal(v secret.Value) string {
	var text string
	_ = v.Reveal(func(b []byte) error { text = string(b); return nil })
	return text
}

func TestTextIsReadAsTheServiceWritesIt(t *testing.T) {
	t.Parallel()
	for _, c := range []struct{ json, want string }{
		{`"plain"`, "plain"},
		{`"a\/b"`, "a/b"},
		{`"\u2028\u0001\t\"\\"`, "\u2028\x01\t\"\\"},
		{`"\ud83d\udd11 ß<&'"`, "🔑 ß<&'"},
		{`"\ud83d alone"`, "\ufffd alone"},
		{`"\ud83d\u0041"`, "\ufffdA"},
		{`17`, "17"},
		{`true`, "true"},
		{`""`, ""},
	} {
		got, ok := wcf.Text([]byte(c.json))
		if !ok || got != c.want {
			t.Errorf("%s is %q, %v; want %q", c.json, got, ok, c.want)
		}
	}
	for _, none := range []string{"", "null", "{}", "[]", `["a"]`} {
		if got, ok := wcf.Text([]byte(none)); ok {
			t.Errorf("%s is taken for the text %q", none, got)
		}
	}
}

func TestSecretsAreReadIntoTheirOwnBytes(t *testing.T) {
	t.Parallel()
	reply := []byte(`{"Password":"c4nary-Pa55\/+\"<&é"}`)
	value, ok := wcf.Member(reply, "Password")
	v, isText := wcf.Secret(value)
	clear(reply)
	if !ok || !isText || reveal(v) != `c4nary-Pa55/+"<&é` {
		t.Error("the secret did not survive the wiping of the reply")
	}
	for _, none := range []string{"", "null", "17", "{}", "[]", "true"} {
		if _, ok := wcf.Secret([]byte(none)); ok {
			t.Errorf("%s is taken for a secret", none)
		}
	}
}

func TestNumbersMayBeText(t *testing.T) {
	t.Parallel()
	for text, want := range map[string]int64{`1`: 1, `"1"`: 1, `"1 "`: 1, `-5`: -5, `1.0`: 1, `"2.00"`: 2, `9007199254740993`: 9007199254740993, `1e3`: 1000} {
		if got, ok := wcf.Number([]byte(text)); !ok || got != want {
			t.Errorf("%s is %d, %v", text, got, ok)
		}
	}
	for _, none := range []string{"", "null", `"x"`, `""`, "1.5", "1e300", "{}", "[1]", "true"} {
		if got, ok := wcf.Number([]byte(none)); ok {
			t.Errorf("%s is taken for %d", none, got)
		}
	}
}

func TestTruthsMayBeTextOrNumbers(t *testing.T) {
	t.Parallel()
	for text, want := range map[string]bool{`true`: true, `"True"`: true, `1`: true, `"1"`: true, `false`: false, `"FALSE"`: false, `0`: false} {
		if got, ok := wcf.Bool([]byte(text)); !ok || got != want {
			t.Errorf("%s is %v, %v", text, got, ok)
		}
	}
	for _, none := range []string{"", "null", "2", `"yes"`, "{}"} {
		if _, ok := wcf.Bool([]byte(none)); ok {
			t.Errorf("%s is taken for a truth", none)
		}
	}
}

func TestMembersAreFoundByPath(t *testing.T) {
	t.Parallel()
	object := []byte(` { "__type" : "X:#Y" , "skip":{"b":"}]\"","c":[1,{"b":2}]} , "a":{"b":{"c":[true , null]}},"\u0061a":"esc" } `)
	value, ok := wcf.Valid(object)
	if !ok {
		t.Fatal("not valid")
	}
	for path, want := range map[string]string{"a.b.c": "[true , null]", "skip.c": `[1,{"b":2}]`, "aa": `"esc"`, "": string(value)} {
		if got, ok := wcf.Path(value, path); !ok || string(got) != want {
			t.Errorf("%q leads to %q, %v", path, got, ok)
		}
	}
	for _, path := range []string{"A", "a.b.c.d", "a.x", "__type.x", "b"} {
		if got, ok := wcf.Path(value, path); ok {
			t.Errorf("%q leads to %q", path, got)
		}
	}
}

func TestElementsKeepTheirOrder(t *testing.T) {
	t.Parallel()
	var got []string
	for e := range wcf.Elements([]byte(`[ 1 ,"a,]", {"x":[1,2]},[ ], null ,-1.5e3]`)) {
		got = append(got, string(e))
	}
	if want := `1|"a,]"|{"x":[1,2]}|[ ]|null|-1.5e3`; strings.Join(got, "|") != want {
		t.Errorf("elements are %q", got)
	}
	for range wcf.Elements([]byte(`{"a":1}`)) {
		t.Error("an object has elements")
	}
}

func TestAByteOrderMarkIsPassedOver(t *testing.T) {
	t.Parallel()
	if value, ok := wcf.Valid([]byte("\xef\xbb\xbf \"x\"\r\n")); !ok || string(value) != `"x"` {
		t.Errorf("value is %q, %v", value, ok)
	}
	for _, bad := range []string{"", " ", "<html>", `{"a":1`, `{"a":1}}`, `"x" "y"`} {
		if _, ok := wcf.Valid([]byte(bad)); ok {
			t.Errorf("%q is valid", bad)
		}
	}
}

func TestDatesAreUTCWhateverTheirOffset(t *testing.T) {
	t.Parallel()
	want := time.Date(2023, 11, 14, 22, 13, 20, 0, time.UTC)
	for _, text := range []string{"/Date(1700000000000)/", "/Date(1700000000000+0000)/", "/Date(1700000000000+0530)/", "/Date(1700000000000-0700)/", "/Date(1700000000000+xyz)/", "/Date(1700000000000+1-2)/", " /Date( 1700000000000 )/ ", "/Date(+1700000000000)/", "2023-11-14T22:13:20Z", "2023-11-14T23:13:20+01:00"} {
		if got, ok := wcf.ParseDate(text); !ok || got != want {
			t.Errorf("%s is %v, %v", text, got, ok)
		}
	}
	if got, ok := wcf.ParseDate("/Date(-62135596800000)/"); !ok || !got.IsZero() {
		t.Errorf("never is %v, %v", got, ok)
	}
	if got, ok := wcf.ParseDate("/Date(-1000)/"); !ok || got.Unix() != -1 {
		t.Errorf("before 1970 is %v, %v", got, ok)
	}
	for _, bad := range []string{"", "/Date()/", "/Date(1", "/Date(x)/", "/Date(1.5)/", "/Date(--1)/", "/Date(+)/", "/Date(-+1)/", "/date(1)/", "/Date(253402300800000)/", "/Date(-62135596800001)/", "/Date(99999999999999999999)/", "/Date(1)/x", "2023-11-14"} {
		if got, ok := wcf.ParseDate(bad); ok {
			t.Errorf("%q is %v", bad, got)
		}
	}
	if got := wcf.Date([]byte(`"\/Date(1700000000000)\/"`)); got != want {
		t.Errorf("a date member is %v", got)
	}
	for _, none := range []string{"null", "", `""`, `"soon"`, "{}"} {
		if got := wcf.Date([]byte(none)); !got.IsZero() {
			t.Errorf("%s is %v", none, got)
		}
	}
}

func TestWhatIsWrittenIsReadBack(t *testing.T) {
	t.Parallel()
	rapid.Check(t, func(t *rapid.T) {
		text := rapid.String().Draw(t, "text")
		written := wcf.AppendString(nil, text)
		if len(written) > 6*len(text)+2 {
			t.Fatalf("%d bytes for %d", len(written), len(text))
		}
		var std string
		if err := json.Unmarshal(written, &std); err != nil || std != text {
			t.Fatalf("%q is read as %q, %v", written, std, err)
		}
		if got, ok := wcf.Text(written); !ok || got != text {
			t.Fatalf("%q is read as %q", written, got)
		}
		if !bytes.Equal(wcf.AppendString(nil, []byte(text)), written) {
			t.Fatal("bytes are written differently")
		}
	})
}

func TestBrokenTextIsWrittenAsText(t *testing.T) {
	t.Parallel()
	if got := wcf.AppendString(nil, "a\xff\xc3b"); !utf8.Valid(got) || !json.Valid(got) {
		t.Errorf("written as %q", got)
	}
}

func TestInstantsAreWrittenAndReadBack(t *testing.T) {
	t.Parallel()
	rapid.Check(t, func(t *rapid.T) {
		at := time.UnixMilli(rapid.Int64Range(-62135596799999, 253402300799999).Draw(t, "ms")).UTC()
		if got, ok := wcf.ParseDate(wcf.FormatDate(at)); !ok || got != at {
			t.Fatalf("%v is read as %v, %v", at, got, ok)
		}
	})
}

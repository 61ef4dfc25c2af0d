package redimtest

import (
	"bytes"
	"encoding/json"
	"fmt"
	"strings"
	"testing"
	"time"
	"unicode/utf16"
	"unicode/utf8"

	"pgregory.net/rapid"

	"github.com/redim-tools/redim/pkg/redim/wcf"
	"github.com/redim-tools/redim/pkg/secret"
)

// The tests here hold both ends against each other: what this server writes is
// read by the client's reader, and what the client writes by this server's.

func TestWhatTheServerWritesTheClientReads(t *testing.T) {
	t.Parallel()
	rapid.Check(t, func(t *rapid.T) { serverToClient(t, rapid.String().Draw(t, "text"), rapid.Int64().Draw(t, "n")) })
}

func TestWhatTheClientWritesTheServerReads(t *testing.T) {
	t.Parallel()
	rapid.Check(t, func(t *rapid.T) { clientToServer(t, rapid.String().Draw(t, "text"), rapid.Int64().Draw(t, "n")) })
}

func FuzzBothEnds(f *testing.F) {
	for _, text := range []string{"a/b", `\"`, "\u2028\u2029\u0085", "🔑\uffff\ufffe", "\x00\x1f\t\x7f", "é<&'", "\xff", "\ufeff", strings.Repeat("x", maxString), strings.Repeat("🔑", maxString/2) + "x", strings.Repeat("x", maxString-1) + "\xff\xff"} {
		f.Add(text, int64(len(text)))
	}
	f.Fuzz(func(t *testing.T, text string, n int64) {
		serverToClient(t, text, n)
		clientToServer(t, text, n)
	})
}

type failer interface {
	Fatalf(format string, args ...any)
}

// serverToClient writes a reply with a type hint, members of a base class, an
// unknown member and nulls around what matters.
func serverToClient(t failer, text string, n int64) {
	at := time.UnixMilli(minMilli + 1 + int64(uint64(n)%(maxMilli-minMilli-1))).UTC()
	local := at.In(time.FixedZone("", 5*3600+1800))
	reply := appendJSON(nil, derived(object{{"__type", "Reply:#RouletteWebService"}, {"Zero", nil}},
		member{"At", at}, member{"Bare", text}, member{"Local", local}, member{"Never", time.Time{}}, member{"Number", n},
		member{"Text", fmt.Sprint(n)}, member{"Unknown", []any{object{{text, text}}, []any{}}}, member{"Word", true}))
	value, ok := wcf.Valid(reply)
	if !ok || bytes.ContainsAny(reply, "\u2028\u2029\u0085\n\t") {
		t.Fatalf("%q is written as %q", text, reply)
	}
	want := strings.ToValidUTF8(text, "\ufffd")
	if got, ok := wcf.Text(memberOf(value, "Bare")); !ok || !sameText(got, want) {
		t.Fatalf("%q is read as %q", text, got)
	}
	if got, ok := wcf.Secret(memberOf(value, "Bare")); !ok || want != "" && got.IsEmpty() {
		t.Fatalf("%q is no secret", text)
	}
	for _, name := range []string{"Number", "Text"} {
		if got, ok := wcf.Number(memberOf(value, name)); !ok || got != n {
			t.Fatalf("%d is read as %d", n, got)
		}
	}
	if a, b := wcf.Date(memberOf(value, "At")), wcf.Date(memberOf(value, "Local")); !a.Equal(at) || !b.Equal(at) || !wcf.Date(memberOf(value, "Never")).IsZero() {
		t.Fatalf("%v is read as %v and %v", at, a, b)
	}
	if word, ok := wcf.Bool(memberOf(value, "Word")); !ok || !word || !wcf.IsNull(memberOf(value, "Zero")) {
		t.Fatalf("a truth or a null is lost in %q", reply)
	}
}

// sameText is equality but for what is no character at all in UTF-8.
func sameText(a, b string) bool {
	count := func(s string) string { return strings.ReplaceAll(s, "\ufffd", "") }
	return a == b || count(a) == count(b)
}

func memberOf(object []byte, name string) []byte {
	value, _ := wcf.Member(object, name)
	return value
}

// clientToServer writes a request as the client does. What the framework
// refuses, the server refuses: too long a text, and nothing else.
func clientToServer(t failer, content string, n int64) {
	body := append([]byte(`{"AuthenticationToken":`), wcf.AppendString(nil, content)...)
	body = append(body, fmt.Sprintf(`,"N":%d,"S":"%d","D":%q}`, n, n, wcf.FormatDate(time.UnixMilli(n%-minMilli)))...)
	if !json.Valid(body) || !utf8.Valid(body) {
		t.Fatalf("%q is written as %q", content, body)
	}
	raw, err := readJSON(body)
	if long := len(utf16.Encode([]rune(content))) > maxString; err != nil || long { // each byte that is none counts
		if (err != nil) != long {
			t.Fatalf("a text of %d bytes: %v", len(content), err)
		}
		return
	}
	in, err := shape{kind: kindObject, members: []field{text("AuthenticationToken"), number("N"), number("S"), date("D")}}.conformObject(raw)
	if err != nil || !sameText(in.str("AuthenticationToken"), strings.ToValidUTF8(content, "\ufffd")) || in.num("N") != n || in.num("S") != n || in.time("D").UnixMilli() != n%-minMilli {
		t.Fatalf("%q is read as %v, %v", body, in, err)
	}
}

func TestASecretArrivesAsItLeft(t *testing.T) {
	t.Parallel()
	for _, text := range []string{`c4nary-Pa55/+"<&é`, "c4nary\\/\\\\", "c4nary\u2028🔑\t", "c4nary \u00a0 "} {
		v := secret.FromString(text)
		got, ok := wcf.Secret(appendJSON(nil, v))
		if !ok || !got.Equal(v) {
			t.Errorf("%q does not come back", text)
		}
	}
}

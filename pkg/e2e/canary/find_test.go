package canary_test

import (
	"encoding/base64"
	"encoding/hex"
	"encoding/json"
	"encoding/xml"
	"fmt"
	"net/url"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"unicode/utf16"

	"github.com/google/go-cmp/cmp"
	"pgregory.net/rapid"

	"github.com/redim-tools/redim/pkg/e2e/canary"
)

const planted = `x-c4nary-Pa55/+"<&é`

func wide(s string, big bool) string {
	var b strings.Builder
	for _, u := range utf16.Encode([]rune(s)) {
		if big {
			u = u>>8 | u<<8
		}
		b.WriteByte(byte(u))
		b.WriteByte(byte(u >> 8))
	}
	return b.String()
}

func eachByte(s, format string) string {
	var b strings.Builder
	for _, c := range []byte(s) {
		fmt.Fprintf(&b, format, c)
	}
	return b.String()
}

// leaks are the ways that a secret may hide in.
func leaks(t interface{ Fatal(...any) }, s string) map[string]string {
	asJSON, err := json.Marshal(s)
	if err != nil {
		t.Fatal(err)
	}
	var asXML strings.Builder
	if err := xml.EscapeText(&asXML, []byte(s)); err != nil {
		t.Fatal(err)
	}
	return map[string]string{
		"as it is":             s,
		"in capitals":          strings.ToUpper(s),
		"base64":               base64.StdEncoding.EncodeToString([]byte(s)),
		"base64 for URLs":      base64.URLEncoding.EncodeToString([]byte(s)),
		"base64 one later":     base64.StdEncoding.EncodeToString([]byte("?" + s)),
		"base64 two later":     base64.RawURLEncoding.EncodeToString([]byte("\xff\xfe" + s)),
		"base64 of UTF-16":     base64.StdEncoding.EncodeToString([]byte(wide(s, false))),
		"base64 of UTF-16BE":   base64.StdEncoding.EncodeToString([]byte(wide(s, true))),
		"a query":              url.QueryEscape(s),
		"a path":               url.PathEscape(s),
		"every byte in a URL":  eachByte(s, "%%%02x"),
		"JSON":                 string(asJSON),
		"every byte in JSON":   eachByte(s, `\u%04X`),
		"every byte in Go":     eachByte(s, `\x%02x`),
		"every rune in YAML":   eachByte(s, `\U%08X`),
		"XML":                  asXML.String(),
		"XML, decimal":         eachByte(s, "&#%d;"),
		"XML, hexadecimal":     eachByte(s, "&#x%X;"),
		"UTF-16, little end":   wide(s, false),
		"UTF-16, big end":      wide(s, true),
		"hexadecimal":          hex.EncodeToString([]byte(s)),
		"hexadecimal capitals": strings.ToUpper(hex.EncodeToString([]byte(s))),
	}
}

func TestEveryEncodingIsFound(t *testing.T) {
	t.Parallel()
	for name, leak := range leaks(t, planted) {
		if canary.Find([]byte("before "+leak+" after")) == "" {
			t.Errorf("%s is not found: %s", name, leak)
		}
	}
	if found := canary.Find([]byte("x%63%34nary")); found != "URL" {
		t.Errorf("encoding named %q", found)
	}
}

func TestEveryEncodingIsFoundAmongAnything(t *testing.T) {
	t.Parallel()
	around := rapid.SliceOfN(rapid.Byte(), 0, 20)
	rapid.Check(t, func(t *rapid.T) {
		secret := string(around.Draw(t, "before")) + canary.Marker + string(around.Draw(t, "after"))
		outside := rapid.StringMatching(`[a-z \n"<]{0,9}`).Draw(t, "outside")
		for name, leak := range leaks(t, secret) {
			if canary.Find([]byte(outside+leak+outside)) == "" {
				t.Fatalf("%s is not found: %q", name, leak)
			}
		}
	})
}

func TestNothingIsFoundInInnocentText(t *testing.T) {
	t.Parallel()
	for _, text := range []string{
		"", "[redacted]", "canary", "c4nar", "c4-nary", "100% \\u \\x &#; &#x; &#99999999999; %6", strings.Repeat("c4nar", 100),
		base64.StdEncoding.EncodeToString([]byte("an ordinary text that is long enough to hold something")),
	} {
		if found := canary.Find([]byte(text)); found != "" {
			t.Errorf("%q: %s", text, found)
		}
	}
}

func TestATreeIsSearched(t *testing.T) {
	t.Parallel()
	dir := t.TempDir()
	files := map[string]string{
		"clean": "nothing", "deep/er/.hidden": wide(planted, false), "password": planted, "log": "x " + url.QueryEscape(planted), "c4nary.txt": "",
	}
	for name, text := range files {
		path := filepath.Join(dir, name)
		if err := os.MkdirAll(filepath.Dir(path), 0o700); err != nil {
			t.Fatal(err)
		}
		if err := os.WriteFile(path, []byte(text), 0o600); err != nil {
			t.Fatal(err)
		}
	}
	hits, err := canary.Tree(dir, func(path string, _ []byte) bool { return path == "password" })
	want := []canary.Hit{
		{Where: "deep/er/.hidden", Encoding: "UTF-16LE"},
		{Where: "log", Encoding: "plain"},
		{Where: "the name of c4nary.txt", Encoding: "plain"},
	}
	if d := cmp.Diff(want, hits); err != nil || d != "" {
		t.Errorf("%v (-want +got)\n%s", err, d)
	}
	if _, err := canary.Tree(filepath.Join(dir, "absent"), nil); err == nil {
		t.Error("a tree that is not there has been searched")
	}
}

package mask_test

import (
	"bytes"
	"encoding/base64"
	"encoding/hex"
	"encoding/json"
	"encoding/xml"
	"errors"
	"fmt"
	"html"
	"io"
	"maps"
	"net/url"
	"strconv"
	"strings"
	"testing"
	"testing/iotest"
	"unicode/utf16"

	"pgregory.net/rapid"

	"github.com/redim-tools/redim/pkg/e2e/canary"
	"github.com/redim-tools/redim/pkg/mask"
	"github.com/redim-tools/redim/pkg/secret"
)

const planted = `c4nary-Pa55/+"<&é'$ \%ß🔑`

func set(t interface{ Fatal(...any) }, secrets ...string) *mask.Set {
	values := make([]secret.Value, len(secrets))
	for i, s := range secrets {
		values[i] = secret.FromString(s)
	}
	made, err := mask.New(values...)
	if err != nil {
		t.Fatal(err)
	}
	return made
}

// masked is what becomes of the chunks.
func masked(t interface{ Fatal(...any) }, s *mask.Set, chunks ...string) string {
	var out bytes.Buffer
	w := s.Writer(&out)
	for _, chunk := range chunks {
		if n, err := io.WriteString(w, chunk); n != len(chunk) || err != nil {
			t.Fatal(n, err)
		}
	}
	if err := w.Close(); err != nil {
		t.Fatal(err)
	}
	return out.String()
}

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

func eachRune(s, format string) string {
	var b strings.Builder
	for _, r := range s {
		fmt.Fprintf(&b, format, r)
	}
	return b.String()
}

func eachUnit(s, format string) string {
	var b strings.Builder
	for _, u := range utf16.Encode([]rune(s)) {
		fmt.Fprintf(&b, format, u)
	}
	return b.String()
}

// disguises are encodings that cover a secret from its first byte to its last.
func disguises(t interface{ Fatal(...any) }, s string) map[string]string {
	asJSON, err := json.Marshal(s)
	if err != nil {
		t.Fatal(err)
	}
	var asXML strings.Builder
	if err := xml.EscapeText(&asXML, []byte(s)); err != nil {
		t.Fatal(err)
	}
	inner := func(quoted string) string { return quoted[1 : len(quoted)-1] }
	all := map[string]string{
		"as it is":              s,
		"a query":               url.QueryEscape(s),
		"a path":                url.PathEscape(s),
		"every byte in a URL":   eachByte(s, "%%%02x"),
		"EVERY BYTE IN A URL":   eachByte(s, "%%%02X"),
		"JSON":                  inner(string(asJSON)),
		"JSON as PHP writes it": strings.ReplaceAll(inner(string(asJSON)), "/", `\/`),
		"JSON in ASCII":         inner(strconv.QuoteToASCII(s)),
		"every unit in JSON":    eachUnit(s, `\u%04x`),
		"EVERY UNIT IN JSON":    eachUnit(s, `\u%04X`),
		"every rune braced":     eachRune(s, `\u{%x}`),
		"every byte in C":       eachByte(s, `\x%02x`),
		"every byte in octal":   eachByte(s, `\%03o`),
		"every rune in YAML":    eachRune(s, `\U%08X`),
		"Go":                    inner(strconv.Quote(s)),
		"XML":                   asXML.String(),
		"HTML":                  html.EscapeString(s),
		"XML, decimal":          eachRune(s, "&#%d;"),
		"XML, decimal, zeros":   eachRune(s, "&#0%d;"),
		"XML, hexadecimal":      eachRune(s, "&#x%x;"),
		"XML, HEXADECIMAL":      eachRune(s, "&#X%X;"),
		"in single quotes":      strings.ReplaceAll(s, "'", `'\''`),
		"in single quotes too":  strings.ReplaceAll(s, "'", `'"'"'`),
		"SQL and PowerShell":    strings.ReplaceAll(s, "'", "''"),
		"CSV":                   strings.ReplaceAll(s, `"`, `""`),
		"in double quotes":      strings.NewReplacer(`\`, `\\`, `"`, `\"`, "$", `\$`, "`", "\\`").Replace(s),
		"backslashes":           strings.NewReplacer(`\`, `\\`, `"`, `\"`, "$", `\$`, "`", "\\`", " ", `\ `, "'", `\'`, "<", `\<`, "&", `\&`, "-", `\-`).Replace(s),
		"hexadecimal":           hex.EncodeToString([]byte(s)),
		"HEXADECIMAL":           strings.ToUpper(hex.EncodeToString([]byte(s))),
		"hexadecimal, spaced":   strings.TrimSpace(eachByte(s, "%02x ")),
		"hexadecimal, colons":   strings.TrimSuffix(eachByte(s, "%02X:"), ":"),
		"UTF-16, little end":    wide(s, false),
		"UTF-16, big end":       wide(s, true),
	}
	return all
}

// around are the texts before and after it that keep base64 from telling it.
func base64s(s string) map[string]string {
	all := map[string]string{}
	texts := map[string]string{"": s, " of UTF-16LE": wide(s, false), " of UTF-16BE": wide(s, true)}
	for what, text := range texts {
		for name, e := range map[string]*base64.Encoding{"std": base64.StdEncoding, "raw": base64.RawStdEncoding, "url": base64.URLEncoding, "rawurl": base64.RawURLEncoding} {
			for _, before := range []string{"", "\x00", "~", "~~", "\xff\xfe"} {
				for _, after := range []string{"", "\n", "?!", "\xff\xff"} {
					all[fmt.Sprintf("%s%s %q %q", name, what, before, after)] = e.EncodeToString([]byte(before + text + after))
				}
			}
		}
	}
	return all
}

func TestEveryDisguiseIsMasked(t *testing.T) {
	t.Parallel()
	s := set(t, planted)
	for name, text := range disguises(t, planted) {
		if got := masked(t, s, "before "+text+" after\n"); got != "before [redacted] after\n" {
			t.Errorf("%s: %q became %q", name, text, got)
		}
		singly := strings.Split("<<"+text+">>", "")
		if got := masked(t, s, singly...); got != "<<[redacted]>>" {
			t.Errorf("%s, in single letters: %q became %q", name, text, got)
		}
	}
	for name, text := range base64s(planted) {
		got := masked(t, s, "before "+text+" after\n")
		left, ok := strings.CutPrefix(got, "before ")
		left, right, found := strings.Cut(left, "[redacted]")
		if !ok || !found || len(left) > 3 || len(strings.TrimSuffix(right, " after\n")) > 5 {
			t.Errorf("%s: %q became %q", name, text, got)
		}
	}
}

// TestNothingOfASecretIsLeft takes the search of the script tests for a judge,
// which undoes encodings instead of knowing forms.
func TestNothingOfASecretIsLeft(t *testing.T) {
	t.Parallel()
	piece := rapid.StringMatching(`[a-zA-Z0-9/+"<&é'$ \\%ß🔑-]{0,12}`)
	rapid.Check(t, func(t *rapid.T) {
		text := piece.Draw(t, "before") + canary.Marker + piece.Draw(t, "after")
		s := set(t, text)
		outside := rapid.StringMatching(`[g-z ]{0,9}`).Draw(t, "outside")
		all := base64s(text)
		maps.Copy(all, disguises(t, text))
		for name, disguise := range all {
			got := masked(t, s, outside+disguise+outside)
			if found := canary.Find([]byte(got)); found != "" {
				t.Fatalf("%s: %s is left in %q of %q", name, found, got, disguise)
			}
			if !strings.HasPrefix(got, outside) || !strings.HasSuffix(got, outside) {
				t.Fatalf("%s: %q became %q", name, disguise, got)
			}
		}
	})
}

func TestAMixtureOfEscapesIsMasked(t *testing.T) {
	t.Parallel()
	rapid.Check(t, func(t *rapid.T) {
		var text strings.Builder
		for _, r := range planted {
			c := string(r)
			ways := []string{c, url.QueryEscape(c), eachByte(c, "%%%02x"), eachUnit(c, `\u%04x`), eachRune(c, "&#%d;"), eachByte(c, `\%03o`)}
			text.WriteString(rapid.SampledFrom(ways).Draw(t, "way"))
		}
		if got := masked(t, set(t, planted), "a"+text.String()+"b"); got != "a[redacted]b" {
			t.Fatalf("%q became %q", text.String(), got)
		}
	})
}

func TestBase64IsFoundAcrossLines(t *testing.T) {
	t.Parallel()
	text := strings.Repeat("x", 50) + planted + strings.Repeat("y", 50)
	encoded := base64.StdEncoding.EncodeToString([]byte(text))
	for _, end := range []string{"\n", "\r\n", `\n`} {
		var lines []string
		for len(encoded) > 0 {
			n := min(76, len(encoded))
			lines, encoded = append(lines, encoded[:n]), encoded[n:]
		}
		encoded = strings.Join(lines, end)
		got := masked(t, set(t, planted), encoded)
		if parts := strings.Split(got, "[redacted]"); len(parts) != 2 {
			t.Errorf("%q became %q", encoded, got)
		}
		encoded = strings.ReplaceAll(encoded, end, "")
	}
}

func TestOrdinaryTextPassesUnchanged(t *testing.T) {
	t.Parallel()
	s := set(t, planted, "hunter2", "correct horse", "Tr0ub4dor&3")
	for _, text := range []string{
		"", "x", "c4nary", "c4nary-Pa5", "hunter", "100% \\u \\x &#; &#x; %63 \\143 [redacted]", strings.Repeat("c4nar", 5000), strings.Repeat("\x00", 3000),
		strings.Repeat("Tr0ub4dor&", 100), base64.StdEncoding.EncodeToString([]byte("c4nary-Pa54 an ordinary text that is long enough")),
	} {
		if got := masked(t, s, text); got != text {
			t.Errorf("%.60q became %.60q", text, got)
		}
	}
}

func TestSecretsThatOverlapAreOneMask(t *testing.T) {
	t.Parallel()
	tests := []struct {
		secrets []string
		text    string
		want    string
	}{
		{[]string{"abcdef", "defghi"}, "-abcdefghi-", "-[redacted]-"},
		{[]string{"abcd", "abcdefgh"}, "-abcdefgX-abcdefgh-", "-[redacted]efgX-[redacted]-"},
		{[]string{"abcdefgh", "cdef"}, "-abcdefg-abcdefgh-", "-ab[redacted]g-[redacted]-"},
		{[]string{"abab"}, "-ababab-abab-", "-[redacted]-[redacted]-"},
		{[]string{"abcd"}, "abcdabcd", "[redacted]"},
		{[]string{"abcd"}, "abcabcabcd", "abcabc[redacted]"},
		{[]string{"aaaa"}, "aaaaaaaaab", "[redacted]b"},
		{[]string{`a\\b`, "x%25"}, `a\\b a\\\\b a\b x%25 x%2525 x%`, `[redacted] [redacted] a\b [redacted] [redacted] x%`},
		{[]string{"first line\nsecond line\nend"}, "first line\r\nsecond line\r\nend; second line; end", "[redacted]; [redacted]; end"},
		{[]string{""}, "abcd", "abcd"},
		{nil, "abcd", "abcd"},
	}
	for _, tt := range tests {
		s := set(t, tt.secrets...)
		if got := masked(t, s, tt.text); got != tt.want {
			t.Errorf("%q without %q: %q, want %q", tt.text, tt.secrets, got, tt.want)
		}
		if got := masked(t, s, strings.Split(tt.text, "")...); got != tt.want {
			t.Errorf("%q without %q, in single letters: %q, want %q", tt.text, tt.secrets, got, tt.want)
		}
	}
}

func TestAShortSecretIsRefused(t *testing.T) {
	t.Parallel()
	if _, err := mask.New(secret.FromString("c4nary"), secret.FromString("abc")); !errors.Is(err, mask.ErrShort) {
		t.Error(err)
	}
}

func TestWhatIsNoSecretIsNotHeldBack(t *testing.T) {
	t.Parallel()
	var out bytes.Buffer
	w := set(t, "c4nary-1234").Writer(&out)
	for _, step := range []struct{ write, shown string }{
		{"Password: ", "Password: "},
		{"c4nar", ""},
		{"!", "c4nar!"},
		{"\ntook 63\n", "\ntook 63\n"},
		{"Yz\r\n", "Yz\r\n"},
		{"$ c", "$ "},
		{"4nary-1234", "[redacted]"},
		{"c4nary-123", ""},
		{"4", ""},
		{"!", "!"},
	} {
		out.Reset()
		if _, err := io.WriteString(w, step.write); err != nil || out.String() != step.shown {
			t.Errorf("after %q: %q, want %q (%v)", step.write, out.String(), step.shown, err)
		}
	}
}

func TestAReleaseShowsTwoBytesAtMost(t *testing.T) {
	t.Parallel()
	var out bytes.Buffer
	w := set(t, "c4nary-1234").Writer(&out)
	release := func() {
		if err := w.Release(); err != nil {
			t.Error(err)
		}
	}
	for _, b := range "$ c4nary-1234 c4x c" {
		if _, err := w.Write([]byte{byte(b)}); err != nil {
			t.Error(err)
		}
		release()
	}
	if got := out.String(); got != "$ c4[redacted] c4x c" {
		t.Errorf("%q", got)
	}
	if _, err := io.WriteString(w, "4na"); err != nil {
		t.Error(err)
	}
	release()
	if got := out.String(); got != "$ c4[redacted] c4x c" {
		t.Errorf("%q", got)
	}
	if err := w.Close(); err != nil || out.String() != "$ c4[redacted] c4x c4na" {
		t.Errorf("%q, %v", out.String(), err)
	}
}

func TestAFailureOfTheOutputIsKept(t *testing.T) {
	t.Parallel()
	w := set(t, "c4nary").Writer(iotest.TruncateWriter(io.Discard, 0))
	if _, err := w.Write([]byte("x")); err != nil {
		t.Error(err)
	}
	gone := errors.New("gone")
	w = set(t, "c4nary").Writer(failing{gone})
	_, first := w.Write([]byte("c4nar\n"))
	_, second := w.Write([]byte("x"))
	if !errors.Is(first, gone) || !errors.Is(second, gone) || !errors.Is(w.Release(), gone) || !errors.Is(w.Close(), gone) {
		t.Error(first, second)
	}
}

type failing struct{ err error }

func (f failing) Write([]byte) (int, error) { return 0, f.err }

func TestAWipedSetKnowsNothing(t *testing.T) {
	t.Parallel()
	s := set(t, "c4nary-1234")
	s.Wipe()
	if got := masked(t, s, "c4nary-1234"); got != "c4nary-1234" {
		t.Errorf("%q", got)
	}
}

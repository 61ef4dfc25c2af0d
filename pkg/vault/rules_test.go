package vault_test

import (
	"bytes"
	"math"
	"net/netip"
	"strings"
	"testing"
	"time"
	"unicode"

	"golang.org/x/text/unicode/norm"
	"pgregory.net/rapid"

	"github.com/redim-tools/redim/pkg/pam"
	"github.com/redim-tools/redim/pkg/secret"
	"github.com/redim-tools/redim/pkg/vault"
)

func TestAnAddressIsKeptInOneForm(t *testing.T) {
	t.Parallel()
	for text, want := range map[string]string{
		"10.0.0.1": "10.0.0.1", " 10.0.0.0/24 ": "10.0.0.0/24", "10.0.0.1/32": "10.0.0.1", "2001:DB8:0::1": "2001:db8::1",
		"2001:db8::/32": "2001:db8::/32", "::ffff:10.0.0.1": "10.0.0.1", "::ffff:10.0.0.0/120": "10.0.0.0/24", "::ffff:10.0.0.1/128": "10.0.0.1",
		"0.0.0.0/0": "0.0.0.0/0", "::/0": "::/0", "::1": "::1",
	} {
		p, err := vault.ParseAllowed(text)
		if err != nil || vault.FormatAllowed(p) != want {
			t.Errorf("%q: %v, %v", text, p, err)
		}
	}
	for text, says := range map[string]string{
		"10.0.0.5/24": "did you mean 10.0.0.0/24?", "2001:db8::1/32": "did you mean 2001:db8::/32?", "::ffff:10.0.0.5/120": "did you mean 10.0.0.0/24?",
		"web01.example.local": "is a host name", "localhost": "is a host name", "fe80::1%eth0": "has a zone", "": "no address", "10.0.0": "no address",
		"10.0.0.256": "no address", "010.0.0.1": "no address", "10.0.0.0/33": "no network", "10.0.0.0/-1": "no network", "10.0.0.0/024": "no network",
		"::ffff:0.0.0.0/80": "covers more", "10.0.0.1:443": "no address", "10.0.0.1/24/8": "no network", "10.0.0.0-10.0.0.9": "no address",
		"http://10.0.0.1": "no network", "fe80::1%25/64": "no network", "10.0.0.1; drop table": "no address",
	} {
		_, err := vault.ParseAllowed(text)
		refused(t, err, pam.ErrUsage, says)
	}
}

func TestTheNarrowestRuleOrTheNearestIsNamed(t *testing.T) {
	t.Parallel()
	parse := func(texts ...string) (out []netip.Prefix) {
		for _, text := range texts {
			p, err := vault.ParseAllowed(text)
			if err != nil {
				t.Fatal(err)
			}
			out = append(out, p)
		}
		return out
	}
	list := parse("10.0.0.0/8", "10.1.0.0/16", "192.168.1.7", "2001:db8::/32")
	for from, want := range map[string]struct {
		allowed bool
		rule    string
	}{
		"10.1.2.3": {true, "10.1.0.0/16"}, "10.2.0.1": {true, "10.0.0.0/8"}, "192.168.1.6": {false, "192.168.1.7/32"}, "::ffff:10.1.2.3": {true, "10.1.0.0/16"},
		"2001:db9::1": {false, "2001:db8::/32"}, "2001:db8::1": {true, "2001:db8::/32"}, "11.0.0.1": {false, "10.0.0.0/8"},
	} {
		m := vault.MatchAddress(list, netip.MustParseAddr(from))
		if m.Allowed != want.allowed || m.Rule.String() != want.rule {
			t.Errorf("%s: %+v", from, m)
		}
	}
	if m := vault.MatchAddress(list[:3], netip.MustParseAddr("::1")); m.Allowed || m.Rule.IsValid() {
		t.Errorf("%+v", m)
	}
	if m := vault.MatchAddress(nil, netip.MustParseAddr("10.0.0.1")); m.Allowed {
		t.Error("an empty list lets somebody in")
	}
}

func TestAnAddressIsAllowedExactlyWhenSomeRuleHoldsIt(t *testing.T) {
	t.Parallel()
	rapid.Check(t, func(rt *rapid.T) {
		addr := rapid.Custom(func(t *rapid.T) netip.Addr {
			return netip.AddrFrom4([4]byte{10, byte(rapid.IntRange(0, 3).Draw(t, "b")), 0, byte(rapid.IntRange(0, 255).Draw(t, "d"))})
		})
		prefix := rapid.Custom(func(t *rapid.T) netip.Prefix {
			return netip.PrefixFrom(addr.Draw(t, "net"), rapid.IntRange(0, 32).Draw(t, "bits")).Masked()
		})
		list := rapid.SliceOfN(prefix, 0, 6).Draw(rt, "list")
		from := addr.Draw(rt, "from")
		want, narrowest := false, -1
		for _, p := range list {
			if p.Contains(from) {
				want, narrowest = true, max(narrowest, p.Bits())
			}
		}
		m := vault.MatchAddress(list, from)
		if m.Allowed != want || want && m.Rule.Bits() != narrowest {
			rt.Fatalf("%v from %v: %+v", list, from, m)
		}
	})
}

func TestHoursAreANumberFromAQuarterToAYear(t *testing.T) {
	t.Parallel()
	for text, want := range map[string]time.Duration{"8": 8 * time.Hour, "0.25": 15 * time.Minute, " 8760 ": 8760 * time.Hour, "1.5": 90 * time.Minute, ".5": 30 * time.Minute} {
		if got, err := vault.ParseHours(text); err != nil || got != want {
			t.Errorf("%q: %v, %v", text, got, err)
		}
	}
	for _, text := range []string{"0", "-1", "NaN", "nan", "1e9", "Inf", "0.2", "8761", "", "8h", "0x8", "1_0", "8,5", strings.Repeat("9", 400), "٨"} {
		_, err := vault.ParseHours(text)
		refused(t, err, pam.ErrUsage, "hours")
	}
	for _, hours := range []float64{0, math.Inf(1)} {
		edit := vault.IntegrationEdit{Name: new("x"), Hours: new(time.Duration(hours))}
		if _, err := edit.Apply(vault.NewIntegration()); err == nil {
			t.Errorf("%v hours are taken", hours)
		}
	}
}

func TestADateEndsWithItsDay(t *testing.T) {
	t.Parallel()
	now := time.Date(2026, 3, 1, 12, 0, 0, 0, time.UTC)
	for text, want := range map[string]string{"2026-03-01": "2026-03-02T00:00:00Z", "2026-03-01T15:00:00+02:00": "2026-03-01T13:00:00Z"} {
		if got, err := vault.ParseUntil(text, now); err != nil || got.Format(time.RFC3339) != want {
			t.Errorf("%s: %v, %v", text, got, err)
		}
	}
	for _, text := range []string{"2026-02-28", "2026-03-01T12:00:00Z", "tomorrow", "", "2026-02-30"} {
		_, err := vault.ParseUntil(text, now)
		refused(t, err, pam.ErrUsage, text)
	}
}

func TestANameIsRefusedThatCanNotBeTold(t *testing.T) {
	t.Parallel()
	for name, says := range map[string]string{
		"": "is empty", "  ": "is empty", " a": "blank", "a ": "blank", strings.Repeat("x", 129): "129 characters", "a\x1b[2J": "U+001B", "a\nb": "U+000A",
		"a\u202eb": "U+202E", "a\u2066b": "U+2066", "a\u200fb": "U+200F", "a\u200bb": "U+200B", "a\u200db": "U+200D at byte 1", "a\ufeffb": "U+FEFF", "a\x7f": "U+007F", "a\u0085b": "U+0085",
		"a\xff": "UTF-8", "a\u3164b": "U+3164", "a\u061cb": "U+061C", "a\U000e0041b": "U+E0041",
	} {
		_, err := vault.IntegrationEdit{Name: &name}.Apply(vault.NewIntegration())
		refused(t, err, pam.ErrUsage, says)
	}
	for _, name := range []string{"a", strings.Repeat("ü", 128), `'; drop table integrations; --`, "$(rm -rf /) `x` | & > <", "שלום", "日本語", "a%b_c", `back\slash`} {
		if i, err := (vault.IntegrationEdit{Name: &name}).Apply(vault.NewIntegration()); err != nil || i.Name != name {
			t.Errorf("%q: %v", name, err)
		}
	}
	if _, err := (vault.IntegrationEdit{Name: new("a"), Description: new("می\u200cخواهم")}).Apply(vault.NewIntegration()); err != nil {
		t.Error(err)
	}
	long := strings.Repeat("x", 2001)
	_, err := vault.IntegrationEdit{Name: new("a"), Description: &long}.Apply(vault.NewIntegration())
	refused(t, err, pam.ErrUsage, "description has 2001 characters")
}

func TestFoldHidesCaseAndNothingElse(t *testing.T) {
	t.Parallel()
	rapid.Check(t, func(rt *rapid.T) {
		a := rapid.String().Draw(rt, "a")
		b := strings.Map(func(r rune) rune {
			if rapid.Bool().Draw(rt, "swap") {
				return unicode.SimpleFold(r)
			}
			return r
		}, a)
		if vault.Fold(a) != vault.Fold(b) || vault.Fold(vault.Fold(a)) != vault.Fold(a) {
			rt.Fatalf("%q and %q fold to %q and %q", a, b, vault.Fold(a), vault.Fold(b))
		}
		if other := rapid.String().Draw(rt, "other"); (vault.Fold(a) == vault.Fold(other)) != strings.EqualFold(norm.NFC.String(a), norm.NFC.String(other)) {
			rt.Fatalf("%q and %q", a, other)
		}
	})
}

func TestFoldTakesLettersWithTheirAccentsAsOne(t *testing.T) {
	t.Parallel()
	for a, b := range map[string]string{"caf\u00e9": "CAFE\u0301", "\u01f0": "J\u030c", "\u212a": "k", "\u212b": "\u00e5", "\uac00": "\u1100\u1161"} {
		if vault.Fold(a) != vault.Fold(b) {
			t.Errorf("%q and %q are two names", a, b)
		}
	}
	if vault.Fold("ss") == vault.Fold("ß") || vault.Fold("i") == vault.Fold("ı") {
		t.Error("two names are one")
	}
}

func TestAPatternHasTwoParts(t *testing.T) {
	t.Parallel()
	for text, want := range map[string]string{"web01/*": "web01/*", "*/*": "*/*", " web**1/b***k ": "web*1/b*k", "**/backup": "*/backup", "w*/a/b": "w*/a/b", `ex/EX\svc`: `ex/EX\svc`} {
		if p, err := vault.ParsePattern(text); err != nil || p.String() != want {
			t.Errorf("%q: %s, %v", text, p, err)
		}
	}
	for text, says := range map[string]string{
		"": "has no /", "web01": "web01/*", "web*": "web/*", "*": "every system: */*", "**": "every system: */*", "/x": "empty part", "x/": "empty part", "a|b/c": "|", "a/\x00": "U+0000", "a/" + strings.Repeat("b", 600): "characters",
	} {
		_, err := vault.ParsePattern(text)
		refused(t, err, pam.ErrUsage, says)
	}
}

// covers is a star match by the book: try every length for every star.
func covers(pattern, text string) bool {
	if pattern == "" {
		return text == ""
	}
	if pattern[0] != '*' {
		return text != "" && text[0] == pattern[0] && covers(pattern[1:], text[1:])
	}
	for n := 0; n <= len(text); n++ {
		if covers(pattern[1:], text[n:]) {
			return true
		}
	}
	return false
}

func TestAPatternCoversWhatItsStarsCanStandFor(t *testing.T) {
	t.Parallel()
	rapid.Check(t, func(rt *rapid.T) {
		pattern, text := rapid.StringMatching(`[ab*]{1,8}`), rapid.StringMatching(`[abAB]{1,8}`)
		p := pattern.Draw(rt, "system") + "/" + pattern.Draw(rt, "account")
		system, account := text.Draw(rt, "s"), text.Draw(rt, "a")
		parsed, err := vault.ParsePattern(p)
		if err != nil {
			rt.Fatal(err)
		}
		ps, pa, _ := strings.Cut(p, "/")
		want := covers(ps, strings.ToLower(system)) && covers(pa, strings.ToLower(account))
		if got := parsed.Covers(system, account); got != want {
			rt.Fatalf("%s covers %s/%s: %v", parsed, system, account, got)
		}
		m, err := vault.ParseMatch(ps)
		if err != nil || m.Fits(system) != (covers(ps, strings.ToLower(system)) || !strings.Contains(ps, "*") && strings.Contains(strings.ToLower(system), ps)) {
			rt.Fatalf("%q fits %q: %v, %v", ps, system, m.Fits(system), err)
		}
	})
}

func TestWordsAreFoundByTheirBeginningsInAnyOrder(t *testing.T) {
	t.Parallel()
	for _, c := range []struct {
		text, words string
		want        bool
	}{
		{"Nightly backups of the web tier", "BACK night", true}, {"Nightly backups", "ups", false}, {"", "", true}, {"a", "", true}, {"", "a", false},
		{"back-up, nightly", "up", true}, {"Größe", "GRÖSS", false}, {"Größe", "grö", true}, {"a b", "a b c", false}, {"%_", "%", true},
	} {
		words, err := vault.ParseWords(c.words)
		if err != nil || vault.HasWords(c.text, words) != c.want {
			t.Errorf("%q in %q: %v, %v", c.words, c.text, words, err)
		}
	}
	_, err := vault.ParseWords("a\x00")
	refused(t, err, pam.ErrUsage, "U+0000")
}

func TestAWindowsAccountHasItsDomain(t *testing.T) {
	t.Parallel()
	for _, text := range []string{`EX\svc-app`, `ex.example.local\svc`, "svc@EXAMPLE.LOCAL", "HTTP/web01.example.local@EXAMPLE.LOCAL", `EX\web01$`} {
		if got, err := vault.ParseAccount(" " + text + " "); err != nil || got != text {
			t.Errorf("%q: %q, %v", text, got, err)
		}
	}
	for _, text := range []string{"", "svc", `\svc`, `EX\`, "@EX", "svc@", `EX\a\b`, `EX\a/b`, "a b@EX", `EX..L\a`, "svc@EX*", `E"X\svc`, "svc@" + strings.Repeat("x", 64)} {
		_, err := vault.ParseAccount(text)
		refused(t, err, pam.ErrUsage, "DOMAIN")
	}
}

func TestASecretIsRecognisedAndNotKept(t *testing.T) {
	t.Parallel()
	typed := secret.FromString(canary)
	proof, err := vault.ProveTyped(typed)
	if err != nil || proof.Kind != vault.ProofArgon2id || strings.Contains(string(proof.Sum), "c4nary") || len(proof.Salt) != 16 {
		t.Errorf("%+v, %v", proof.Kind, err)
	}
	again, _ := vault.ProveTyped(typed)
	if bytes.Equal(again.Sum, proof.Sum) {
		t.Error("two proofs of one secret are the same")
	}
	for _, short := range []string{"", "12345678901", "ääääääääääö"} {
		_, err := vault.ProveTyped(secret.FromString(short))
		refused(t, err, pam.ErrUsage, "12 or more")
	}
	_, err = vault.ProveTyped(secret.FromString(strings.Repeat("x", 1025)))
	refused(t, err, pam.ErrUsage, "1024")
	v, made := vault.ProveGenerated()
	if made.Kind != vault.ProofSHA256 || v.Len() != 43 || v.Equal(typed) {
		t.Errorf("%d bytes, %s", v.Len(), made.Kind)
	}
	_, err = vault.ProveTyped(v)
	refused(t, err, pam.ErrUsage, "generated")
}

func TestChoicesAreReadInAnyCase(t *testing.T) {
	t.Parallel()
	if got, err := vault.ParseTri("Both"); err != nil || got != vault.Both {
		t.Error(got, err)
	}
	if got, err := vault.ParseTri("YES"); err != nil || got != vault.Yes {
		t.Error(got, err)
	}
	if got, err := vault.ParseTri("no"); err != nil || got != vault.No {
		t.Error(got, err)
	}
	if got, err := vault.ParseAuth("Windows"); err != nil || got != vault.AuthWindows {
		t.Error(got, err)
	}
	if got, err := vault.ParseAuth("both"); err != nil || got != "" {
		t.Error(got, err)
	}
	for _, parse := range []func() error{
		func() error { _, err := vault.ParseTri("maybe"); return err },
		func() error { _, err := vault.ParseAuth("kerberos"); return err },
		func() error { _, err := vault.ParseKind("maybe"); return err },
		func() error { _, err := vault.ParseAccess("maybe"); return err },
		func() error { _, _, err := vault.ParseRef("maybe"); return err },
		func() error { _, _, err := vault.ParseRef("may*/be"); return err },
	} {
		refused(t, parse(), pam.ErrUsage, "")
	}
}

func FuzzPattern(f *testing.F) {
	for _, seed := range []string{"web01/*", "*/*", "a**b/c", "/", "*", "a/\xff", "ſ/K"} {
		f.Add(seed, "web01", "root")
	}
	f.Fuzz(func(t *testing.T, text, system, account string) {
		p, err := vault.ParsePattern(text)
		if err != nil {
			refused(t, err, pam.ErrUsage, "")
			return
		}
		again, err := vault.ParsePattern(p.String())
		if err != nil || again != p {
			t.Fatalf("%q is read back as %q, %v", p, again, err)
		}
		if p.Covers(system, account) != p.Covers(vault.Fold(system), vault.Fold(account)) || !strings.Contains(text, "*") && !p.Covers(p.System, p.Account) {
			t.Fatalf("%q", p)
		}
	})
}

func FuzzAllowed(f *testing.F) {
	for _, seed := range []string{"10.0.0.1", "10.0.0.5/24", "::ffff:10.0.0.1", "::ffff:0:0/96", "fe80::1%x", "host", "0/0"} {
		f.Add(seed)
	}
	f.Fuzz(func(t *testing.T, text string) {
		p, err := vault.ParseAllowed(text)
		if err != nil {
			refused(t, err, pam.ErrUsage, "")
			return
		}
		again, err := vault.ParseAllowed(vault.FormatAllowed(p))
		if err != nil || again != p || p.Addr().Is4In6() || p != p.Masked() || !vault.MatchAddress([]netip.Prefix{p}, p.Addr()).Allowed {
			t.Fatalf("%q became %v, then %v, %v", text, p, again, err)
		}
	})
}

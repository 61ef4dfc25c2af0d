package pam_test

import (
	"errors"
	"strings"
	"testing"

	"pgregory.net/rapid"

	"github.com/redim-tools/redim/pkg/pam"
)

// usage asserts a usage failure with a message in our style and a hint.
func usage(tb testing.TB, err error, says string) {
	tb.Helper()
	f, ok := errors.AsType[*pam.Failure](err)
	if !ok || !errors.Is(err, pam.ErrUsage) || f.Hint == "" || !strings.Contains(f.Message, says) || strings.HasSuffix(f.Message, ".") {
		tb.Errorf("got %v, want a usage failure that says %q and hints", err, says)
	}
	if err != nil && strings.ContainsFunc(err.Error(), func(r rune) bool { return r < 0x20 || r == 0x7f }) {
		tb.Errorf("control characters come through: %q", err)
	}
}

func TestADomainLineIsAPairABlankOrAComment(t *testing.T) {
	t.Parallel()
	for line, want := range map[string][2]string{
		"example.local=EX":               {"example.local", "EX"},
		"  Example.LOCAL. =  Ex \r":      {"example.local", "Ex"},
		"corp=CORP":                      {"corp", "CORP"},
		"a.example=ABCDEFGHIJKLMNO":      {"a.example", "ABCDEFGHIJKLMNO"},
		"bücher.example=ÄÖÜÄÖÜÄÖÜÄÖÜÄÖÜ": {"bücher.example", "ÄÖÜÄÖÜÄÖÜÄÖÜÄÖÜ"},
		"a.example=WITH-DASH_1":          {"a.example", "WITH-DASH_1"},
		"":                               {}, "   ": {}, "# a=b": {}, "  #": {},
	} {
		fqdn, netbios, err := pam.ParseDomainLine(line)
		if err != nil || fqdn != want[0] || netbios != want[1] {
			t.Errorf("%q: %q %q %v", line, fqdn, netbios, err)
		}
	}
}

func TestAnImpossibleDomainLineIsRefused(t *testing.T) {
	t.Parallel()
	for line, says := range map[string]string{
		"example.local":                          "has no =",
		"=EX":                                    "not a domain name",
		".=EX":                                   "not a domain name",
		"example.local=":                         "0 characters",
		"a.example=ABCDEFGHIJKLMNOP":             "16 characters",
		"a b.example=EX":                         "not a domain name",
		`EX\a=EX`:                                "not a domain name",
		"alice@example.local=EX":                 "not a domain name",
		"a/b=EX":                                 "not a domain name",
		"a.example=E X":                          "not allowed",
		"a.example=EX|Y":                         "not allowed",
		"a.example=EX=Y":                         "not allowed",
		"a.example=E\x1b[2JX":                    "control character",
		"a.example=E\u202eX":                     "control character",
		"a\xff.example=EX":                       "control character",
		"a.example=" + strings.Repeat("X", 2000): "longer than",
	} {
		_, _, err := pam.ParseDomainLine(line)
		usage(t, err, says)
	}
}

func TestALookUpInTheMapFoldsCaseAndDots(t *testing.T) {
	t.Parallel()
	m := pam.DomainMap{"example.local": "EX", "corp.example": "CORP"}
	for domain, want := range map[string]string{"example.local": "EX", "EXAMPLE.Local.": "EX", " corp.example ": "CORP"} {
		if got, ok := m.NetBIOS(domain); !ok || got != want {
			t.Errorf("%s is %s", domain, got)
		}
	}
	if got, ok := m.NetBIOS("Other.example"); ok || got != "Other.example" {
		t.Errorf("an unmapped domain becomes %q", got)
	}
	if got, ok := m.FQDN("ex"); !ok || got != "example.local" {
		t.Errorf("EX is %q", got)
	}
	if got, ok := m.FQDN("none"); ok {
		t.Errorf("none is %q", got)
	}
	if got := strings.Join(m.FQDNs(), " "); got != "corp.example example.local" {
		t.Errorf("%s", got)
	}
	if got, ok := pam.DomainMap(nil).NetBIOS("x"); ok || got != "x" {
		t.Errorf("no map maps to %q", got)
	}
}

func TestLintFindsCyclesChainsAndSharedNames(t *testing.T) {
	t.Parallel()
	for _, c := range []struct {
		name string
		m    pam.DomainMap
		want []string
	}{
		{"nothing", nil, nil},
		{"two plain ones", pam.DomainMap{"a.example": "A", "b.example": "B"}, nil},
		{"a domain that maps to itself", pam.DomainMap{"ex": "EX"}, nil},
		{"an FQDN beside its own short name", pam.DomainMap{"example.local": "EX", "ex": "Ex"}, []string{"both map to"}},
		{"one name for two", pam.DomainMap{"a.example": "EX", "b.example": "ex"}, []string{"a.example and b.example both map to ex"}},
		{"one name for three", pam.DomainMap{"a.e": "EX", "b.e": "EX", "c.e": "EX"}, []string{"a.e and b.e both", "b.e and c.e both"}},
		{"a cycle of two", pam.DomainMap{"a": "B", "b": "A"}, []string{"a = b = a is a cycle"}},
		{"a cycle of three", pam.DomainMap{"c": "a", "a": "b", "b": "c"}, []string{"a = b = c = a is a cycle"}},
		{"a way into a cycle", pam.DomainMap{"x": "a", "a": "b", "b": "a"}, []string{"a = b = a is a cycle", "b and x both map to a", "x maps to a, which is mapped on to b"}},
		{"a chain", pam.DomainMap{"a.example": "b", "b": "C"}, []string{"a.example maps to b, which is mapped on to C"}},
	} {
		t.Run(c.name, func(t *testing.T) {
			t.Parallel()
			found := c.m.Lint()
			if len(found) != len(c.want) {
				t.Fatalf("%v", found)
			}
			for i, f := range found {
				usage(t, f, c.want[i])
			}
		})
	}
}

// TestLintIsSilentOnlyWhereOneMappingIsEnough compares Lint with what it is
// for: no NetBIOS name is shared, and none is mapped to another.
func TestLintIsSilentOnlyWhereOneMappingIsEnough(t *testing.T) {
	t.Parallel()
	rapid.Check(t, func(rt *rapid.T) {
		name := rapid.StringMatching(`[a-d]`)
		m := pam.DomainMap(rapid.MapOfN(name, name, 0, 5).Draw(rt, "map"))
		clean, seen := true, map[string]bool{}
		for _, short := range m {
			again, mapped := m.NetBIOS(short)
			clean = clean && !seen[short] && (!mapped || again == short)
			seen[short] = true
		}
		if found := m.Lint(); clean != (len(found) == 0) {
			rt.Fatalf("%v: %v", m, found)
		}
	})
}

func FuzzDomainMap(f *testing.F) {
	for _, seed := range []string{"example.local=EX", "# x", "", "a=b=c", "A.=b", "\x00=\xff", "a.example=ABCDEFGHIJKLMNOP", "ß.example=ẞ"} {
		f.Add(seed)
	}
	f.Fuzz(func(t *testing.T, line string) {
		fqdn, netbios, err := pam.ParseDomainLine(line)
		if err != nil {
			usage(t, err, "")
			return
		}
		if fqdn == "" {
			return
		}
		m := pam.DomainMap{fqdn: netbios}
		if got, ok := m.NetBIOS(strings.ToUpper(fqdn) + "."); strings.ToLower(strings.ToUpper(fqdn)) == fqdn && (!ok || got != netbios) {
			t.Fatalf("%q maps to %q, not %q", fqdn, got, netbios)
		}
		again, same, err := pam.ParseDomainLine(fqdn + "=" + netbios)
		if err != nil || again != fqdn || same != netbios {
			t.Fatalf("%q=%q comes back as %q=%q, %v", fqdn, netbios, again, same, err)
		}
		_ = m.Lint()
	})
}

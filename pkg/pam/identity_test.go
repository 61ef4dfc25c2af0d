package pam_test

import (
	"strings"
	"testing"

	"pgregory.net/rapid"

	"github.com/redim-tools/redim/pkg/pam"
)

func TestAUserHasThreeForms(t *testing.T) {
	t.Parallel()
	for text, want := range map[string]pam.Identity{
		"alice":                  {Name: "alice"},
		" alice ":                {Name: "alice"},
		`EX\alice`:               {Domain: "EX", Name: "alice"},
		`example.local\alice`:    {Domain: "example.local", Name: "alice"},
		"alice@example.local":    {Domain: "example.local", Name: "alice"},
		"alice@example.local.":   {Domain: "example.local", Name: "alice"},
		`EX\alice@example.local`: {Domain: "EX", Name: "alice@example.local"},
		"a@b@example.local":      {Domain: "example.local", Name: "a@b"},
		"Anna Müller":            {Name: "Anna Müller"},
		`EX\Anna Müller`:         {Domain: "EX", Name: "Anna Müller"},
		"svc-web$":               {Name: "svc-web$"},
	} {
		if got, err := pam.ParseUser(text); err != nil || got != want {
			t.Errorf("%q: %+v, %v", text, got, err)
		}
	}
}

func TestAUserThatCanNotBeIsRefused(t *testing.T) {
	t.Parallel()
	for text, says := range map[string]string{
		"": "empty", "  ": "empty", "\t": "empty",
		`EX\`: "no name", `\alice`: "empty domain", `\`: "no name", "@example.local": "no name", "alice@": "empty domain",
		"alice@.": "empty domain", "@": "empty domain",
		`EX\a\b`: "not of the form", `EX\\alice`: "not of the form", `EX \alice`: "not of the form", `EX\ alice`: "not of the form",
		"alice @example.local": "not of the form", "alice@ex ample": "not of the form", "alice@a/b": "not of the form", `a@b\alice`: "not of the form",
		"ali\x00ce": "control character", "ali\x1b[2Jce": "control character", "ali\nce": "control character", "ali\u202ece": "control character",
		"ali\u2028ce": "control character", "ali\u0085ce": "control character", "ali\xffce": "not UTF-8", "alice\x7f": "control character",
		strings.Repeat("a", 1025): "longer than 1024",
	} {
		_, err := pam.ParseUser(text)
		usage(t, err, says)
	}
}

func TestIdentitiesAreEqualWhateverTheirCase(t *testing.T) {
	t.Parallel()
	alice := pam.Identity{Domain: "EX", Name: "alice"}
	if !alice.Equal(pam.Identity{Domain: "ex", Name: "ALICE"}) || alice.Equal(pam.Identity{Name: "alice"}) || alice.Equal(pam.Identity{Domain: "EX", Name: "alic"}) {
		t.Error("Equal is wrong")
	}
	rapid.Check(t, func(rt *rapid.T) {
		text := rapid.StringMatching(`[a-cA-CſKkéÉß]{0,3}`)
		a := pam.Identity{Domain: text.Draw(rt, "d"), Name: text.Draw(rt, "n")}
		b := pam.Identity{Domain: text.Draw(rt, "d"), Name: text.Draw(rt, "n")}
		if a.Equal(b) != (a.Fold() == b.Fold()) || !a.Equal(a.Fold()) {
			rt.Fatalf("%v and %v", a, b)
		}
	})
}

func TestAnIdentityIsWrittenAsItIsRead(t *testing.T) {
	t.Parallel()
	rapid.Check(t, func(rt *rapid.T) {
		want := pam.Identity{Domain: rapid.StringMatching(`([A-Z][A-Z0-9.-]{0,14})?`).Draw(rt, "domain"), Name: rapid.StringMatching(`[a-zé]([a-z0-9._ -]{0,10}[a-z])?`).Draw(rt, "name")}
		if got, err := pam.ParseUser(want.String()); err != nil || got != want {
			rt.Fatalf("%q is %+v, %v", want.String(), got, err)
		}
		if want.Domain == "" {
			return
		}
		if got, err := pam.ParseUser(want.Name + "@" + want.Domain); err != nil || got.Name != want.Name || got.Domain != strings.TrimSuffix(want.Domain, ".") {
			rt.Fatalf("%+v, %v", got, err)
		}
	})
}

func FuzzParseUser(f *testing.F) {
	for _, seed := range []string{"alice", `EX\alice`, "alice@example.local", `EX\`, "@example.local", "", `\`, "a@b@c", "\x00", "ä\u202e", `EX\a\b`, " @ "} {
		f.Add(seed)
	}
	f.Fuzz(func(t *testing.T, text string) {
		id, err := pam.ParseUser(text)
		if err != nil {
			usage(t, err, "user")
			return
		}
		if id.Name == "" || pam.CheckText("user", id.String()) != nil || !id.Equal(id.Fold()) {
			t.Fatalf("%q is %+v", text, id)
		}
		if again, err := pam.ParseUser(id.String()); id.Domain != "" && (err != nil || again != id) {
			t.Fatalf("%q is %+v, then %+v, %v", text, id, again, err)
		}
	})
}

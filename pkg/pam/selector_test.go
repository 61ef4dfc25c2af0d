package pam_test

import (
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/redim-tools/redim/pkg/pam"
)

func TestSelectorsAreRead(t *testing.T) {
	t.Parallel()
	for text, want := range map[string]pam.Selector{
		"web01/svc-web":                         {Endpoint: "web01", Account: "svc-web"},
		" web01.example.local / Admin istrator": {Endpoint: "web01.example.local", Account: "Admin istrator"},
		`web01/EX\svc-deploy`:                   {Endpoint: "web01", Account: `EX\svc-deploy`},
		`db01/db01\PROD/sa`:                     {Endpoint: "db01", Account: `db01\PROD/sa`},
		"192.0.2.10/root":                       {Endpoint: "192.0.2.10", Account: "root"},
		"web01/ilo-admin?list=Network gear":     {Endpoint: "web01", Account: "ilo-admin", List: "Network gear"},
		"web01/a?b":                             {Endpoint: "web01", Account: "a?b"},
	} {
		got, err := pam.ParseSelector(text)
		if d := cmp.Diff(want, got); d != "" || err != nil {
			t.Errorf("%q: %v (-want +got)\n%s", text, err, d)
		}
	}
	for _, text := range []string{"", "web01", "/root", "web01/", "web01/ ", "web01/a?list=", "https://web01/a", "web 01/a", "web01/a\nb"} {
		if got, err := pam.ParseSelector(text); err == nil {
			t.Errorf("%q is %+v", text, got)
		}
	}
}

// FuzzParseSelector holds that a selector's text is read as itself.
func FuzzParseSelector(f *testing.F) {
	for _, text := range []string{"web01/root", "a/b?list=c", "a/b/c", "?list=", "a/?list=b", "a/b?list=?list=c"} {
		f.Add(text)
	}
	f.Fuzz(func(t *testing.T, text string) {
		s, err := pam.ParseSelector(text)
		if err != nil {
			return
		}
		if again, err := pam.ParseSelector(s.String()); err != nil || again != s {
			t.Errorf("%+v from %q is %+v, %v when it is read again", s, text, again, err)
		}
	})
}

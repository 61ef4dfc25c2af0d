package config

import (
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/redim-tools/redim/pkg/pam"
)

func TestServersAreFoundByHostAndPath(t *testing.T) {
	t.Parallel()
	s := with(t, `helper.credentials=Git.Example.com=web01/svc-web,git.example.com/Team/=web01/Administrator,https://index.docker.io/v1/=db01/sa,registry:5000=web01/ilo-admin?list=Network gear`)
	for server, want := range map[string]string{
		"git.example.com/":            "git.example.com: web01/svc-web",
		"GIT.example.com./":           "git.example.com: web01/svc-web",
		"git.example.com:443/other/x": "git.example.com: web01/svc-web",
		"git.example.com/Team/x.git":  "git.example.com/Team: web01/Administrator",
		"git.example.com/Teams/x.git": "git.example.com: web01/svc-web",
		"git.example.com/team/x.git":  "git.example.com: web01/svc-web",
		"index.docker.io/v1":          "index.docker.io/v1: db01/sa",
		"index.docker.io/":            "",
		"registry:5000/":              "registry:5000: web01/ilo-admin?list=Network gear",
		"registry/":                   "",
		"registry:50000/":             "",
		"git.example.com:8443/":       "",
		"evil-git.example.com/":       "",
		"git.example.com.evil.test/":  "",
		"evil.test/git.example.com":   "",
		"git.example.com/Team/../x":   "",
		"git.example.com/./Team":      "",
		"git.example.com/Team/..x":    "git.example.com/Team: web01/Administrator",
		"git.example.com@evil.test/":  "",
		"git.example.com\n/":          "",
		"x@git.example.com/":          "",
	} {
		host, path, _ := strings.Cut(server, "/")
		got := ""
		if name, found, ok := s.Helper.Find(host, path); ok {
			got = name + ": " + found.String()
		}
		if got != want {
			t.Errorf("%q is %q, want %q", server, got, want)
		}
	}
	if i, err := s.Get("helper.credentials.https://git.example.com"); err != nil || i.Text != "web01/svc-web" {
		t.Errorf("%+v, %v", i, err)
	}
}

func TestServersThatCanNotBeMeantAreReported(t *testing.T) {
	t.Parallel()
	for entry, says := range map[string]string{
		"git.example.com=web01":                        "does not name a credential",
		"git.example.com=https://web01/a":              "is not a host name",
		"http://git.example.com=web01/a":               "is not a server",
		"https://bob:c4nary@git.example.com=web01/a":   "a text with an @",
		"git.example.com:99999=web01/a":                "is not a server",
		"=web01/a":                                     "is not a server",
		"a.example=web01/a,https://A.example/=web01/b": "is given twice",
	} {
		_, err := Load(Options{Path: write(t, twentyLines), Set: []string{"helper.credentials=" + entry}})
		if err == nil || !strings.Contains(err.Error(), says) || strings.Contains(err.Error(), "c4nary") {
			t.Errorf("%s: %v", entry, err)
		}
	}
	if _, err := Load(Options{Path: write(t, twentyLines), Set: []string{`helper.user=EX\al ice\x`}}); err == nil {
		t.Error("any text is a user")
	}
	s := with(t, "helper.credentials=git.example.com=web01/a")
	if got := s.checkHelper(); len(got) != 1 || got[0].Severity != SeverityWarning {
		t.Errorf("%+v", got)
	}
	if got := with(t, "helper.credentials=git.example.com=web01/a", "helper.user=bob").checkHelper(); got != nil {
		t.Errorf("%+v", got)
	}
}

func TestServersKeepTheirSpellingInTheFile(t *testing.T) {
	t.Parallel()
	s := with(t, "helper.credentials=https://index.docker.io/v1/=db01/sa")
	want := map[string]pam.Selector{"https://index.docker.io/v1/": {Endpoint: "db01", Account: "sa"}}
	if d := cmp.Diff(want, s.Helper.Credentials); d != "" {
		t.Errorf("(-want +got)\n%s", d)
	}
}

// FuzzServerName holds that a name is its own spelling, and never another host's.
func FuzzServerName(f *testing.F) {
	for _, text := range []string{"git.example.com", "https://A.example:443/x/", "a:5000/x", "a@b", "[::1]:8443/x", "http://a", "a.:443", "..", "a..", ".a", "a:443."} {
		f.Add(text)
	}
	f.Fuzz(func(t *testing.T, text string) {
		name, err := ServerName(text)
		if err != nil {
			return
		}
		if again, err := ServerName(name); err != nil || again != name {
			t.Errorf("%q is %q, and that is %q, %v", text, name, again, err)
		}
	})
}

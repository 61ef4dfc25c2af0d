package helper

import (
	"bytes"
	"encoding/json"
	"errors"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/redim-tools/redim/pkg/pam"
)

func TestGitsLinesAreRead(t *testing.T) {
	t.Parallel()
	got, err := parseGitLines([]byte("protocol=HTTPS\nhost=git.example.com:8443\nwwwauth[]=Basic\nwwwauth[]=x\npassword=c4nary=1\npath=a=b\nusername=bob\n\nhost=evil.test\n"))
	want := gitLines{server: server{scheme: "https", host: "git.example.com:8443", path: "a=b"}, username: "bob"}
	if d := cmp.Diff(want, got, cmp.AllowUnexported(gitLines{}, server{})); d != "" || err != nil {
		t.Errorf("%v (-want +got)\n%s", err, d)
	}
	for _, text := range []string{"host", "host=a\x00b", "x\x00=b", "host=a\r\n", "host=a\nhost=b", "username=\x7f"} {
		if _, err := parseGitLines([]byte(text)); !errors.Is(err, pam.ErrUsage) {
			t.Errorf("%q: %v", text, err)
		}
	}
	if _, err := readAll(strings.NewReader(strings.Repeat("a", most+1))); !errors.Is(err, pam.ErrUsage) {
		t.Error("input of any length is read")
	}
}

func TestRegistriesOfDockerAreRead(t *testing.T) {
	t.Parallel()
	for text, want := range map[string]server{
		"registry.example.com:5000\n":     {"https", "registry.example.com:5000", ""},
		"https://index.docker.io/v1/":     {"https", "index.docker.io", "v1/"},
		"HTTP://localhost:5000":           {"http", "localhost:5000", ""},
		" registry.example.com/team/app ": {"https", "registry.example.com", "team/app"},
	} {
		got, err := parseDockerServer([]byte(text))
		if d := cmp.Diff(want, got, cmp.AllowUnexported(server{})); d != "" || err != nil {
			t.Errorf("%q: %v (-want +got)\n%s", text, err, d)
		}
	}
	for _, text := range []string{"", " \n", "https://", "ftp://a", "a\x00b", "a\nb"} {
		if got, err := parseDockerServer([]byte(text)); err == nil {
			t.Errorf("%q is %+v", text, got)
		}
	}
}

// FuzzParseGitLines holds that nothing of what is not asked about is kept, and that
// no line can hide another.
func FuzzParseGitLines(f *testing.F) {
	for _, text := range []string{"protocol=https\nhost=a\npath=b\nusername=c\n", "password=c4nary\n\nhost=a", "host=a\x00", "host=a\r\n", "=", "host=\nhost=", ""} {
		f.Add([]byte(text))
	}
	f.Fuzz(func(t *testing.T, text []byte) {
		g, err := parseGitLines(text)
		if err != nil {
			if g != (gitLines{}) {
				t.Errorf("%+v beside %v", g, err)
			}
			return
		}
		said := map[string]string{"protocol": g.scheme, "host": g.host, "path": g.path, "username": g.username}
		for key, val := range said {
			if strings.ContainsAny(val, "\r\n\x00") {
				t.Errorf("%s is %q", key, val)
			}
			if val != "" && !bytes.Contains(bytes.ToLower(text), []byte(strings.ToLower(key+"="+val))) {
				t.Errorf("%s is %q, which nobody said", key, val)
			}
		}
	})
}

// FuzzParseDockerServer holds that what is read is what was said.
func FuzzParseDockerServer(f *testing.F) {
	for _, text := range []string{"a:5000", "https://a/v1/", "http://a", "://", "a\nb", "ftp://a", ""} {
		f.Add([]byte(text))
	}
	f.Fuzz(func(t *testing.T, text []byte) {
		s, err := parseDockerServer(text)
		if err != nil {
			return
		}
		if s.host == "" || s.scheme != "https" && s.scheme != "http" || !bytes.Contains(text, []byte(s.host)) || strings.ContainsAny(s.host+s.path, "\r\n\x00") {
			t.Errorf("%q is %+v", text, s)
		}
	})
}

// FuzzParseVariable holds that a path of summon is read as itself.
func FuzzParseVariable(f *testing.F) {
	for _, text := range []string{"web01/a", "web01/a#username", "web01/a?list=b#c#id", "#", "a/#password", ""} {
		f.Add(text)
	}
	f.Fuzz(func(t *testing.T, text string) {
		v, err := parseVariable(text)
		if err != nil {
			return
		}
		if again, err := parseVariable(v.String() + "#" + v.field); err != nil || again != v {
			t.Errorf("%q is %+v, and that %+v, %v", text, v, again, err)
		}
	})
}

// FuzzAppendJSON holds it against the standard library's reader.
func FuzzAppendJSON(f *testing.F) {
	for _, text := range []string{"", `c4nary-Pa55/+"<&é\`, "\x00\n\x1f", "\xff", "🔑\u2028"} {
		f.Add([]byte(text))
	}
	f.Fuzz(func(t *testing.T, text []byte) {
		doc, ok := appendJSON(nil, text)
		if !ok {
			return
		}
		var back string
		if err := json.Unmarshal(doc, &back); err != nil || back != string(text) {
			t.Errorf("%q is %s, and that %q, %v", text, doc, back, err)
		}
	})
}

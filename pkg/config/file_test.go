package config

import (
	"context"
	"errors"
	"os"
	"path/filepath"
	"strconv"
	"strings"
	"testing"
	"time"

	"github.com/redim-tools/redim/pkg/atomicfile"
	"github.com/redim-tools/redim/pkg/pam"
)

// unchanged makes a change that must fail, and asserts that the file is as before.
func unchanged(tb testing.TB, before string, change func(*File) error) error {
	tb.Helper()
	path := write(tb, before)
	err := Edit(tb.Context(), path, change)
	after, readErr := os.ReadFile(path)
	if err == nil || readErr != nil || string(after) != before {
		tb.Errorf("error %v; the file is\n%s", err, after)
	}
	return err
}

func TestSetRefusesWhatLoadOrValidateWould(t *testing.T) {
	t.Parallel()
	for _, c := range []struct{ profile, key, text, says, hints string }{
		{"default", "tmeout", "3s", "tmeout: unknown key", "timeout"},
		{"default", "timeout", "3", "has no unit", "3s"},
		{"default", "api_password", "c4nary-Pa55", "not a secret source", "env:NAME"},
		{"default", "endpoint_url", "https://u:c4nary@pam.example.com/x", "a user or a password", "api_user"},
		{"default", "endpoint_url", "http://pam.example.com/x", "http would send", "--accept-risk"},
		{"default", "domain_map.corp.example", "EX", "both map to EX", "remove"},
		{"default", "domain_map", "a=b,b=a", "cycle", "left"},
		{"default", "domain_map.x.example", "ABCDEFGHIJKLMNOP", "16 characters", "1 to 15"},
		{"default", "template_jobs.toaster", "1", "not an account-store type", "one of"},
		{"default", "cache.key", "c4nary", "not a kind of key", "keyring"},
		{"default", "dialect_operations", "[x]", "not a map", "like"},
		{"a b", "timeout", "3s", "not a name for a profile", "letters"},
		{"", "timeout", "3s", "not a name for a profile", "letters"},
	} {
		err := unchanged(t, commented, func(f *File) error { return f.Set(c.profile, c.key, c.text) })
		refused(t, err, c.says, c.hints)
	}
	err := unchanged(t, commented, func(f *File) error { _, err := f.Unset("default", "tmeout"); return err })
	refused(t, err, "tmeout: unknown key", "timeout")
	for _, before := range []string{"profiles: [c4nary\n", "- a\n", "profiles: hello\n", "profiles: {default: hello}\n"} {
		err := unchanged(t, before, func(f *File) error { return f.Set("default", "timeout", "3s") })
		if !errors.Is(err, pam.ErrUsage) || strings.Contains(err.Error(), "c4nary") {
			t.Errorf("%s: %v", before, err)
		}
	}
}

func TestSetTakesARiskThatIsAccepted(t *testing.T) {
	t.Parallel()
	got := edited(t, "", func(f *File) error {
		f.AcceptRisks = []string{RiskCleartext}
		return f.Set("default", "endpoint_url", "http://pam.example.com/x")
	})
	if got != "profiles:\n  default:\n    endpoint_url: http://pam.example.com/x\n" {
		t.Errorf("%q", got)
	}
}

func TestValuesAreWrittenInOneSpelling(t *testing.T) {
	t.Parallel()
	here, err := filepath.Abs("x")
	if err != nil {
		t.Fatal(err)
	}
	for _, c := range []struct{ key, text, want string }{
		{"prefer_ip", "YES", "prefer_ip: true"},
		{"timeout", " 90s ", "timeout: 90s"},
		{"max_parallel", "4", "max_parallel: 4"},
		{"dialect", "rest", "dialect: rest"},
		{"tls.min_version", "1.3", "tls:\n      min_version: 1.3"},
		{"tls.ca_file", "x", "tls:\n      ca_file: " + here},
		{"api_password", "file:x", "api_password: file:" + here},
		{"api_password", "cmd:pass show 'a b' # c", `api_password: 'cmd:pass show ''a b'' # c'`},
		{"cache.key", "file:x", "cache:\n      key: file:" + here},
		{"domain_map", "B.Example.=BB,a.example=AA", "domain_map:\n      b.example: BB\n      a.example: AA"},
		{"domain_map.007", "NULL", "domain_map:\n      \"007\": \"NULL\""},
		{"template_jobs", "OS_Windows=1", "template_jobs:\n      windows: 1"},
		{"authenticator", "", `authenticator: ""`},
		{"authenticator", "null", `authenticator: "null"`},
		{"job_comment", "a: b #c", `job_comment: 'a: b #c'`},
		{"dialect_operations", `{"log_in": {"request": {"b": ["c", 1]}}}`, `dialect_operations:`},
	} {
		got := edited(t, "", func(f *File) error { return f.Set("default", c.key, c.text) })
		if want := "profiles:\n  default:\n    " + c.want; !strings.HasPrefix(got, want) {
			t.Errorf("%s=%s gives\n%swant\n%s", c.key, c.text, got, want)
		}
		load(t, Options{Path: write(t, got)})
	}
}

func TestUnsetMendsAFileWithAnUnknownKey(t *testing.T) {
	t.Parallel()
	const before = "profiles:\n  default:\n    tmeout: 3s\n    tls:\n      cafile: x\n      server_name: y\n"
	got := edited(t, before, func(f *File) error {
		for _, name := range []string{"tmeout", "tls.cafile"} {
			if there, err := f.Unset("default", name); !there || err != nil {
				return errors.Join(err, errors.New(name+" was not there"))
			}
		}
		there, err := f.Unset("default", "max_parallel")
		if there {
			t.Error("max_parallel was never there")
		}
		return err
	})
	if got != "profiles:\n  default:\n    tls:\n      server_name: y\n" {
		t.Errorf("%s", got)
	}
}

func TestAnEditThatChangesNothingWritesNothing(t *testing.T) {
	t.Parallel()
	path := write(t, twentyLines)
	before, err := os.Stat(path)
	if err != nil {
		t.Fatal(err)
	}
	if err := Edit(t.Context(), path, func(f *File) error { return f.Set("default", "timeout", "20s") }); err != nil {
		t.Fatal(err)
	}
	after, err := os.Stat(path)
	if err != nil || !os.SameFile(before, after) {
		t.Error("the file was written", err)
	}
	if err := os.Chmod(path, 0o644); err != nil {
		t.Fatal(err)
	}
	if err := Edit(t.Context(), path, func(*File) error { return nil }); err != nil {
		t.Fatal(err)
	}
	if info, err := os.Stat(path); err != nil || os.PathSeparator == '/' && info.Mode().Perm() != 0o600 {
		t.Errorf("a mode that is too open stays: %v %v", info.Mode(), err)
	}
}

func TestEditFollowsALink(t *testing.T) {
	t.Parallel()
	path := write(t, twentyLines)
	link := filepath.Join(t.TempDir(), "link.yaml")
	if err := os.Symlink(path, link); err != nil {
		t.Skip("needs a system that lets this user make links:", err)
	}
	if err := Edit(t.Context(), link, func(f *File) error { return f.Set("default", "timeout", "1s") }); err != nil {
		t.Fatal(err)
	}
	if s := load(t, Options{Path: path}); s.Timeout != time.Second {
		t.Errorf("%v", s.Timeout)
	}
}

func TestEditSaysWhyItCanNotWrite(t *testing.T) {
	t.Parallel()
	nothing := func(*File) error { return nil }
	for name, path := range map[string]string{"a folder that can't be made": filepath.Join(write(t, ""), "x", "settings.yaml"), "a folder in its place": t.TempDir()} {
		err := Edit(t.Context(), path, nothing)
		if f, ok := errors.AsType[*pam.Failure](err); !ok || f.Hint == "" {
			t.Errorf("%s: %v", name, err)
		}
	}
	path := write(t, twentyLines)
	release, err := atomicfile.Lock(t.Context(), filepath.Join(filepath.Dir(path), ".settings.yaml.lock"))
	if err != nil {
		t.Fatal(err)
	}
	defer release()
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	if err := Edit(ctx, path, nothing); !errors.Is(err, context.Canceled) {
		t.Errorf("%v", err)
	}
	large := func(f *File) error { f.data = make([]byte, MaxFile+1); return nil }
	refused(t, Edit(t.Context(), write(t, ""), large), "longer than 1 MiB", "profiles")
}

func TestReplaceTakesAnEditedTextThatIsGood(t *testing.T) {
	t.Parallel()
	replace := func(old, text string) func(*File) error {
		return func(f *File) error { return f.Replace([]byte(old), []byte(text)) }
	}
	if got := edited(t, commented, replace(commented, twentyLines)); got != twentyLines {
		t.Errorf("%s", got)
	}
	err := unchanged(t, commented, replace(twentyLines, twentyLines))
	if f, ok := errors.AsType[*pam.Failure](err); !ok || !strings.Contains(f.Message, "meanwhile") {
		t.Errorf("%v", err)
	}
	refused(t, unchanged(t, commented, replace(commented, "profiles: {default: {tmeout: 1s}}")), "unknown key", "timeout")
	refused(t, unchanged(t, commented, replace(commented, strings.Repeat("#", MaxFile+1))), "longer than 1 MiB", "")
	if problems := Check("x.yaml", []byte("profiles: {a: {timeout: 1}, b: {timeout: 2, x: 3}}")); len(problems) != 3 {
		t.Errorf("%v", problems)
	}
}

func TestProfilesAreListedInOrder(t *testing.T) {
	t.Parallel()
	f := &File{path: "x", data: []byte("profiles:\n  z: {}\n  a:\n  default: {timeout: 1s}\n")}
	names, err := f.Profiles()
	if err != nil || strings.Join(names, " ") != "z a default" || !f.Has("a") || f.Has("b") {
		t.Errorf("%v %v", names, err)
	}
	if s, err := f.Settings("default"); err != nil || s.Timeout != time.Second {
		t.Errorf("%v %v", s, err)
	}
	if _, err := (&File{data: []byte("x: y")}).Profiles(); !errors.Is(err, pam.ErrUsage) {
		t.Errorf("%v", err)
	}
}

const domains = "\xef\xbb\xbf# from the old tool\r\nexample.local=EX\r\n\r\nNew.Example. = NEW\r\ncorp.example=CORPORATE\r\nnew.example=NEW\r\n"

func TestImportAddsDomainsAndKeepsTheRest(t *testing.T) {
	t.Parallel()
	var imp Import
	got := edited(t, commented, func(f *File) (err error) {
		imp, err = f.ImportDomains("default", "domains.txt", strings.NewReader(domains))
		return err
	})
	want := strings.Replace(commented, "corp.example: CORP #", "corp.example: CORPORATE #", 1)
	want = strings.Replace(want, "# since 2019\n", "# since 2019\n      new.example: NEW\n", 1)
	if got != want {
		t.Errorf("got\n%s\nwant\n%s", got, want)
	}
	if imp.String() != "1 added, 1 changed, 1 as before" || len(imp.Problems) != 1 {
		t.Errorf("%+v", imp)
	}
	if p := imp.Problems[0]; p.Where != "domains.txt:6" || p.Severity != SeverityWarning || !strings.Contains(p.Message, "first in line 4") {
		t.Errorf("%+v", p)
	}
	got = edited(t, "", func(f *File) error {
		_, err := f.ImportDomains("lab", "-", strings.NewReader("a.example=A\nb.example=B"))
		return err
	})
	if got != "profiles:\n  lab:\n    domain_map:\n      a.example: A\n      b.example: B\n" {
		t.Errorf("%s", got)
	}
}

func TestImportTakesAllOrNothing(t *testing.T) {
	t.Parallel()
	for name, c := range map[string]struct {
		lines, says string
		problems    int
	}{
		"bad lines":              {"ok.example=OK\nnothing\n=X\nlong.example=ABCDEFGHIJKLMNOP\na b=C\n", "d.txt:2: ", 4},
		"two names for a domain": {"a.example=A\nb.example=B\nA.example=C\n", "d.txt:3: a.example is C here, but A in line 1", 1},
		"two domains, one name":  {"a.example=A\nb.example=a\n", "a.example and b.example both map to a", 0},
		"a name of the file":     {"other.example=CORP\n", "corp.example and other.example both map to CORP", 0},
		"a cycle":                {"a=b\nb=c\nc=a\n", "a = b = c = a is a cycle", 0},
		"UTF-16":                 {"\xff\xfea\x00=\x00A\x00", "not text in UTF-8", 0},
		"too long":               {strings.Repeat("#", MaxFile+1), "longer than 1 MiB", 0},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			var imp Import
			err := unchanged(t, commented, func(f *File) (err error) {
				imp, err = f.ImportDomains("default", "d.txt", strings.NewReader(c.lines))
				return err
			})
			refused(t, err, c.says, "")
			if len(imp.Problems) != c.problems {
				t.Errorf("%v", imp.Problems)
			}
		})
	}
}

func TestImportOfManyDomainsIsOneChange(t *testing.T) {
	t.Parallel()
	var lines strings.Builder
	for i := range 5000 {
		lines.WriteString("d" + strconv.Itoa(i) + ".example=D" + strconv.Itoa(i) + "\n")
	}
	got := edited(t, commented, func(f *File) error {
		_, err := f.ImportDomains("default", "-", strings.NewReader(lines.String()))
		return err
	})
	if n := strings.Count(got, "\n"); n != strings.Count(commented, "\n")+5000 {
		t.Errorf("%d lines", n)
	}
}

func TestARehearsalWritesNothing(t *testing.T) {
	t.Parallel()
	path := write(t, commented)
	err := Rehearse(path, func(f *File) error {
		if err := f.Set("default", "timeout", "1m"); err != nil {
			return err
		}
		if !strings.Contains(string(f.Bytes()), "timeout: 1m") {
			t.Error("the change is not seen")
		}
		return nil
	})
	after, readErr := os.ReadFile(path)
	if err != nil || readErr != nil || string(after) != commented {
		t.Errorf("%v %v; the file is\n%s", err, readErr, after)
	}
	refused(t, Rehearse(t.TempDir(), func(*File) error { return nil }), "is a directory", "")
	missing := filepath.Join(t.TempDir(), "none", "settings.yaml")
	if err := Rehearse(missing, func(f *File) error { return f.Set("lab", "timeout", "1m") }); err != nil {
		t.Error(err)
	}
	if _, err := os.Stat(filepath.Dir(missing)); err == nil {
		t.Error("a folder was made")
	}
	if got := (Options{Getenv: env("REDIM_PROFILE", "lab")}).ProfileName(); got != "lab" {
		t.Errorf("profile %q", got)
	}
}

package config

import (
	"os"
	"path/filepath"
	"strings"
	"testing"
)

// with loads the twenty lines with assignments over them.
func with(tb testing.TB, set ...string) *Settings {
	tb.Helper()
	return load(tb, Options{Path: write(tb, twentyLines), Set: set})
}

func TestTheEndpointURLIsJudged(t *testing.T) {
	t.Parallel()
	for _, c := range []struct {
		url         string
		risk        bool
		says, hints string // empty: taken
	}{
		{url: "https://pam.example.com/ERPMWebService/AuthService.svc"},
		{url: "https://pam.example.com:8443/x"},
		{url: "https://[2001:db8::1]:8443/x"},
		{url: "https://192.0.2.1/x"},
		{url: "HTTPS://PAM.example.com/x"},
		{url: "http://localhost:8080/x"},
		{url: "http://127.0.0.1:8080/x"},
		{url: "http://[::1]/x"},
		{url: "http://127.9.9.9/x"},
		{url: "http://pam.example.com/x", risk: true},
		{url: "http://pam.example.com/x", says: "http would send passwords", hints: "--accept-risk=cleartext"},
		{url: "http://localhost.example.com/x", says: "http would send passwords", hints: "--accept-risk=cleartext"},
		{url: "http://[::ffff:192.0.2.1]/x", says: "http would send passwords", hints: "--accept-risk=cleartext"},
		{url: "https://svc:c4nary@pam.example.com/x", says: "a user or a password", hints: "api_user"},
		{url: "https://c4nary@pam.example.com/x", says: "a user or a password", hints: "api_user"},
		{url: "https://pam.example.com/x?token=c4nary", says: "a query", hints: "?"},
		{url: "https://pam.example.com/x?", says: "a query", hints: "?"},
		{url: "https://pam.example.com/x#c4nary", says: "a fragment", hints: "#"},
		{url: "https://pam.example.com/x#", says: "a fragment", hints: "#"},
		{url: "pam.example.com/x", says: "does not start with https://", hints: "https://pam.example.com"},
		{url: "ftp://pam.example.com/x", says: "does not start with https://", hints: "https://pam.example.com"},
		{url: "https:///x", says: "no host", hints: "https://pam.example.com"},
		{url: "https://:443/x", says: "no host", hints: "https://pam.example.com"},
		{url: "https://./x", says: "no host", hints: "https://pam.example.com"},
		{url: "https://pam..example.com/x", says: "no host", hints: "https://pam.example.com"},
		{url: "https://pam.example.com./x"},
		{url: "https://pam.example.com:/x", says: "impossible port", hints: "https://pam.example.com"},
		{url: "https://pam.example.com:99999/x", says: "impossible port", hints: "https://pam.example.com"},
		{url: "https://pam.example.com:x/x", says: "not a URL", hints: "https://pam.example.com"},
		{url: "https://pam example.com/x", says: "not a URL", hints: "https://pam.example.com"},
		{url: "https://pam_x.example.com/x", says: "no host", hints: "https://pam.example.com"},
		{url: "https://%zz/x", says: "not a URL", hints: "https://pam.example.com"},
	} {
		var risks []string
		if c.risk {
			risks = []string{"other", RiskCleartext}
		}
		err := with(t, "endpoint_url="+c.url).Validate(risks)
		if c.says == "" {
			if err != nil {
				t.Errorf("%s: %v", c.url, err)
			}
			continue
		}
		refused(t, err, c.says, c.hints)
	}
}

// found asserts that the problems hold one that says a certain thing.
func found(tb testing.TB, problems []Problem, severity Severity, key, says string) Problem {
	tb.Helper()
	for _, p := range problems {
		if p.Severity == severity && p.Key == key && strings.Contains(p.Message, says) {
			if p.Hint == "" || strings.Contains(p.String()+p.Hint, "c4nary") {
				tb.Errorf("%v has no hint, or repeats the secret", p)
			}
			return p
		}
	}
	tb.Errorf("no %s about %s that says %q in %v", severity, key, says, problems)
	return Problem{}
}

func TestValuesAreJudgedTogether(t *testing.T) {
	t.Parallel()
	for _, c := range []struct {
		set       []string
		severity  Severity
		key, says string
	}{
		{[]string{"api_user="}, SeverityError, "api_user", "is required"},
		{[]string{"endpoint_url="}, SeverityError, "endpoint_url", "is required"},
		{[]string{"endpoint_url=https://pam.example.com/"}, SeverityWarning, "endpoint_url", "no path"},
		{[]string{`api_user=EX\svc`}, SeverityWarning, "api_user", "holds a domain"},
		{[]string{`authenticator=EX\`}, SeverityError, "authenticator", "not an authenticator"},
		{[]string{"default_domain=@EX"}, SeverityError, "default_domain", "not a domain"},
		{[]string{"job_comment=by <user>"}, SeverityWarning, "job_comment", "only <username>"},
		{[]string{"tls.client_cert=a"}, SeverityError, "tls.client_key", "required beside"},
		{[]string{"tls.client_key=a"}, SeverityError, "tls.client_cert", "required beside"},
		{[]string{"template_jobs="}, SeverityWarning, "spin_jobs", "template_jobs is empty"},
		{[]string{"spin_jobs=no"}, SeverityWarning, "template_jobs", "spin_jobs is off"},
		{[]string{"domain_map=a.example=EX,b.example=ex"}, SeverityError, "domain_map", "a.example and b.example both map to"},
		{[]string{"domain_map=a=b,b=a"}, SeverityError, "domain_map", "cycle"},
		{[]string{"domain_map=a.example=b,b=c"}, SeverityError, "domain_map", "mapped on to c"},
	} {
		found(t, with(t, c.set...).Problems(nil), c.severity, c.key, c.says)
	}
	if problems := with(t).Problems(nil); len(problems) != 0 {
		t.Errorf("nothing is wrong, but: %v", problems)
	}
	found(t, with(t, "endpoint_url=http://pam.example.com/x").Problems([]string{RiskCleartext}), SeverityWarning, "endpoint_url", "http sends passwords")
}

func TestACommandInAFileOpenToOthersIsRefused(t *testing.T) {
	t.Parallel()
	if os.PathSeparator != '/' {
		return
	}
	text := strings.Replace(twentyLines, "env:REDIM_TEST_SECRET", "'cmd:echo c4nary'", 1)
	for mode, ok := range map[os.FileMode]bool{0o600: true, 0o400: true, 0o700: true, 0o644: false, 0o640: false, 0o604: false, 0o660: false, 0o620: false} {
		path := write(t, text)
		if err := os.Chmod(path, mode); err != nil {
			t.Fatal(err)
		}
		s := load(t, Options{Path: path})
		if err := s.Validate(nil); ok != (err == nil) {
			t.Errorf("%o: %v", mode, err)
		} else if !ok {
			refused(t, err, "settings.yaml:6: api_password: a cmd: source in a file that others may open", "chmod 600 "+path)
		}
		if err := load(t, Options{Path: path, Set: []string{"api_password=cmd:echo x"}}).Validate(nil); err != nil {
			t.Errorf("%o: a command from a flag is refused: %v", mode, err)
		}
		key := load(t, Options{Path: path, Set: []string{"api_password=env:X", "cache.key=passphrase:cmd:x"}})
		if err := key.Validate(nil); err != nil {
			t.Errorf("%o: %v", mode, err)
		}
	}
	path := write(t, strings.Replace(twentyLines, "    timeout: 20s", "    cache: {key: 'passphrase:cmd:echo c4nary'}", 1))
	if err := os.Chmod(path, 0o644); err != nil {
		t.Fatal(err)
	}
	refused(t, load(t, Options{Path: path}).Validate(nil), "cache.key: a cmd: source", "chmod 600")
}

const broken = `profiles:
  default:
    endpoint_url: http://pam.example.com/x
    api_usr: svc
    api_password: c4nary-Pa55
    default_domain: 'EX\'
    domain_map:
      one.example: ONE
      One.Example: ONE
      two.example.: TWO
      deux.example: two
      long.example: ABCDEFGHIJKLMNOP
      a: b
      b: a
    template_jobs:
      windows: spin
      toaster: 7
    timeout: 30
    tls:
      client_cert: none.pem
  lab:
    max_parallel: lots
    endpoint_url: https://pam.example.com/x?q
`

func TestLintReportsAllAtOnce(t *testing.T) {
	t.Parallel()
	path := write(t, broken)
	if err := os.Chmod(path, 0o666); err != nil {
		t.Fatal(err)
	}
	problems, err := Lint(Options{Path: path, Getenv: noEnv, Set: []string{"dialect=none"}}, nil)
	if err != nil {
		t.Fatal(err)
	}
	for _, c := range []struct {
		severity  Severity
		line      int
		key, says string
	}{
		{SeverityError, 3, "endpoint_url", "http would send"},
		{SeverityError, 4, "api_usr", "unknown key"},
		{SeverityError, 0, "api_user", "is required"},
		{SeverityError, 5, "api_password", "not a secret source"},
		{SeverityError, 6, "default_domain", "not a domain"},
		{SeverityError, 9, "domain_map", "one.example is given twice, first in line 8"},
		{SeverityWarning, 10, "domain_map", `"two.example." ends in a dot`},
		{SeverityError, 12, "domain_map", "16 characters"},
		{SeverityError, 10, "domain_map", "deux.example and two.example both map to TWO"},
		{SeverityError, 13, "domain_map", "a = b = a is a cycle"},
		{SeverityError, 16, "template_jobs", "not a number above zero"},
		{SeverityError, 17, "template_jobs", "not an account-store type"},
		{SeverityError, 18, "timeout", "has no unit"},
		{SeverityWarning, 20, "tls.client_cert", "no such file"},
		{SeverityError, 0, "tls.client_key", "required beside"},
		{SeverityError, 0, "dialect", "none of auto"},
		{SeverityError, 22, "max_parallel", "not a whole number"},
		{SeverityError, 23, "endpoint_url", "a query"},
	} {
		if p := found(t, problems, c.severity, c.key, c.says); p.Line != c.line || c.line > 0 && p.File != path {
			t.Errorf("%v is at line %d, want %d", p, p.Line, c.line)
		}
	}
	if os.PathSeparator == '/' {
		found(t, problems, SeverityError, "", "others may change this file")
	}
	lines := 0
	for _, p := range problems {
		if p.Line > 0 && p.Line < lines && p.File == path {
			t.Errorf("%v is out of order", p)
		}
		lines = max(lines, p.Line)
		if p.Profile == "lab" && strings.Contains(p.Message, notSet) {
			t.Errorf("a profile that is not in use need not be complete: %v", p)
		}
	}
}

func TestLintFindsNothingWrongWithGoodSettings(t *testing.T) {
	t.Parallel()
	path := write(t, twentyLines)
	if err := os.WriteFile(filepath.Join(filepath.Dir(path), "ca.pem"), nil, 0o600); err != nil {
		t.Fatal(err)
	}
	if problems, err := Lint(Options{Path: path, Getenv: noEnv}, nil); err != nil || len(problems) != 0 {
		t.Errorf("%v %v", problems, err)
	}
}

func TestLintWorksWithoutAFileOrAProfile(t *testing.T) {
	t.Parallel()
	if _, err := Lint(Options{Path: "/no/such/file", Getenv: noEnv}, nil); err == nil {
		t.Error("a file that is not there is not reported")
	}
	problems, err := Lint(Options{Getenv: noEnv}, nil)
	if err != nil {
		t.Fatal(err)
	}
	found(t, problems, SeverityError, "endpoint_url", "is required")
	problems, err = Lint(Options{Path: write(t, twentyLines), Profile: "lab", Getenv: noEnv}, nil)
	if err != nil {
		t.Fatal(err)
	}
	found(t, problems, SeverityError, "", `no profile "lab"`)
	problems, err = Lint(Options{Path: write(t, "a: [c4nary"), Getenv: noEnv}, nil)
	if err != nil {
		t.Fatal(err)
	}
	found(t, problems, SeverityError, "", "not YAML")
}

func TestAVariableSpeltWrongIsFound(t *testing.T) {
	t.Parallel()
	problems := LintEnv([]string{
		"HOME=/root", "REDIM_ENDPOINT_ULR=c4nary", "REDIM_TLS_CAFILE=x", "REDIM_CONFG=x",
		"REDIM_TIMEOUT=1s", "REDIM_CONFIG=x", "REDIM_NO_INPUT=1", "REDIM_MY_OWN_PASSWORD_FOR_LAB=c4nary",
	})
	if len(problems) != 3 {
		t.Fatalf("%v", problems)
	}
	for i, want := range []string{"REDIM_ENDPOINT_URL", "REDIM_TLS_CA_FILE", "REDIM_CONFIG"} {
		if p := problems[i]; p.Hint != "did you mean "+want || p.Severity != SeverityWarning || strings.Contains(p.String(), "c4nary") {
			t.Errorf("%v %s", p, p.Hint)
		}
	}
}

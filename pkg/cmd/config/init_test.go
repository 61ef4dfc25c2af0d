package config_test

import (
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/redim-tools/redim/pkg/config"
)

const service = "https://pam.example.com/ERPMWebService/AuthService.svc"

func TestInitTakesEverySettingFromFlags(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	w.env["CI"] = "1"
	r := w.ok("config", "init", "--endpoint-url", service, "--api-user", "svc-redim", "--api-password-from", "env:REDIM_API_SECRET",
		"--authenticator", "EX", "--default-domain", "EX", "--fallback-to-local", "--domain-map", "example.local=EX", "--domain-map", "corp.example=CORP",
		"--include-shared-lists", "--prefer-ip=false", "--spin-jobs", "--job-comment", "By <username>", "--template-jobs", "windows=101,linux=102",
		"--set", "timeout=1m", "--set", "tls.server_name=pam")
	same(t, "stdout", r.out, "")
	has(t, r.err, "made profile default of "+w.file(), "test it with: redim test-settings --user USER --endpoint HOST\n")
	same(t, "the file", w.text(), `profiles:
  default:
    endpoint_url: `+service+`
    api_user: svc-redim
    api_password: env:REDIM_API_SECRET
    authenticator: EX
    default_domain: EX
    fallback_to_local: true
    domain_map:
      example.local: EX
      corp.example: CORP
    include_shared_lists: true
    prefer_ip: false
    spin_jobs: true
    job_comment: By <username>
    template_jobs:
      windows: 101
      linux: 102
    timeout: 1m
    tls:
      server_name: pam
`)
	has(t, w.ok("config", "lint").err, "nothing is wrong")
}

func TestEveryVendorSettingHasAFlag(t *testing.T) {
	t.Parallel()
	help := newWorld(t).ok("config", "init", "--help").out
	n := 0
	for _, k := range config.Keys() {
		if k.Vendor == "" {
			continue
		}
		n++
		has(t, help, "--"+strings.ReplaceAll(k.Name, "_", "-"))
	}
	if n != 12 {
		t.Errorf("%d vendor settings", n)
	}
}

func TestInitKeepsAPasswordFromStandardInput(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	w.stdin = canary + "\n"
	r := w.ok("config", "init", "--profile", "lab", "--endpoint-url", service, "--api-user", "svc-redim", "--api-password-from", "-")
	has(t, r.err, "the password is kept in the keyring", "test-settings --profile lab --user")
	same(t, "the keyring", w.kept("svc-redim@pam.example.com"), canary)
	has(t, w.text(), "  lab:\n", "    api_password: keyring:svc-redim@pam.example.com\n")
}

func TestInitRefusesAndWritesNothing(t *testing.T) {
	t.Parallel()
	all := func(more ...string) []string {
		return append([]string{"--endpoint-url", service, "--api-user", "svc-redim", "--api-password-from", "env:X"}, more...)
	}
	for name, tt := range map[string]struct {
		args  []string
		words []string
	}{
		"nothing given":     {nil, []string{"--endpoint-url, --api-user and --api-password-from are not given, and can't be asked for: CI is set"}},
		"one missing":       {[]string{"--endpoint-url", service, "--set", "api_user=x"}, []string{"--api-password-from is not given"}},
		"a password":        {all("--set", "api_password="+canary), []string{"api_password: this is not a secret source", "--api-password-from -"}},
		"a password flag":   {[]string{"--api-password-from", canary}, []string{"not a secret source"}},
		"a value":           {all("--domain-map", "example.local=ABCDEFGHIJKLMNOP"), []string{"has 16 characters"}},
		"an unknown key":    {all("--set", "tiemout=1m"), []string{"unknown key", "timeout"}},
		"no assignment":     {all("--set", "timeout"), []string{"an assignment has no ="}},
		"cleartext":         {[]string{"--endpoint-url", "http://pam.example.com/x"}, []string{"readable over the network"}},
		"half a client key": {all("--set", "tls.client_cert=/c.pem"), []string{"tls.client_key"}},
		"a bad profile":     {all("--profile", "a b"), []string{`"a b" is not a name for a profile`}},
		"an argument":       {all("x"), []string{"takes no argument"}},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			w := newWorld(t)
			w.env["CI"] = "1"
			w.fails(2, tt.words, append([]string{"config", "init"}, tt.args...)...)
			if _, err := os.Stat(filepath.Join(w.home, ".config")); err == nil {
				t.Errorf("something was written: %s", w.text())
			}
		})
	}
}

func TestInitLeavesAProfileAlone(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	w.holds(sample)
	w.stdin = canary
	w.fails(2, []string{"profile lab of " + w.file() + " exists already", "redim config set", "--profile NAME"},
		"config", "init", "--profile", "lab", "--endpoint-url", service, "--api-user", "x", "--api-password-from", "-")
	same(t, "the file", w.text(), sample)
	if len(w.ring) > 0 {
		t.Error("a password was kept")
	}
	w.ok("config", "init", "--profile", "new", "--endpoint-url", service, "--api-user", "x", "--api-password-from", "prompt")
	same(t, "the file up to there", w.text()[:len(sample)], sample)
}

func TestInitInADryRunShowsWhatItWouldWrite(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	w.stdin = canary
	r := w.ok("config", "init", "--dry-run", "--endpoint-url", service, "--api-user", "svc-redim", "--api-password-from", "-", "--spin-jobs")
	same(t, "stdout", r.out, "endpoint_url\t"+service+"\napi_user\tsvc-redim\napi_password\t[redacted] (to be kept in the keyring or in the encrypted secrets file)\nspin_jobs\ttrue\n")
	has(t, r.err, "would make profile default", "warning: spin_jobs: ")
	if len(w.ring) > 0 || w.text() != "" {
		t.Errorf("a dry run left %d passwords and %q", len(w.ring), w.text())
	}
}

func TestInitAsksForEverythingOnATerminal(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	w.tty = true
	w.ask = says(
		"Endpoint URL", "", "Endpoint URL", "ftp://x", "Endpoint URL", service,
		"API User", "svc-redim",
		"Authenticator", "EX",
		"Where is the API password", "keyring", "API Password", canary,
		"Default Domain", "EX",
		"fall-back", "yes",
		"Domain mapping", "example.local", "Domain mapping", "example.local=EX", "Domain mapping", "corp.example=CORP", "Domain mapping", "",
		"Shared Credential Lists", "no", "IP address", "", "spin jobs?", "yes",
		"Job Comment", "",
		"Template job", "windoze=1", "Template job", "windows=101", "Template job", "",
	)
	r := w.ok("config", "init")
	has(t, r.err, "the password is kept in the keyring", "test it with: redim test-settings")
	same(t, "the keyring", w.kept(`ex\svc-redim@pam.example.com`), canary)
	same(t, "the file", w.text(), `profiles:
  default:
    endpoint_url: `+service+`
    api_user: svc-redim
    authenticator: EX
    api_password: keyring:ex\svc-redim@pam.example.com
    default_domain: EX
    fallback_to_local: true
    domain_map:
      example.local: EX
      corp.example: CORP
    spin_jobs: true
    template_jobs:
      windows: 101
`)
	has(t, strings.Join(w.ask.refused, "\n"), "this is required", "does not start with https://", "there is no = with a name before it", "did you mean windows")
}

func TestInitAsksOnlyForWhatNoFlagGives(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	w.tty = true
	w.ask = says("Where is the API password", "environment", "Name of the variable", "$X", "Name of the variable", "",
		"Authenticator", "", "Default Domain", "", "fall-back", "", "Domain mapping", "", "Lists", "", "IP", "")
	// The order of the form, less what is given.
	w.ask.answers = append(w.ask.answers[3:4], append(w.ask.answers[:3:3], w.ask.answers[4:]...)...)
	w.ok("config", "init", "--endpoint-url", service, "--api-user", "svc-redim", "--spin-jobs=false")
	has(t, w.text(), "api_password: env:REDIM_API_SECRET\n", "spin_jobs: false\n")
}

func TestInitOffersEveryKindOfSource(t *testing.T) {
	t.Parallel()
	for choice, tt := range map[string]struct{ label, text, want string }{
		"in a file":       {"File that holds", "/run/secrets/pw", "file:/run/secrets/pw"},
		"command":         {"Command line", "pass show redim", "cmd:pass show redim"},
		"every time":      {"", "", "prompt"},
		"environment var": {"Name of the variable", "MINE", "env:MINE"},
	} {
		t.Run(choice, func(t *testing.T) {
			t.Parallel()
			w := newWorld(t)
			w.tty = true
			w.ask = says("Endpoint", service, "API User", "svc", "Authenticator", "", "Where is", choice)
			if tt.label != "" {
				w.ask.answers = append(w.ask.answers, says(tt.label, tt.text).answers...)
			}
			w.ask.answers = append(w.ask.answers, says("Default Domain", "", "fall-back", "", "Domain mapping", "", "Lists", "", "IP", "", "spin", "").answers...)
			w.ok("config", "init")
			has(t, w.text(), "api_password: "+tt.want+"\n")
		})
	}
}

func TestInitBrokenOffWritesNothing(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	w.tty = true
	w.ask = says("Endpoint", service, "API User", "^C")
	w.fails(130, []string{"cancelled"}, "config", "init")
	same(t, "the file", w.text(), "")
}

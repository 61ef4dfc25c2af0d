package config_test

import (
	"errors"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/redim-tools/redim/pkg/pam"
)

func TestSetChangesOneLineAndSaysSo(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	w.holds(sample)
	r := w.ok("config", "set", "authenticator", "CORP")
	same(t, "stderr", r.err, "set authenticator to CORP in profile default of "+w.file()+"\n")
	same(t, "stdout", r.out, "")
	same(t, "the file", w.text(), strings.Replace(sample, "authenticator: EX", "authenticator: CORP", 1))
	w.ok("config", "set", "domain_map.corp.example", "CORP", "--profile", "lab")
	has(t, w.text(), "    domain_map:\n      corp.example: CORP\n")
}

func TestSetMakesAFileAndAProfile(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	r := w.ok("config", "set", "timeout", "1m", "--profile", "lab")
	has(t, r.err, "made profile lab of "+w.file(), "set timeout to 1m in profile lab")
	same(t, "the file", w.text(), "profiles:\n  lab:\n    timeout: 1m\n")
	info, err := os.Stat(w.file())
	if err != nil || info.Mode().Perm() != 0o600 {
		t.Errorf("mode %v, %v", info.Mode(), err)
	}
}

func TestSetReadsAValueFromStandardInput(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	w.stdin = "example.local=EX,corp.example=CORP\n"
	w.ok("config", "set", "domain_map", "-")
	same(t, "the map", w.ok("config", "get", "domain_map").out, "corp.example=CORP,example.local=EX\n")
	w.stdin = strings.Repeat("x", 65<<10)
	w.fails(2, []string{"longer than 64 KiB"}, "config", "set", "job_comment", "-")
}

func TestSetRefusesAndChangesNothing(t *testing.T) {
	t.Parallel()
	for name, tt := range map[string]struct {
		args  []string
		words []string
	}{
		"no key":         {nil, []string{"needs the key of a setting"}},
		"no value":       {[]string{"timeout"}, []string{"no value for timeout", "redim config set timeout '1m'"}},
		"no entry value": {[]string{"domain_map.a.example"}, []string{"redim config set domain_map.a.example EX"}},
		"unknown key":    {[]string{"timout", "1m"}, []string{"unknown key", "timeout"}},
		"unknown alone":  {[]string{"timout"}, []string{"unknown key", "timeout"}},
		"bad value":      {[]string{"timeout", "soon"}, []string{`"soon" is not a duration`}},
		"a cycle":        {[]string{"domain_map", "a.example=b.example,b.example=a.example"}, []string{"cycle"}},
		"cleartext":      {[]string{"endpoint_url", "http://pam.example.com/x"}, []string{"readable over the network", "--accept-risk=cleartext"}},
		"key=value":      {[]string{"api_password=" + canary}, []string{"in one word", "config set api_password VALUE"}},
		"three words":    {[]string{"api_password", "c4nary", "Pa55"}, []string{"got 3 words"}},
		"a password":     {[]string{"api_password", canary}, []string{"not a secret source", "nothing was changed", "config set api_password -"}},
		"a dry password": {[]string{"api_password", canary, "--dry-run"}, []string{"not a secret source"}},
		"a pass phrase":  {[]string{"cache.key", "passphrase:" + canary}, []string{"not a secret source"}},
		"a URL password": {[]string{"endpoint_url", "https://u:c4nary@pam.example.com/x"}, []string{"belongs in api_user"}},
		"an unknown one": {[]string{"api_pasword", canary}, []string{"the nearest known key is api_password"}},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			w := newWorld(t)
			w.holds(sample)
			w.fails(2, tt.words, append([]string{"config", "set"}, tt.args...)...)
			same(t, "the file", w.text(), sample)
		})
	}
}

func TestSetTakesANamedRisk(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	w.ok("config", "set", "endpoint_url", "http://pam.example.com/x", "--accept-risk=cleartext")
	has(t, w.text(), "http://pam.example.com/x")
}

func TestSetInADryRunWritesNothing(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	has(t, w.ok("config", "set", "timeout", "1m", "--dry-run").err, "would make profile default", "would set timeout to 1m")
	if _, err := os.Stat(filepath.Join(w.home, ".config")); !errors.Is(err, os.ErrNotExist) {
		t.Errorf("a dry run made the folder: %v", err)
	}
	has(t, w.ok("config", "set", "api_password", "--dry-run").err, "would read the password", "keyring")
	has(t, w.ok("config", "set", "api_password", "env:NAME", "--dry-run").err, "would set api_password to [redacted] (env:NAME)")
	same(t, "the file", w.text(), "")
}

func TestSetWarnsWhereTheEnvironmentGoesBefore(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	w.env["REDIM_TIMEOUT"] = "9s"
	r := w.ok("config", "set", "timeout", "1m")
	has(t, r.err, "set timeout to 1m", "warning: REDIM_TIMEOUT is set, and goes before the file")
}

func TestSetAsksForThePasswordAndKeepsItElsewhere(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	w.holds(sample)
	w.tty, w.ask = true, says("API Password", canary)
	r := w.ok("config", "set", "api_password")
	has(t, r.err, "the password is kept in the keyring of the operating system\n",
		`set api_password to [redacted] (keyring:ex\svc-redim@pam.example.com)`)
	same(t, "the keyring", w.kept(`ex\svc-redim@pam.example.com`), canary)
	has(t, w.text(), `api_password: keyring:ex\svc-redim@pam.example.com # where it is`)
}

func TestSetReadsThePasswordFromStandardInput(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	w.stdin = canary + "\n"
	w.ok("config", "set", "api_password", "-")
	same(t, "the keyring", w.kept("default api_password"), canary)
	same(t, "the file", w.text(), "profiles:\n  default:\n    api_password: keyring:default api_password\n")
	w.stdin = "\n"
	w.fails(2, []string{"the secret is empty"}, "config", "set", "api_password", "-")
}

func TestSetKeepsThePasswordOfAFileAndAProfileThatAreNew(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	w.stdin = canary
	path := filepath.Join(w.home, "new", "settings.yaml")
	w.env["REDIM_CACHE_KEY"] = "keyring"
	w.ok("config", "set", "api_password", "-", "--config", path, "--profile", "lab", "--set", "endpoint_url="+service, "--set", "api_user=svc")
	same(t, "the source", w.ok("config", "get", "api_password", "--config", path, "--profile", "lab").out, "[redacted] (keyring:svc@pam.example.com)\n")
	same(t, "the settings that it was kept under", w.keptUnder.Cache.Key, "keyring")
	w.ok("config", "init", "--config", path, "--profile", "more", "--endpoint-url", service, "--api-user", "svc", "--api-password-from", "-")
	same(t, "the settings of init", w.keptUnder.Cache.Key+" "+w.keptUnder.Profile, "keyring more")
}

func TestSetReplacesAPasswordThatStandsInTheFile(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	w.holds("profiles:\n  default:\n    api_password: " + `"c4nary"` + "\n    timeout: 1m\n")
	w.stdin = canary
	w.ok("config", "set", "api_password", "-")
	same(t, "the source", w.ok("config", "get", "api_password").out, "[redacted] (keyring:default api_password)\n")
	same(t, "the end of the file", w.text()[len(w.text())-16:], "    timeout: 1m\n")
	if strings.Contains(w.text(), "c4nary") {
		t.Errorf("the password is still there:\n%s", w.text())
	}
}

func TestSetWithoutATerminalNamesTheWaysOut(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	w.env["CI"] = "1"
	w.fails(2, []string{"API Password is not given, and it can't be asked for: CI is set", "pass - and the password on standard input"}, "config", "set", "api_password")
	same(t, "the file", w.text(), "")
}

func TestSetChangesNothingWhenThePasswordCantBeKept(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	w.holds(sample)
	w.stdin, w.noRing = canary, pam.Failf(pam.ErrOther, "the keyring is locked").WithHint("unlock it")
	w.fails(1, []string{"the keyring is locked", "unlock it"}, "config", "set", "api_password", "-")
	same(t, "the file", w.text(), sample)
	w.tty, w.ask = true, says("API Password", "^C")
	w.fails(130, []string{"cancelled"}, "config", "set", "api_password")
	w.ask = says("API Password", "")
	w.fails(2, []string{"the password is empty"}, "config", "set", "api_password")
}

func TestUnsetTakesOneSettingOut(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	w.holds(sample)
	has(t, w.ok("config", "unset", "authenticator", "--dry-run").err, "would remove authenticator from profile default of "+w.file()+"; it is not set now")
	same(t, "the file", w.text(), sample)
	has(t, w.ok("config", "unset", "authenticator").err, "removed authenticator")
	same(t, "the file", w.text(), strings.Replace(sample, "    authenticator: EX\n", "", 1))
	has(t, w.ok("config", "unset", "authenticator").err, "authenticator is not set in profile default")
	has(t, w.ok("config", "unset", "timeout").err, "timeout is not set")
	w.fails(2, []string{"unknown key", "timeout"}, "config", "unset", "timout")
	w.ok("config", "unset", "domain_map.example.local")
	if strings.Contains(w.text(), "domain_map") {
		t.Errorf("an empty map is left:\n%s", w.text())
	}
}

func TestUnsetOfNothingMakesNoFile(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	w.ok("config", "unset", "timeout")
	if _, err := os.Stat(filepath.Join(w.home, ".config")); !errors.Is(err, os.ErrNotExist) {
		t.Errorf("the folder was made: %v", err)
	}
}

func TestUnsetTellsTheDefaultThatHoldsNow(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	w.holds("profiles:\n  default:\n    timeout: 1m\n    tiemout: 3s\n")
	has(t, w.ok("config", "unset", "tiemout").err, "removed tiemout")
	has(t, w.ok("config", "unset", "timeout").err, "removed timeout", "it is 30s now")
}

func TestImportDomainsTakesAllLines(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	w.holds(sample)
	lines := filepath.Join(w.home, "domains.txt")
	if err := os.WriteFile(lines, []byte("\xef\xbb\xbf# ours\r\nexample.local=EX\r\ncorp.example=CORP\r\n"), 0o600); err != nil {
		t.Fatal(err)
	}
	has(t, w.ok("config", "import-domains", lines, "--dry-run").err, "would add corp.example", "dry run: 1 added, 0 changed, 1 as before")
	same(t, "the file", w.text(), sample)
	has(t, w.ok("config", "import-domains", lines).err, "added corp.example", "1 added, 0 changed, 1 as before in domain_map of profile default")
	has(t, w.text(), "      example.local: EX\n      corp.example: CORP\n")
	w.stdin = "EXAMPLE.local=EXA\n"
	has(t, w.ok("config", "import-domains", "-").err, "changed example.local", "0 added, 1 changed")
}

func TestImportDomainsTakesNoLineWhenOneIsWrong(t *testing.T) {
	t.Parallel()
	for name, tt := range map[string]struct {
		in    string
		words []string
	}{
		"several": {"a.example=A\nb.example\nc.example=ABCDEFGHIJKLMNOP\n", []string{"standard input:2: error: ", "standard input:3: error: ", "has 16 characters", "2 errors in standard input, so nothing is imported"}},
		"a cycle": {"a.example=b.example\nb.example=a.example\n", []string{"cycle"}},
		"no text": {"\xff\xfe\x00a", []string{"not text in UTF-8"}},
		"long":    {strings.Repeat("#\n", 600<<10), []string{"longer than 1 MiB"}},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			w := newWorld(t)
			w.holds(sample)
			w.stdin = tt.in
			w.fails(2, tt.words, "config", "import-domains", "-")
			same(t, "the file", w.text(), sample)
		})
	}
	w := newWorld(t)
	w.fails(2, []string{"no such file"}, "config", "import-domains", filepath.Join(w.home, "none"))
	w.fails(2, []string{"is a directory"}, "config", "import-domains", w.home)
	w.fails(2, []string{"needs a file, or - for standard input"}, "config", "import-domains")
}

package config_test

import (
	"encoding/json"
	"path/filepath"
	"strings"
	"testing"
)

const sample = `# our service
profiles:
  default:
    endpoint_url: https://pam.example.com/ERPMWebService/AuthService.svc
    api_user: svc-redim
    authenticator: EX
    api_password: cmd:pass show c4nary/redim # where it is
    domain_map:
      example.local: EX
  lab:
    endpoint_url: https://lab.example.com/ERPMWebService/AuthService.svc
    api_user: svc-lab
    api_password: env:LAB
`

func TestShowTellsEverySettingAndNoSecret(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	w.holds(sample)
	w.env["REDIM_TIMEOUT"] = "1m"
	r := w.ok("config", "show", "--origin", "--set", "max_parallel=3")
	for _, line := range []string{
		"endpoint_url\thttps://pam.example.com/ERPMWebService/AuthService.svc\t" + w.file() + ":4",
		"api_password\t[redacted] (cmd:pass …)\t" + w.file() + ":7",
		"domain_map\texample.local=EX\t" + w.file() + ":8",
		"timeout\t1m\tREDIM_TIMEOUT",
		"max_parallel\t3\t--set",
		"prefer_ip\tfalse\tdefault",
	} {
		has(t, r.out, line+"\n")
	}
	if plain := w.ok("config", "show").out; strings.Contains(plain, "default\n") || strings.Count(plain, "\n") != strings.Count(r.out, "\n") {
		t.Errorf("without --origin:\n%s", plain)
	}
}

func TestShowInJSONPinsItsFields(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	w.holds(sample)
	var doc struct {
		Schema int              `json:"schema"`
		Items  []map[string]any `json:"items"`
	}
	if err := json.Unmarshal([]byte(w.ok("config", "show", "-o", "json").out), &doc); err != nil {
		t.Fatal(err)
	}
	if doc.Schema != 1 || len(doc.Items) < 20 {
		t.Fatalf("schema %d, %d items", doc.Schema, len(doc.Items))
	}
	first, _ := json.Marshal(doc.Items[0])
	same(t, "the first item", string(first),
		`{"key":"endpoint_url","origin":{"file":"`+w.file()+`","layer":"profile","line":4,"name":"default"},"value":"https://pam.example.com/ERPMWebService/AuthService.svc"}`)
}

func TestShowReadsTheProfileThatIsNamed(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	w.holds(sample)
	has(t, w.ok("config", "show", "--profile", "lab").out, "api_user\tsvc-lab\n")
	w.fails(2, []string{`no profile "prod"`, "default, lab"}, "config", "show", "--profile", "prod")
}

func TestGetWritesOneValue(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	w.holds(sample)
	for key, want := range map[string]string{
		"api_user": "svc-redim\n", "domain_map.EXAMPLE.local": "EX\n", "api_password": "[redacted] (cmd:pass …)\n",
		"default_domain": "\n", "cache.token_ttl": "20m\n",
	} {
		same(t, key, w.ok("config", "get", key).out, want)
	}
	same(t, "JSON", w.ok("config", "get", "timeout", "-o", "json").out,
		`{"schema":1,"key":"timeout","value":"30s","origin":{"layer":"default"}}`+"\n")
	same(t, "YAML", w.ok("config", "get", "domain_map", "-o", "yaml").out[:9], "schema: 1")
}

func TestGetRefusesWhatIsNotThere(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	w.holds(sample)
	w.fails(2, []string{"unknown key", "the nearest known key is timeout"}, "config", "get", "timout")
	w.fails(106, []string{"domain_map has no entry corp.example"}, "config", "get", "domain_map.corp.example")
	w.fails(2, []string{"needs the key of a setting"}, "config", "get")
	r := w.fails(2, nil, "config", "get", "timout", "-o", "json")
	has(t, r.err, `"class":"usage"`, `"hint":"the nearest known key is timeout"`)
}

func TestPathTellsWhereTheFileIs(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	r := w.ok("config", "path")
	same(t, "path", r.out, w.file()+"\n")
	has(t, r.err, "does not exist yet")
	w.holds(sample)
	if r := w.ok("config", "path"); r.err != "" {
		t.Errorf("says %q of a file that is there", r.err)
	}
	w.env["REDIM_CONFIG"] = filepath.Join(w.home, "other.yaml")
	same(t, "JSON", w.ok("config", "path", "-o", "json", "--profile", "lab").out,
		`{"schema":1,"path":"`+w.env["REDIM_CONFIG"]+`","exists":false,"profile":"lab"}`+"\n")
	same(t, "--config", w.ok("config", "path", "--config", "/x/y.yaml").out, "/x/y.yaml\n")
	delete(w.env, "HOME")
	delete(w.env, "REDIM_CONFIG")
	w.fails(2, []string{"HOME is not set", "--config"}, "config", "path")
}

func TestListProfilesKeepsTheOrderOfTheFile(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	has(t, w.ok("config", "list-profiles").err, "config init")
	w.holds(sample)
	w.env["REDIM_PROFILE"] = "lab"
	same(t, "the list", w.ok("config", "list-profiles").out,
		"default\tfalse\thttps://pam.example.com/ERPMWebService/AuthService.svc\tEX\\svc-redim\n"+
			"lab\ttrue\thttps://lab.example.com/ERPMWebService/AuthService.svc\tsvc-lab\n")
	has(t, w.ok("config", "list-profiles", "-o", "json").out,
		`{"profile":"lab","in_use":true,"endpoint_url":"https://lab.example.com/ERPMWebService/AuthService.svc","api_user":"svc-lab"}`)
}

func TestListProfilesShowsAProfileThatIsWrong(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	w.holds("profiles:\n  default:\n    timeout: soon\n")
	same(t, "the list", w.ok("config", "list-profiles").out, "default\ttrue\t\t\n")
	w.holds("profiles: [\n")
	w.fails(2, []string{"this is not YAML"}, "config", "list-profiles")
}

func TestLintTellsEverythingAtOnce(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	w.holds(strings.Replace(sample, "    authenticator: EX\n", "    authenticator: EX\n    timeout: soon\n    tiemout: 3s\n    spin_jobs: true\n", 1))
	r := w.fails(2, []string{"the settings have 2 errors and 1 warning"}, "config", "lint")
	has(t, r.out, "error\t"+w.file()+":7\ttimeout\t", "error\t"+w.file()+":8\ttiemout\tunknown key\tthe nearest known key is timeout",
		"warning\t"+w.file()+":9\tspin_jobs\t")
	r = w.fails(2, []string{`"class":"usage"`}, "config", "lint", "-o", "json")
	has(t, r.out, `"severity":"warning","profile":"default","key":"spin_jobs","where":"`+w.file()+`:9","file":"`+w.file()+`","line":9,`)
}

func TestLintFailsOnWarningsOnlyWhenStrict(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	w.holds(sample)
	has(t, w.ok("config", "lint", "--strict").err, "nothing is wrong")
	w.holds(strings.Replace(sample, "    authenticator: EX\n", "    spin_jobs: true\n", 1))
	has(t, w.ok("config", "lint").err, "1 warning, no error")
	w.fails(2, []string{"0 errors and 1 warning"}, "config", "lint", "--strict")
}

func TestLintWithoutAFileSaysHowToMakeOne(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	r := w.fails(2, []string{"3 errors"}, "config", "lint")
	has(t, r.out, "endpoint_url", "redim config init")
}

func TestCompletionOffersKeysAndTheirValues(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	for line, want := range map[string]string{
		"get ":                      "timeout\tLongest wait for one answer\n",
		"get timeout ":              ":4\n",
		"set tls.":                  "tls.min_version\tLowest version of TLS to speak\n",
		"set prefer_ip ":            "true\nfalse\n:4\n",
		"set dialect ":              "auto\njson-v2\njson-v1\nrest\n:4\n",
		"set api_password ":         "env:\nfile:\n",
		"set tls.ca_file ":          ":0\n",
		"set timeout ":              ":4\n",
		"unset ":                    "cache.key\tWhat the token cache is encrypted with\n",
		"init --api-password-from ": "keyring:\n",
		"show -o ":                  "table\njson\nyaml\ncsv\n",
	} {
		has(t, w.ok(append([]string{"__complete", "config"}, strings.Split(line, " ")...)...).out, want)
	}
}

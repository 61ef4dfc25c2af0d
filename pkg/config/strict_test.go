package config

import (
	"strconv"
	"strings"
	"testing"
)

func TestTheFileIsReadStrictly(t *testing.T) {
	t.Parallel()
	const head = "profiles:\n  default:\n"
	const operations = head + "    dialect_operations:\n"
	for _, c := range []struct{ name, text, says, hints string }{
		{"an unknown key", head + "    endpoint_ulr: x\n", "settings.yaml:3: endpoint_ulr: unknown key", "nearest known key is endpoint_url"},
		{"an unknown key with dashes", head + "    api-user: x\n", "api-user: unknown key", "nearest known key is api_user"},
		{"an unknown key in a group", head + "    tls:\n      cafile: x\n", "settings.yaml:4: tls.cafile: unknown key", "tls.ca_file"},
		{"a key of the group outside it", head + "    ca_file: x\n", "ca_file: unknown key", "tls.ca_file"},
		{"a key that is like none", head + "    skip_verification: yes\n", "skip_verification: unknown key", "the keys are endpoint_url, "},
		{"an unknown key of another profile", head + "    timeout: 3s\n  lab:\n    tmeout: 3s\n", "settings.yaml:5: tmeout: unknown key", "timeout"},
		{"a key with a dot", head + "    tls.ca_file: x\n", "written in two lines", "tls: and below it, indented, ca_file:"},
		{"an entry with a dot", head + "    domain_map.example.local: EX\n", "written in two lines", "domain_map: and below"},
		{"a key outside of the profiles", "timeout: 3s\n", "settings.yaml:1: timeout: unknown key at the top", "put it below a profile"},
		{"an unknown key at the top", "defaults: {}\n", "unknown key at the top", "only profiles:"},
		{"a key twice", head + "    timeout: 3s\n    timeout: 4s\n", `settings.yaml:4: "timeout" is given twice, first in line 3`, "keep one"},
		{"a profile twice", head + "  default: {}\n", `profile "default" is given twice`, "keep one"},
		{"a domain twice", head + "    domain_map:\n      a.example: A\n      A.example.: A\n", "settings.yaml:5: domain_map: a.example is given twice, first in line 4", "case"},
		{"a type twice", head + "    template_jobs:\n      windows: 1\n      OS_Windows: 2\n", "windows is given twice, first in line 4", "keep one"},
		{"a list of profiles", "profiles: [a]\n", "profiles is not a map", "default:"},
		{"a text", "hello\n", "not a map of settings", "profiles:"},
		{"a profile that is a text", "profiles:\n  default: c4nary\n", "not a map of settings", "indent"},
		{"a profile with an odd name", "profiles:\n  a b: {}\n  default: {}\n", "not a name for a profile", "letters"},
		{"a group that is a text", head + "    tls: c4nary\n", "tls: this is not a map", "indent"},
		{"a map for a text", head + "    api_user: {a: b}\n", "a single value is wanted", "write api_user: svc-redim"},
		{"a text for a map", head + "    domain_map: a=b\n", "domain_map: this is not a map", "indent"},
		{"an entry without a value", head + "    domain_map:\n      a.example:\n", "a.example has no value", "example.local: EX"},
		{"a key that is a map", head + "    {a: b}: c\n", "a name is expected", "NAME: VALUE"},
		{"a tab", "profiles:\n\tdefault: {}\n", "settings.yaml:2: this is not YAML", "no tabs"},
		{"an open bracket", "profiles: {default: {api_password: c4nary", "this is not YAML", "quote"},
		{"an alias", head + "    api_user: &a x\n    authenticator: *a\n", "settings.yaml:3: anchors, aliases", "write the value out"},
		{"an unknown alias", head + "    api_password: *c4nary\n", "this is not YAML: an alias", "quote"},
		{"a merge", "profiles:\n  base: &base {timeout: 3s}\n  default:\n    <<: *base\n", "anchors, aliases", "write the value out"},
		{"a tag", head + "    api_user: !!binary YWJj\n", "anchors, aliases and tags", "quotes"},
		{"a second document", head + "    timeout: 3s\n---\nprofiles: {}\n", "more than one YAML document", "---"},
		{"a password in the open", head + "    api_password: c4nary-Pa55\n", "settings.yaml:3: api_password: this is not a secret source", "env:NAME"},
		{"a bool that is none", head + "    prefer_ip: maybe\n", `"maybe" is neither true nor false`, "true or false"},
		{"a number that is none", head + "    max_parallel: many\n", "not a whole number", "like 16"},
		{"a number too large", head + "    max_parallel: 1000\n", "not between 1 and 256", ""},
		{"a number too small", head + "    max_parallel: 0\n", "not between 1 and 256", ""},
		{"a duration without a unit", head + "    timeout: 30\n", `"30" has no unit`, "30s for seconds"},
		{"a duration that is none", head + "    timeout: soon\n", "not a duration", "1m"},
		{"a duration below zero", head + "    timeout: -3s\n", "not between 1ms and 1h", ""},
		{"a duration of zero", head + "    timeout: 0\n", "0s is not between 1ms and 1h", ""},
		{"a choice that is none", head + "    dialect: json-v3\n", "none of auto, json-v2, json-v1, rest", "did you mean json-v2"},
		{"an unknown operation", operations + "      log_inn: {path: x}\n", "settings.yaml:4: dialect_operations: log_inn is no operation", "log_in, log_in_certificate, log_in_windows, log_in_as"},
		{"an unknown line of an operation", operations + "      log_in: {path: x}\n      log_out:\n        path: x\n        paht: x\n", "settings.yaml:7: dialect_operations: log_out: there is no line paht", "redim dialect show"},
		{"an unknown line of a reply", operations + "      log_in:\n        reply:\n          kind: token\n          from: x\n", "settings.yaml:7: dialect_operations: log_in: there is no line reply.from", ""},
		{"a name that nothing fills in", operations + "      log_out:\n        request:\n          A: $token\n          B:\n            C: $tokn\n", "settings.yaml:8: dialect_operations: log_out: request.B.C: $tokn is not known; known are $token", ""},
		{"a token in the address", operations + "      log_out:\n        method: GET\n        query: {T: $token}\n", "settings.yaml:6: dialect_operations: log_out: query: $token would end up in logs", ""},
		{"a request without a token", operations + "      log_out:\n        request: {}\n", "settings.yaml:4: dialect_operations: log_out: the token is sent nowhere", ""},
		{"a GET with a body", operations + "      log_out:\n        method: GET\n        request: {T: $token}\n", "settings.yaml:6: dialect_operations: log_out: a GET has no body", "redim dialect show"},
		{"a line of an operation twice", operations + "      log_out:\n        path: a\n        path: b\n", `settings.yaml:6: dialect_operations: "path" is given twice`, "keep one"},
		{"an operation for another dialect", "profiles:\n  default:\n    dialect: rest\n    dialect_operations:\n      login: {path: x}\n", "settings.yaml:5: dialect_operations: login is no operation", ""},
		{"two wrong operations", operations + "      log_in: {method: PUT}\n      log_out: {attested: sure}\n", "method PUT is neither POST nor GET (and 1 more)", "config lint"},
		{"an old TLS", head + "    tls: {min_version: '1.0'}\n", `"1.0" is none of 1.2, 1.3`, "did you mean 1.2"},
		{"a text with a control character", head + "    api_user: \"a\\tb\"\n", "holds a control character", "svc-redim"},
		{"a text of two lines", head + "    job_comment: |\n      a\n      b\n", "holds a control character", "one line"},
		{"a job id that is no number", head + "    template_jobs: {windows: spin}\n", `job id "spin" of windows is not a number`, "windows: 101"},
		{"a job id of zero", head + "    template_jobs: {windows: 0}\n", "not a number above zero", "list of jobs"},
		{"an unknown type", head + "    template_jobs: {window: 1}\n", `"window" is not an account-store type`, "did you mean windows"},
		{"a type like none", head + "    template_jobs: {toaster: 1}\n", "not an account-store type", "use one of"},
		{"a NetBIOS name of 16 characters", head + "    domain_map: {a.example: ABCDEFGHIJKLMNOP}\n", "has 16 characters", "1 to 15"},
		{"an empty NetBIOS name", head + "    domain_map: {a.example: ''}\n", "has 0 characters", "1 to 15"},
		{"a comment as a domain", head + "    domain_map: {'#a': A}\n", "not a domain name", "example.local"},
		{"a key of the cache that is none", head + "    cache: {key: c4nary}\n", "not a kind of key", "passphrase:SOURCE"},
		{"a pass phrase in the open", head + "    cache: {key: 'passphrase:c4nary'}\n", "not a secret source", "env:NAME"},
		{"a systemd credential with a path", head + "    cache: {key: 'systemd:../c4nary'}\n", "not a kind of key", ""},
	} {
		t.Run(c.name, func(t *testing.T) {
			t.Parallel()
			_, err := Load(Options{Path: write(t, c.text), Getenv: noEnv})
			refused(t, err, c.says, c.hints)
		})
	}
}

func TestAssignmentsAreReadStrictly(t *testing.T) {
	t.Parallel()
	path := write(t, twentyLines)
	for set, want := range map[string][2]string{
		"timeout":                    {"an assignment has no key or no =", "--set KEY=VALUE"},
		"=3s":                        {"an assignment has no key", "KEY=VALUE"},
		"tmeout=3s":                  {"--set: tmeout: unknown key", "timeout"},
		"timeout=3":                  {"--set: timeout: \"3\" has no unit", "3s"},
		"domain_map=example.local":   {"has no =", "example.local=EX"},
		"domain_map=a=A,A.=B":        {"a is given twice", "keep one"},
		"domain_map.a.example=A/B":   {"not allowed", "leave out"},
		"template_jobs.windows=x":    {"not a number", "101"},
		"api_password=c4nary-Pa55":   {"not a secret source", "env:NAME"},
		"api_password=":              {"no secret source is given", "env:NAME"},
		"cache.key=c4nary":           {"not a kind of key", "keyring"},
		"dialect_operations.x=c4nar": {"dialect_operations.x: unknown key", "dialect_operations"},
	} {
		_, err := Load(Options{Path: path, Set: []string{set}, Getenv: noEnv})
		refused(t, err, want[0], want[1])
	}
	_, err := Load(Options{Path: path, Getenv: env("REDIM_API_PASSWORD", "c4nary-Pa55")})
	refused(t, err, "REDIM_API_PASSWORD: api_password", "REDIM_API_PASSWORD=env:THAT_NAME")
	_, err = Load(Options{Path: path, Getenv: env("REDIM_PREFER_IP", "x", "REDIM_TIMEOUT", "y")})
	refused(t, err, "REDIM_PREFER_IP: prefer_ip", "all of them: redim config lint")
	if !strings.Contains(err.Error(), "(and 1 more)") {
		t.Error(err)
	}
}

func TestWordsForTruthAreTaken(t *testing.T) {
	t.Parallel()
	for text, want := range map[string]bool{"true": true, "Yes": true, "on": true, "1": true, "false": false, "NO": false, "off": false, "0": false} {
		if s := load(t, Options{Path: write(t, "profiles: {default: {prefer_ip: "+text+"}}")}); s.PreferIP != want {
			t.Errorf("%s is %v", text, s.PreferIP)
		}
	}
}

func TestALargeOrDeepFileIsRefused(t *testing.T) {
	t.Parallel()
	_, err := Load(Options{Path: write(t, "# "+strings.Repeat("x", MaxFile)), Getenv: noEnv})
	refused(t, err, "longer than 1 MiB", "right file")
	_, err = Load(Options{Path: write(t, "profiles: "+strings.Repeat("{a: ", 20000)), Getenv: noEnv})
	refused(t, err, "this is not YAML", "")
	bomb := "a0: &a0 [x, x]\n"
	for i := range 40 {
		bomb += "a" + strconv.Itoa(i+1) + ": &a" + strconv.Itoa(i+1) + " [*a" + strconv.Itoa(i) + ", *a" + strconv.Itoa(i) + "]\n"
	}
	_, err = Load(Options{Path: write(t, bomb), Getenv: noEnv})
	refused(t, err, "anchors, aliases", "")
}

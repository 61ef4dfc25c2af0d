package config

import (
	"os"
	"path/filepath"
	"strconv"
	"strings"
	"sync"
	"testing"

	"pgregory.net/rapid"
)

const commented = `# our settings
profiles: # all of them

  # production
  default:
    endpoint_url: 'https://pam.example.com/ERPMWebService/AuthService.svc' # the IIS of the DMZ
    api_user:   "svc-redim"     # delegation
    api_password: env:REDIM_TEST_SECRET
    domain_map:   # ask m.ortiz
      # headquarters
      Example.Local.: EX
      corp.example: CORP # since 2019
    timeout: 20s

    tls:
      # private authority
      ca_file: /etc/redim/ca.pem

  # the other one
  staging:
    endpoint_url: https://stage.example.com/ERPMWebService/AuthService.svc
# the end
`

// edited runs one change on a file with that text.
func edited(t testing.TB, before string, change func(*File) error) string {
	t.Helper()
	path := write(t, before)
	if err := Edit(t.Context(), path, change); err != nil {
		t.Fatal(err)
	}
	after, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	return string(after)
}

func TestSetAndUnsetChangeNothingButTheirLine(t *testing.T) {
	t.Parallel()
	for _, c := range []struct{ name, profile, key, text, old, new string }{
		{"a plain value before a blank line", "default", "timeout", "1m", "timeout: 20s\n", "timeout: 1m\n"},
		{"a quoted value with spacing and a comment", "default", "api_user", "svc-2", `api_user:   "svc-redim"     #`, `api_user:   svc-2     #`},
		{"a single-quoted value", "default", "endpoint_url", "https://b.example/x", "'https://pam.example.com/ERPMWebService/AuthService.svc' #", "https://b.example/x #"},
		{"a value that needs quotes", "default", "api_user", "007", `"svc-redim"  `, `"007"  `},
		{"an entry of a map, in the spelling of the file", "default", "domain_map.example.LOCAL", "EX2", "Example.Local.: EX\n", "Example.Local.: EX2\n"},
		{"a new entry of a map", "default", "domain_map.new.example", "NEW", "# since 2019\n", "# since 2019\n      new.example: NEW\n"},
		{"a new key of a group", "default", "tls.min_version", "1.3", "ca.pem\n", "ca.pem\n      min_version: 1.3\n"},
		{"a new key, at the end of its profile", "default", "max_parallel", "4", "ca.pem\n", "ca.pem\n    max_parallel: 4\n"},
		{"a new key of another profile", "staging", "api_user", "svc", "stage.example.com/ERPMWebService/AuthService.svc\n", "stage.example.com/ERPMWebService/AuthService.svc\n    api_user: svc\n"},
		{"a new group", "staging", "cache.token_ttl", "5m", "stage.example.com/ERPMWebService/AuthService.svc\n", "stage.example.com/ERPMWebService/AuthService.svc\n    cache:\n      token_ttl: 5m\n"},
		{"a new map", "staging", "template_jobs", "linux=2,windows=1", "stage.example.com/ERPMWebService/AuthService.svc\n", "stage.example.com/ERPMWebService/AuthService.svc\n    template_jobs:\n      linux: 2\n      windows: 1\n"},
		{"a new profile", "lab", "api_user", "svc", "stage.example.com/ERPMWebService/AuthService.svc\n", "stage.example.com/ERPMWebService/AuthService.svc\n  lab:\n    api_user: svc\n"},
		{"a removed key", "default", "timeout", "", "    timeout: 20s\n", ""},
		{"a removed entry", "default", "domain_map.corp.example", "", "      corp.example: CORP # since 2019\n", ""},
		{"the last key of a group takes the group along", "default", "tls.ca_file", "", "    tls:\n      # private authority\n      ca_file: /etc/redim/ca.pem\n", ""},
		{"the last key of a profile leaves the profile", "staging", "endpoint_url", "", "    endpoint_url: https://stage.example.com/ERPMWebService/AuthService.svc\n", ""},
	} {
		t.Run(c.name, func(t *testing.T) {
			t.Parallel()
			if strings.Count(commented, c.old) != 1 {
				t.Fatalf("%q is not once in the text", c.old)
			}
			got := edited(t, commented, func(f *File) error {
				if c.text == "" {
					_, err := f.Unset(c.profile, c.key)
					return err
				}
				return f.Set(c.profile, c.key, c.text)
			})
			if want := strings.Replace(commented, c.old, c.new, 1); got != want {
				t.Errorf("got\n%s\nwant\n%s", got, want)
			}
			windows := edited(t, strings.ReplaceAll(commented, "\n", "\r\n"), func(f *File) error {
				if c.text == "" {
					_, err := f.Unset(c.profile, c.key)
					return err
				}
				return f.Set(c.profile, c.key, c.text)
			})
			if want := strings.ReplaceAll(got, "\n", "\r\n"); windows != want {
				t.Errorf("with CRLF: got\n%q\nwant\n%q", windows, want)
			}
		})
	}
}

func TestSetWorksInEveryShapeOfFile(t *testing.T) {
	t.Parallel()
	const key, value = "api_user", "svc-new"
	for name, before := range map[string]string{
		"none":                   "",
		"only comments":          "# nothing yet\n",
		"no newline at the end":  "profiles:\n  default:\n    timeout: 3s",
		"empty profiles":         "profiles:\n",
		"empty profile":          "# a\nprofiles:\n  default: # mine\n  other:\n    timeout: 4s\n",
		"null":                   "profiles: ~\n",
		"flow":                   "# a\nprofiles: {default: {api_user: old, timeout: 3s}} # b\n",
		"empty flow":             "profiles: {default: {}}\n",
		"half flow":              "profiles:\n  default: {timeout: 3s} # b\n",
		"a folded value":         "profiles:\n  default:\n    api_user: >-\n      a\n      b\n    timeout: 3s\n",
		"a value of two lines":   "profiles:\n  default:\n    api_user: a\n      b\n    timeout: 3s\n",
		"a quote of two lines":   "profiles:\n  default:\n    api_user: \"a\n      b\"\n    timeout: 3s\n",
		"no value":               "profiles:\n  default:\n    api_user: # to be told\n    timeout: 3s\n",
		"value in the next line": "profiles:\n  default:\n    api_user:\n      old\n    timeout: 3s\n",
		"quoted names":           "profiles:\n  'default':\n    \"api_user\": old\n",
		"wide indentation":       "profiles:\n    default:\n        timeout: 3s\n",
		"a start of document":    "---\nprofiles:\n  default:\n    timeout: 3s\n...\n",
		"letters of many bytes":  "profiles:\n  default: {job_comment: 'größe 🔑', api_user: old}\n",
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			after := edited(t, before, func(f *File) error { return f.Set("default", key, value) })
			s, err := Load(Options{Path: write(t, after), Getenv: noEnv})
			if err != nil {
				t.Fatalf("%v in\n%s", err, after)
			}
			if s.APIUser != value {
				t.Errorf("api_user is %q in\n%s", s.APIUser, after)
			}
			if strings.Contains(before, "3s") && s.Timeout.String() != "3s" {
				t.Errorf("timeout is lost in\n%s", after)
			}
			for _, comment := range []string{"# nothing yet", "# a", "# b", "# mine", "# to be told"} {
				if strings.Contains(before, comment) && !strings.Contains(after, comment) {
					t.Errorf("%q is lost in\n%s", comment, after)
				}
			}
			again := edited(t, after, func(f *File) error {
				there, err := f.Unset("default", key)
				if !there {
					t.Error("nothing was removed")
				}
				return err
			})
			if s, err := Load(Options{Path: write(t, again), Getenv: noEnv}); err != nil || s.APIUser != "" {
				t.Errorf("after unset: %v in\n%s", err, again)
			}
		})
	}
}

// TestAnyEditsMeanWhatTheySay makes random changes and compares what the file
// says with a plain map.
func TestAnyEditsMeanWhatTheySay(t *testing.T) {
	t.Parallel()
	names := rapid.SampledFrom([]string{"api_user", "authenticator", "tls.server_name", "cache.key", "domain_map.a.example", "domain_map.b.example", "job_comment"})
	texts := rapid.SampledFrom([]string{"file", "keyring"})
	rapid.Check(t, func(rt *rapid.T) {
		f := &File{path: "settings.yaml", data: []byte(rapid.SampledFrom([]string{"", commented, "profiles: {default: {timeout: 3s}}\n"}).Draw(rt, "start"))}
		want := map[string]string{}
		for range rapid.IntRange(1, 8).Draw(rt, "edits") {
			profile := rapid.SampledFrom([]string{"default", "lab"}).Draw(rt, "profile")
			name := names.Draw(rt, "key")
			text := texts.Draw(rt, "text")
			if strings.HasPrefix(name, "domain_map.") {
				text = strings.ToUpper(name[11:12] + text)
			} else if name != "cache.key" {
				text = rapid.StringMatching(`[ -~äß]{0,12}`).Draw(rt, "free text")
			}
			if strings.ContainsAny(text, `\@`) && name == "authenticator" {
				continue
			}
			var err error
			if rapid.Bool().Draw(rt, "unset") {
				_, err = f.Unset(profile, name)
				delete(want, profile+" "+name)
			} else {
				err = f.Set(profile, name, text)
				want[profile+" "+name] = strings.TrimSpace(text)
			}
			if err != nil {
				rt.Fatalf("%s=%s: %v in\n%s", name, text, err, f.data)
			}
		}
		for pair, text := range want {
			profile, name, _ := strings.Cut(pair, " ")
			s, problems := fileOnly().load(f.document(), profile)
			if err := AsError(problems); err != nil {
				rt.Fatalf("%v in\n%s", err, f.data)
			}
			if got, err := s.Get(name); err != nil || got.Text != text {
				rt.Fatalf("%s is %q (%v), want %q in\n%s", pair, got.Text, err, text, f.data)
			}
		}
	})
}

func TestTwoEditsAtOnceLoseNothing(t *testing.T) {
	t.Parallel()
	path := filepath.Join(t.TempDir(), "made", "settings.yaml")
	var wg sync.WaitGroup
	for i := range 20 {
		wg.Go(func() {
			err := Edit(t.Context(), path, func(f *File) error {
				return f.Set("default", "domain_map.d"+strconv.Itoa(i)+".example", "D"+strconv.Itoa(i))
			})
			if err != nil {
				t.Error(err)
			}
		})
	}
	wg.Wait()
	s, err := Load(Options{Path: path, Getenv: noEnv})
	if err != nil || len(s.DomainMap) != 20 {
		t.Fatalf("%v, %d of 20 are left", err, len(s.DomainMap))
	}
	entries, err := os.ReadDir(filepath.Dir(path))
	if err != nil || len(entries) != 1 {
		t.Errorf("left over: %v %v", entries, err)
	}
	if info, err := os.Stat(path); err != nil || info.Mode().Perm() != 0o600 {
		t.Errorf("mode %v %v", info.Mode(), err)
	}
}

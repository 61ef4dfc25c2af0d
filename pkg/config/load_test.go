package config

import (
	"errors"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/redim-tools/redim/pkg/pam"
	"github.com/redim-tools/redim/pkg/secret"
)

const twentyLines = `# settings of the test estate
profiles:
  default:
    endpoint_url: https://pam.example.com/ERPMWebService/AuthService.svc
    api_user: svc-redim   # the delegation identity
    api_password: env:REDIM_TEST_SECRET
    default_domain: EX
    fallback_to_local: true
    domain_map:
      example.local: EX
      corp.example: CORP
    include_shared_lists: true
    prefer_ip: false
    spin_jobs: true
    template_jobs:
      windows: 101
      linux: 102
    tls:
      ca_file: ca.pem
    timeout: 20s
`

func noEnv(string) string { return "" }

// env is an environment of pairs.
func env(pairs ...string) func(string) string {
	return func(name string) string {
		for i := 0; i < len(pairs); i += 2 {
			if pairs[i] == name {
				return pairs[i+1]
			}
		}
		return ""
	}
}

// write makes a settings file, mode 0600.
func write(tb testing.TB, text string) string {
	tb.Helper()
	path := filepath.Join(tb.TempDir(), "settings.yaml")
	if err := os.WriteFile(path, []byte(text), 0o600); err != nil {
		tb.Fatal(err)
	}
	return path
}

func load(tb testing.TB, o Options) *Settings {
	tb.Helper()
	if o.Getenv == nil {
		o.Getenv = noEnv
	}
	s, err := Load(o)
	if err != nil {
		tb.Fatal(err)
	}
	return s
}

// refused asserts a usage failure that says and hints certain things, and does
// not repeat what may be a secret.
func refused(tb testing.TB, err error, says, hints string) {
	tb.Helper()
	f, ok := errors.AsType[*pam.Failure](err)
	if !ok || !errors.Is(err, pam.ErrUsage) {
		tb.Fatalf("got %v, want a usage failure that says %q", err, says)
	}
	if !strings.Contains(f.Message, says) || !strings.Contains(f.Hint, hints) || f.Hint == "" {
		tb.Errorf("got %q with hint %q, want %q with hint %q", f.Message, f.Hint, says, hints)
	}
	if strings.Contains(f.Message+f.Hint, "c4nary") {
		tb.Errorf("it repeats the secret: %q, %q", f.Message, f.Hint)
	}
}

func TestLoadFillsEveryField(t *testing.T) {
	t.Parallel()
	path := write(t, twentyLines)
	s := load(t, Options{Path: path})
	if err := s.Validate(nil); err != nil {
		t.Fatal(err)
	}
	if s.Path != path || s.Profile != "default" || s.APIUser != "svc-redim" || s.DefaultDomain != "EX" || s.Timeout != 20*time.Second {
		t.Errorf("%+v", s)
	}
	if s.APIPassword != (secret.Source{Kind: secret.KindEnv, Arg: "REDIM_TEST_SECRET"}) {
		t.Errorf("api_password is %v", s.APIPassword)
	}
	if !s.FallbackToLocal || !s.IncludeSharedLists || s.PreferIP || !s.SpinJobs {
		t.Errorf("%+v", s)
	}
	if len(s.DomainMap) != 2 || s.DomainMap["example.local"] != "EX" || len(s.TemplateJobs) != 2 || s.TemplateJobs[pam.StoreUnix] != 102 {
		t.Errorf("%v %v", s.DomainMap, s.TemplateJobs)
	}
	if s.TLS != (TLS{CAFile: filepath.Join(filepath.Dir(path), "ca.pem"), MinVersion: "1.2"}) {
		t.Errorf("%+v", s.TLS)
	}
	if s.MaxParallel != 8 || s.Dialect != "auto" || s.JobComment != "Checked out by <username>" || s.Cache != (Cache{Key: "file", TokenTTL: 20 * time.Minute}) {
		t.Errorf("defaults: %+v", s)
	}
	if s.Identity() != (pam.Identity{Name: "svc-redim"}) {
		t.Errorf("identity %v", s.Identity())
	}
}

func TestALayerWinsOverThoseBelow(t *testing.T) {
	t.Parallel()
	path := write(t, twentyLines)
	all := Options{Path: path, Set: []string{"timeout=1s", "timeout=2s"}, Getenv: env("REDIM_TIMEOUT", "3s", "REDIM_MAX_PARALLEL", "4", "REDIM_API_USER", "")}
	s := load(t, all)
	if s.Timeout != 2*time.Second || s.MaxParallel != 4 || s.APIUser != "svc-redim" || s.Dialect != "auto" {
		t.Errorf("%+v", s)
	}
	for key, want := range map[string]Origin{
		"timeout":                  {Layer: LayerFlag, Name: "timeout"},
		"max_parallel":             {Layer: LayerEnv, Name: "REDIM_MAX_PARALLEL"},
		"api_user":                 {Layer: LayerProfile, Name: "default", File: path, Line: 5},
		"tls.ca_file":              {Layer: LayerProfile, Name: "default", File: path, Line: 19},
		"domain_map":               {Layer: LayerProfile, Name: "default", File: path, Line: 9},
		"domain_map.corp.example":  {Layer: LayerProfile, Name: "default", File: path, Line: 11},
		"domain_map.CORP.example.": {Layer: LayerProfile, Name: "default", File: path, Line: 11},
		"domain_map.none.example":  {Layer: LayerDefault},
		"dialect":                  {Layer: LayerDefault},
		"no_such_key":              {Layer: LayerDefault},
	} {
		if got := s.Origin(key); got != want {
			t.Errorf("%s comes from %+v, want %+v", key, got, want)
		}
	}
	for key, want := range map[string]string{"timeout": "--set", "max_parallel": "REDIM_MAX_PARALLEL", "api_user": path + ":5", "dialect": "default"} {
		if got := s.Origin(key).String(); got != want {
			t.Errorf("%s comes from %q, want %q", key, got, want)
		}
	}
}

func TestMapsAreReplacedOrLaidOver(t *testing.T) {
	t.Parallel()
	path := write(t, twentyLines)
	for _, c := range []struct {
		name string
		set  []string
		env  func(string) string
		want pam.DomainMap
	}{
		{"the file alone", nil, noEnv, pam.DomainMap{"example.local": "EX", "corp.example": "CORP"}},
		{"a variable replaces", nil, env("REDIM_DOMAIN_MAP", "a.example=A, b.example=B\nc.example=C"), pam.DomainMap{"a.example": "A", "b.example": "B", "c.example": "C"}},
		{"a flag replaces", []string{"domain_map=a.example=A"}, env("REDIM_DOMAIN_MAP", "b.example=B"), pam.DomainMap{"a.example": "A"}},
		{"a flag empties", []string{"domain_map="}, noEnv, pam.DomainMap{}},
		{"an entry is laid over", []string{"domain_map.Example.LOCAL.=NEW", "domain_map.d.example=D"}, noEnv, pam.DomainMap{"example.local": "NEW", "corp.example": "CORP", "d.example": "D"}},
		{"an entry over a variable", []string{"domain_map.d.example=D"}, env("REDIM_DOMAIN_MAP", "b.example=B"), pam.DomainMap{"b.example": "B", "d.example": "D"}},
	} {
		t.Run(c.name, func(t *testing.T) {
			t.Parallel()
			s := load(t, Options{Path: path, Set: c.set, Getenv: c.env})
			if got, _ := showMap(s.DomainMap); got != first(showMap(c.want)) {
				t.Errorf("got %s, want %v", got, c.want)
			}
		})
	}
	s := load(t, Options{Path: path, Set: []string{"template_jobs.DB_SQLServer=103"}})
	if len(s.TemplateJobs) != 3 || s.TemplateJobs[pam.StoreSQLServer] != 103 || s.Origin("template_jobs.mssql").Layer != LayerFlag {
		t.Errorf("%v", s.TemplateJobs)
	}
	s = load(t, Options{Path: path, Set: []string{"template_jobs.OS_Windows=7"}})
	if len(s.TemplateJobs) != 2 || s.TemplateJobs[pam.StoreWindows] != 7 || s.Origin("template_jobs.linux").Line != 17 {
		t.Errorf("%v", s.TemplateJobs)
	}
}

func first(text string, _ any) string { return text }

func TestTreesComeFromTheFileOrOneLine(t *testing.T) {
	t.Parallel()
	path := write(t, "profiles:\n  default:\n    dialect_operations:\n      log_in:\n        path: /x\n        request: {members: [a, b]}\n")
	if s := load(t, Options{Path: path}); first(showTree(s.DialectOperations)) != "{log_in: {path: /x, request: {members: [a, b]}}}" {
		t.Errorf("%v", s.DialectOperations)
	}
	s := load(t, Options{Path: path, Set: []string{`dialect_operations={"log_in":{"path":"/y"}}`}})
	if first(showTree(s.DialectOperations)) != "{log_in: {path: /y}}" {
		t.Errorf("%v", s.DialectOperations)
	}
	for _, bad := range []string{"[a]", "a", "{a: *b}", "{a: &b c, d: *b}", "{", "{[a]: b}"} {
		_, err := Load(Options{Path: path, Set: []string{"dialect_operations=" + bad}, Getenv: noEnv})
		refused(t, err, "dialect_operations", "")
	}
}

func TestARelativePathStartsWhereItIsWritten(t *testing.T) {
	t.Parallel()
	path := write(t, "profiles: {default: {api_password: 'file:pw', cache: {key: 'file:k'}, tls: {client_key: /abs/key, ca_file: sub/ca.pem}}}")
	dir := filepath.Dir(path)
	s := load(t, Options{Path: path})
	if s.APIPassword.Arg != filepath.Join(dir, "pw") || s.Cache.Key != "file:"+filepath.Join(dir, "k") || s.TLS.ClientKey != "/abs/key" || s.TLS.CAFile != filepath.Join(dir, "sub", "ca.pem") {
		t.Errorf("%+v", s)
	}
	here, err := filepath.Abs("ca.pem")
	if err != nil {
		t.Fatal(err)
	}
	if s := load(t, Options{Path: path, Set: []string{"tls.ca_file=ca.pem"}}); s.TLS.CAFile != here {
		t.Errorf("%s, want %s", s.TLS.CAFile, here)
	}
}

func TestNoFileIsFineWhenTheOtherLayersGiveAll(t *testing.T) {
	t.Parallel()
	home := t.TempDir()
	given := []string{"HOME", home, "APPDATA", home, "REDIM_ENDPOINT_URL", "https://pam.example.com/x", "REDIM_API_PASSWORD", "env:PW"}
	s := load(t, Options{Set: []string{"api_user=svc"}, Getenv: env(given...)})
	if err := s.Validate(nil); err != nil || !strings.HasPrefix(s.Path, home) {
		t.Errorf("%v, %s", err, s.Path)
	}
	s = load(t, Options{Set: []string{"api_user=svc"}, Getenv: env(given[4:]...)})
	if err := s.Validate(nil); err != nil || s.Path != "" {
		t.Errorf("without HOME: %v, %s", err, s.Path)
	}
	refused(t, load(t, Options{Getenv: env(given...)}).Validate(nil), "api_user: is required and not set", "redim config init")
	refused(t, load(t, Options{Getenv: env(given[4:]...)}).Validate(nil), "api_user: is required and not set", "--config or REDIM_CONFIG")
}

func TestAFileOrProfileThatIsNotThereIsNamed(t *testing.T) {
	t.Parallel()
	path := write(t, "profiles:\n  prod:\n    timeout: 3s\n  lab: {}\n")
	_, err := Load(Options{Path: path + ".none", Getenv: noEnv})
	refused(t, err, path+".none does not exist", "config init --config "+path+".none")
	_, err = Load(Options{Path: path, Getenv: noEnv})
	refused(t, err, `no profile "default"`, "has prod, lab")
	_, err = Load(Options{Path: path, Profile: "prd", Getenv: noEnv})
	refused(t, err, `no profile "prd"`, "has prod, lab")
	_, err = Load(Options{Path: write(t, ""), Profile: "prd", Getenv: noEnv})
	refused(t, err, `no profile "prd"`, "config init --profile prd")
	_, err = Load(Options{Getenv: env("REDIM_CONFIG", path+".none", "REDIM_PROFILE", "prd")})
	refused(t, err, `no profile "prd"`, "config init --profile prd")
	_, err = Load(Options{Path: t.TempDir(), Getenv: noEnv})
	refused(t, err, "is a directory", "")
	if s := load(t, Options{Getenv: env("REDIM_CONFIG", path, "REDIM_PROFILE", "prod")}); s.Timeout != 3*time.Second || s.Profile != "prod" {
		t.Errorf("%+v", s)
	}
	if s := load(t, Options{Profile: "lab", Getenv: env("REDIM_CONFIG", path, "REDIM_PROFILE", "prod")}); s.Profile != "lab" {
		t.Errorf("%+v", s)
	}
}

func BenchmarkLoad(b *testing.B) {
	path := write(b, twentyLines)
	b.ReportAllocs()
	for b.Loop() {
		s, err := Load(Options{Path: path, Getenv: noEnv})
		if err != nil || s.Validate(nil) != nil {
			b.Fatal(err)
		}
	}
}

package config

import (
	"encoding/json"
	"errors"
	"strings"
	"testing"

	"pgregory.net/rapid"

	"github.com/redim-tools/redim/pkg/pam"
	"github.com/redim-tools/redim/pkg/secret"
)

func TestItemsAreWhatSetTakes(t *testing.T) {
	t.Parallel()
	s := with(t, "mfa_code=prompt", "fallback_urls=https://a/b,https://c/d", "dialect_operations={log_out: {request: {AuthenticationToken: $token, b: [1, x]}}}", "timeout=59m30s", "cache.token_ttl=24h", "credential=env:NIGHTLY_SECRET")
	var set []string
	for _, i := range s.Items() {
		if i.Key.Type != TypeSecret {
			set = append(set, i.Name+"="+i.Text)
		}
	}
	again := load(t, Options{Set: append(set, "api_password="+s.APIPassword.Text(), "mfa_code="+s.MFACode.Text(), "credential=env:NIGHTLY_SECRET")})
	for i, item := range again.Items() {
		if want := s.Items()[i]; item.Text != want.Text || item.Origin.Layer != LayerFlag {
			t.Errorf("%s is %q from %v, was %q", item.Name, item.Text, item.Origin, want.Text)
		}
	}
	if got := len(s.Items()); got != len(Keys()) || got != len(Names()) {
		t.Errorf("%d items", got)
	}
}

func TestItemsShowNoSecret(t *testing.T) {
	t.Parallel()
	s := with(t, "api_password=cmd:get c4nary", "cache.key=passphrase:cmd:PW=c4nary get")
	text, err := json.Marshal(s.Items())
	if err != nil || strings.Contains(string(text), "c4nary") {
		t.Errorf("%s, %v", text, err)
	}
	for name, want := range map[string]string{"api_password": "[redacted] (cmd:get …)", "cache.key": "passphrase:cmd:…"} {
		if i, err := s.Get(name); err != nil || i.Text != want || i.Value != want {
			t.Errorf("%s: %q %v, %v", name, i.Text, i.Value, err)
		}
	}
}

func TestGetFindsKeysAndEntries(t *testing.T) {
	t.Parallel()
	s := with(t, "timeout=1h", "authenticator=")
	for name, want := range map[string]string{
		"timeout": "1h", "api_user": "svc-redim", "prefer_ip": "false", "max_parallel": "8", "authenticator": "",
		"domain_map": "corp.example=CORP,example.local=EX", "domain_map.EXAMPLE.local.": "EX",
		"template_jobs": "linux=102,windows=101", "template_jobs.windows": "101", "template_jobs.OS_UnixAndCompat": "102",
		"dialect_operations": "", "cache.token_ttl": "20m", "tls.min_version": "1.2",
	} {
		if i, err := s.Get(name); err != nil || i.Text != want || i.Name != name {
			t.Errorf("%s: %q, %v", name, i.Text, err)
		}
	}
	_, err := s.Get("tls.cafile")
	refused(t, err, "tls.cafile: unknown key", "tls.ca_file")
	for _, name := range []string{"domain_map.none.example", "template_jobs.mssql", "template_jobs.toaster"} {
		if _, err := s.Get(name); !errors.Is(err, pam.ErrNotFound) {
			t.Errorf("%s: %v", name, err)
		}
	}
}

func TestTheTableOfKeysIsSound(t *testing.T) {
	t.Parallel()
	reservedNames := strings.Join(reserved(), " ")
	seen, vendor := map[string]bool{}, 0
	for _, k := range Keys() {
		if seen[k.Env()] || strings.Contains(reservedNames, k.Env()) {
			t.Errorf("%s has a variable that is taken: %s", k.Name, k.Env())
		}
		seen[k.Env()] = true
		if k.Vendor != "" {
			vendor++
		}
		if k.Doc == "" || k.Example == "" || !strings.HasSuffix(k.Doc, ".") && !strings.HasSuffix(k.Doc, ").") {
			t.Errorf("%s is not described", k.Name)
		}
		if k.Secret() != (k.Type == TypeSecret) || k.Required && k.Default != "" {
			t.Errorf("%s contradicts itself", k.Name)
		}
		s := load(t, Options{Set: []string{k.Name + "=" + k.Example}, Getenv: noEnv})
		if s.Origin(k.Name).Layer != LayerFlag {
			t.Errorf("the example of %s is not taken", k.Name)
		}
	}
	if vendor != 12 {
		t.Errorf("the vendor has 12 settings, not %d", vendor)
	}
}

func TestTheFingerprintCoversWhatASignInGoesBy(t *testing.T) {
	t.Parallel()
	base := Settings{EndpointURL: "https://pam.example.com/x/AuthService.svc", APIUser: "svc", Authenticator: "EX"}
	password := base
	password.APIPassword = secret.Source{Kind: secret.KindEnv, Arg: "PASSWORD"}
	same := []Settings{
		{EndpointURL: "HTTPS://PAM.Example.com:443/x/AuthService.svc/", APIUser: "SVC", Authenticator: "ex"},
		{EndpointURL: " https://pam.example.com/x/AuthService.svc ", APIUser: "svc", Authenticator: "EX", Timeout: 7, Profile: "other", Dialect: "rest"},
		{EndpointURL: base.EndpointURL, APIUser: "svc", Authenticator: "EX", FallbackURLs: []string{"https://pam2.example.com/x"}, TLS: TLS{ClientCert: "a.pem"}},
	}
	other := []Settings{
		{EndpointURL: "http://pam.example.com/x/AuthService.svc", APIUser: "svc", Authenticator: "EX"},
		{EndpointURL: "https://pam.example.com:8443/x/AuthService.svc", APIUser: "svc", Authenticator: "EX"},
		{EndpointURL: "https://pam.example.com/y/AuthService.svc", APIUser: "svc", Authenticator: "EX"},
		{EndpointURL: base.EndpointURL, APIUser: "svc2", Authenticator: "EX"},
		{EndpointURL: base.EndpointURL, APIUser: "svc"},
		{EndpointURL: base.EndpointURL, APIUser: "svce", Authenticator: "x"},
		{EndpointURL: base.EndpointURL, APIUser: "svc", Authenticator: "EX", SignIn: SignInKerberos},
		{EndpointURL: base.EndpointURL, APIUser: "svc", Authenticator: "EX", SignIn: SignInKerberos, Kerberos: Kerberos{Principal: "svc@OTHER"}},
		{EndpointURL: base.EndpointURL, APIUser: "svc", Authenticator: "EX", SignIn: SignInCertificate},
		{EndpointURL: base.EndpointURL, APIUser: "svc", Authenticator: "EX", SignIn: SignInCertificate, TLS: TLS{ClientCert: "a.pem"}},
		password,
		{},
	}
	for _, s := range same {
		if s.Fingerprint() != base.Fingerprint() {
			t.Errorf("%v is the same", s.EndpointURL)
		}
	}
	for _, s := range other {
		if s.Fingerprint() == base.Fingerprint() || len(s.Fingerprint()) != 64 {
			t.Errorf("%v is another", s)
		}
	}
	rapid.Check(t, func(rt *rapid.T) {
		one := Settings{APIUser: rapid.StringMatching(`[a-c:0-9]{0,4}`).Draw(rt, "user"), Authenticator: rapid.StringMatching(`[a-c:0-9]{0,4}`).Draw(rt, "domain")}
		two := Settings{APIUser: rapid.StringMatching(`[a-c:0-9]{0,4}`).Draw(rt, "user"), Authenticator: rapid.StringMatching(`[a-c:0-9]{0,4}`).Draw(rt, "domain")}
		if (one.Identity() == two.Identity()) != (one.Fingerprint() == two.Fingerprint()) {
			rt.Fatalf("%v and %v", one.Identity(), two.Identity())
		}
	})
}

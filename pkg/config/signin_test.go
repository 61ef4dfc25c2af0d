package config

import (
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
)

func TestEachWayToSignInNeedsItsOwnSettings(t *testing.T) {
	t.Parallel()
	base := []string{"endpoint_url=https://pam.example.com/x/AuthService.svc", "api_user=svc"}
	tests := []struct {
		name string
		set  []string
		want []string // the keys of the problems
	}{
		{"a password", []string{"api_password=env:X"}, nil},
		{"a password that is not there", nil, []string{"api_password"}},
		{"a code beside it", []string{"api_password=env:X", "mfa_code=prompt"}, nil},
		{"a code that is kept", []string{"api_password=env:X", "mfa_code=keyring:otp"}, []string{"mfa_code"}},
		{"a certificate", []string{"sign_in=certificate", "tls.client_cert=/c", "tls.client_key=/k"}, nil},
		{"a certificate that is not there", []string{"sign_in=certificate"}, []string{"tls.client_cert"}},
		{"half a certificate", []string{"sign_in=certificate", "tls.client_cert=/c"}, []string{"tls.client_key"}},
		{"Kerberos", []string{"sign_in=kerberos"}, nil},
		{"Kerberos with all there is", []string{"sign_in=kerberos", "kerberos.spn=HTTP/pam.example.com@EX.COM", "kerberos.keytab=/k", "kerberos.principal=svc@EX.COM"}, nil},
		{"settings of another way", []string{"api_password=env:X", "kerberos.keytab=/k", "kerberos.spn=HTTP/a"}, []string{"kerberos.spn", "kerberos.keytab"}},
		{"a code where none is asked for", []string{"sign_in=kerberos", "mfa_code=prompt"}, []string{"mfa_code"}},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			s := load(t, Options{Set: append(slices.Clone(base), tt.set...), Getenv: noEnv, Tool: ToolRedim})
			var got []string
			for _, p := range s.Problems(nil) {
				got = append(got, p.Key)
			}
			if !slices.Equal(got, tt.want) {
				t.Errorf("problems with %v, want %v", got, tt.want)
			}
		})
	}
}

func TestAnSPNIsOne(t *testing.T) {
	t.Parallel()
	for text, good := range map[string]bool{
		"HTTP/pam.example.com": true, "HTTP/pam@EX.COM": true, "": true,
		"pam.example.com": false, "HTTP/": false, "/pam": false, "HTTP/pam:443": false, "HTTP/pam@": false, "https://pam": false,
	} {
		if err := checkSPN(text); (err == nil) != good {
			t.Errorf("%q: %v", text, err)
		}
	}
}

func TestFallbackURLsComeAsAListOrInOneLine(t *testing.T) {
	t.Parallel()
	want := []string{"https://a.example.com/x/AuthService.svc", "https://b.example.com/x/AuthService.svc"}
	for name, text := range map[string]string{
		"a list":            "\n      - " + strings.Join(want, "\n      - "),
		"a list in a line":  " [" + strings.Join(want, ", ") + "]",
		"with commas":       " " + strings.Join(want, ","),
		"commas and blanks": " \"" + strings.Join(want, " , ") + "\"",
	} {
		path := filepath.Join(t.TempDir(), "settings.yaml")
		if err := os.WriteFile(path, []byte("profiles:\n  default:\n    fallback_urls:"+text+"\n"), 0o600); err != nil {
			t.Fatal(err)
		}
		s := load(t, Options{Path: path, Getenv: noEnv})
		if !slices.Equal(s.FallbackURLs, want) {
			t.Errorf("%s: %q", name, s.FallbackURLs)
		}
		if item, err := s.Get("fallback_urls"); err != nil || item.Text != strings.Join(want, ",") {
			t.Errorf("%s: shown as %q, %v", name, item.Text, err)
		}
	}
}

func TestEveryURLIsJudged(t *testing.T) {
	t.Parallel()
	s := load(t, Options{Getenv: noEnv, Set: []string{
		"endpoint_url=https://pam.example.com/x/AuthService.svc",
		"fallback_urls=http://b.example.com/x/AuthService.svc,https://user:c4nary@c.example.com/x/AuthService.svc,https://PAM.example.com:443/x/AuthService.svc/",
	}})
	var got []string
	for _, p := range s.checkURLs(false) {
		if strings.Contains(p.String()+p.Hint, "c4nary") {
			t.Errorf("%s repeats a password", p)
		}
		got = append(got, string(p.Severity)+" "+p.Message)
	}
	want := []string{"error http would send passwords readable over the network", "error a user or a password in the URL is refused", "warning an address stands twice"}
	if !slices.Equal(got, want) {
		t.Errorf("problems %q, want %q", got, want)
	}
	many := load(t, Options{Getenv: noEnv, Set: []string{"fallback_urls=" + strings.Repeat("https://x.example.com/a,", 9)}})
	if p := many.checkURLs(false); len(p) == 0 || !strings.Contains(p[len(p)-1].Message, "more than 8") {
		t.Errorf("too many addresses: %v", p)
	}
}

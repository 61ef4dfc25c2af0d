package config

import (
	"os"
	"path/filepath"
	"testing"
	"time"
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

// write makes a settings file, mode 0600.
func write(tb testing.TB, text string) string {
	tb.Helper()
	path := filepath.Join(tb.TempDir(), "settings.yaml")
	if err := os.WriteFile(path, []byte(text), 0o600); err != nil {
		tb.Fatal(err)
	}
	return path
}

func TestLoadReadsAProfile(t *testing.T) {
	t.Parallel()
	path := write(t, twentyLines)
	s, err := Load(Options{Path: path, Getenv: noEnv})
	if err != nil {
		t.Fatal(err)
	}
	if err := s.Validate(nil); err != nil {
		t.Fatal(err)
	}
	if s.Timeout != 20*time.Second || s.TLS.CAFile != filepath.Join(filepath.Dir(path), "ca.pem") || s.MaxParallel != 8 {
		t.Errorf("%+v", s)
	}
	t.Logf("%+v", s)
}

func BenchmarkLoad(b *testing.B) {
	path := write(b, twentyLines)
	b.ReportAllocs()
	for b.Loop() {
		if _, err := Load(Options{Path: path, Getenv: noEnv}); err != nil {
			b.Fatal(err)
		}
	}
}

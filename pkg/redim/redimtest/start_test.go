package redimtest_test

import (
	"crypto/tls"
	"crypto/x509"
	"errors"
	"fmt"
	"net"
	"net/http"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"sync"
	"testing"
	"time"

	"go.yaml.in/yaml/v3"

	"github.com/redim-tools/redim/pkg/pam"
	"github.com/redim-tools/redim/pkg/redim/redimtest"
	"github.com/redim-tools/redim/pkg/secret"
)

func TestOnlyLoopbackAddressesAreListenedOn(t *testing.T) {
	t.Parallel()
	for _, listen := range []string{":8443", "0.0.0.0:0", "[::]:0", "192.0.2.1:0", "example.local:0", "8443", "127.0.0.1"} {
		r, err := redimtest.Start(redimtest.Options{Listen: listen})
		var f *pam.Failure
		if !errors.As(err, &f) || f.Class != pam.ErrUsage || !strings.Contains(f.Hint, "127.0.0.1:") {
			t.Errorf("%s: %v", listen, err)
		}
		if err == nil {
			_ = r.Close()
		}
	}
	for _, listen := range []string{"", "127.0.0.1:0", "localhost:0"} {
		r := redimtest.NewServer(t, redimtest.Options{Listen: listen})
		if !strings.HasPrefix(r.URL(), "https://127.0.0.1:") || r.EndpointURL() != r.URL()+"/ERPMWebService/AuthService.svc" {
			t.Errorf("%s: %s, %s", listen, r.URL(), r.EndpointURL())
		}
	}
}

func TestAPortThatIsTakenIsAClearFailure(t *testing.T) {
	t.Parallel()
	first := redimtest.NewServer(t)
	_, err := redimtest.Start(redimtest.Options{Listen: strings.TrimPrefix(first.URL(), "https://")})
	var f *pam.Failure
	if !errors.As(err, &f) || f.Hint == "" {
		t.Error(err)
	}
}

func TestAServerEndsOnceAndForAll(t *testing.T) {
	t.Parallel()
	r, err := redimtest.Start(redimtest.Options{})
	if err != nil {
		t.Fatal(err)
	}
	if err := r.Close(); err != nil {
		t.Error(err)
	}
	if err := r.Close(); err != nil {
		t.Errorf("closed twice: %v", err)
	}
	dialer := net.Dialer{Timeout: time.Second}
	if conn, err := dialer.DialContext(t.Context(), "tcp", strings.TrimPrefix(r.URL(), "https://")); err == nil {
		_ = conn.Close()
		t.Error("it still listens")
	}
}

type stubTB struct {
	failed   string
	cleanups int
}

func (*stubTB) Helper()                             {}
func (s *stubTB) Cleanup(func())                    { s.cleanups++ }
func (s *stubTB) Fatalf(format string, args ...any) { s.failed = fmt.Sprintf(format, args...) }

func TestNewServerFailsTheTestWhenItCanNotStart(t *testing.T) {
	t.Parallel()
	tb := &stubTB{}
	if r := redimtest.NewServer(tb, redimtest.Options{Listen: ":1"}); r != nil || !strings.Contains(tb.failed, "loopback") || tb.cleanups != 0 {
		t.Errorf("%v, %+v", r, tb)
	}
}

func TestCertificatesAreWrongInTheWayAskedFor(t *testing.T) {
	t.Parallel()
	for _, c := range []struct {
		mode redimtest.TLSMode
		want any
	}{
		{redimtest.TLSGood, nil},
		{redimtest.TLSWrongName, new(x509.HostnameError)},
		{redimtest.TLSExpired, new(x509.CertificateInvalidError)},
		{redimtest.TLSOtherCA, new(x509.UnknownAuthorityError)},
	} {
		r := redimtest.NewServer(t, redimtest.Options{TLS: c.mode})
		client := &caller{t: t, client: r.HTTPClient()}
		_, _, err := client.send(http.MethodGet, r.URL()+"/-/stats", "", "")
		if c.want == nil && err != nil || c.want != nil && !errors.As(err, c.want) {
			t.Errorf("%q: %v", c.mode, err)
		}
	}
}

func TestAnUnknownCertificateFaultIsRefused(t *testing.T) {
	t.Parallel()
	if _, err := redimtest.Start(redimtest.Options{TLS: "self-signed"}); !errors.Is(err, pam.ErrUsage) {
		t.Error(err)
	}
}

// withCert is a client that shows a certificate of an identity.
func withCert(t *testing.T, r *redimtest.Running, identity string) *http.Client {
	t.Helper()
	cert, key, err := r.ClientCert(identity)
	if err != nil {
		t.Fatal(err)
	}
	var pair tls.Certificate
	if err := key.Reveal(func(b []byte) error { pair, err = tls.X509KeyPair(cert, b); return err }); err != nil {
		t.Fatal(err)
	}
	client := r.HTTPClient()
	transport, ok := client.Transport.(*http.Transport)
	if !ok {
		t.Fatal("no *http.Transport")
	}
	transport.TLSClientConfig.Certificates = []tls.Certificate{pair}
	return client
}

func TestAnIdentityMaySignInWithACertificate(t *testing.T) {
	t.Parallel()
	r, c := newCaller(t)
	plain := c.client
	c.client = withCert(t, r, "svc-redim")
	var out loginReply
	c.ask("DoLogin2", map[string]any{"LoginType": 4}, &out)
	if status, _, _ := c.lists(out.OperationMessage); status != 200 {
		t.Errorf("with the certificate: %d", status)
	}
	c.client = plain
	if status, _, _ := c.lists(out.OperationMessage); status != 401 {
		t.Errorf("the token without the certificate: %d", status)
	}
	for _, other := range []string{`EX\alice`, "nobody"} {
		c.client = withCert(t, r, other)
		if status, _ := c.post("DoLogin2", `{"LoginType":4}`); status != 401 {
			t.Errorf("%s: %d", other, status)
		}
	}
	http := redimtest.NewServer(t, redimtest.Options{PlainHTTP: true})
	if _, _, err := http.ClientCert("svc-redim"); !errors.Is(err, pam.ErrUsage) || http.CAPEM() != nil {
		t.Errorf("with plain http: %v", err)
	}
}

func TestTheAPIPasswordIsGivenOrMadeAnew(t *testing.T) {
	t.Parallel()
	one, two := redimtest.NewServer(t), redimtest.NewServer(t)
	if one.APIPassword().Equal(two.APIPassword()) || !strings.HasPrefix(reveal(one.APIPassword()), "c4nary-") || !strings.HasSuffix(reveal(one.APIPassword()), `/+"<&é`) {
		t.Error("two servers share a password, or it lacks the marker")
	}
	given, c := newCaller(t, redimtest.Options{APIPassword: secret.FromString("c4nary-given")})
	if reveal(given.APIPassword()) != "c4nary-given" {
		t.Error("not the one given")
	}
	c.delegation(given)
	if fmt.Sprintf("%v %+v %#v", given.APIPassword(), given.APIPassword(), given.APIPassword()) != "[redacted] [redacted] [redacted]" {
		t.Error("the password can be printed")
	}
}

func TestPasswordsAreFoundByAnyNameOfTheirPlace(t *testing.T) {
	t.Parallel()
	r := redimtest.NewServer(t)
	for _, c := range []struct{ system, account, want string }{
		{"web01", "svc-web", `c4nary-Svc\Web %41$ß🔑`}, {"WEB01.example.LOCAL", "SVC-WEB", `c4nary-Svc\Web %41$ß🔑`},
		{"192.0.2.10", "Administrator", `c4nary-Web01-Adm/+"<&é`}, {"example.local", "svc-deploy", `c4nary-SvcDeploy/+"<&é`},
		{"Network gear: switch1", "admin", `c4nary-Switch1/+"<&é`}, {"Network gear: x", "admin", ""}, {"web01", "root", ""}, {"x", "y", ""},
	} {
		if got := reveal(r.Password(c.system, c.account)); got != c.want {
			t.Errorf("%s/%s: %q", c.system, c.account, got)
		}
	}
}

func TestTheDirectoryHoldsWhatAClientNeeds(t *testing.T) {
	t.Parallel()
	dir := filepath.Join(t.TempDir(), "new", "dir")
	r := redimtest.NewServer(t)
	for range 2 { // the second time replaces the files
		if err := r.WriteDir(dir); err != nil {
			t.Fatal(err)
		}
	}
	entries, err := os.ReadDir(dir)
	if err != nil || len(entries) != 6 {
		t.Errorf("%v, %v", entries, err)
	}
	for name, want := range map[string]struct {
		mode os.FileMode
		text string
	}{
		"address": {0o644, r.URL() + "\n"}, "ca.pem": {0o644, string(r.CAPEM())}, "password": {0o600, reveal(r.APIPassword())},
		"settings.yaml": {0o600, "profiles:\n    default:\n        endpoint_url: " + r.EndpointURL() + "\n        api_user: svc-redim\n" +
			"        api_password: file:" + dir + "/password\n        fallback_to_local: true\n        domain_map:\n            example.local: EX\n" +
			"        include_shared_lists: true\n        spin_jobs: true\n        job_comment: Checked out by <username>\n" +
			"        template_jobs:\n            linux: 102\n            mssql: 103\n            windows: 101\n        tls:\n            ca_file: " + dir + "/ca.pem\n"},
	} {
		info, err := os.Stat(filepath.Join(dir, name))
		if err != nil {
			t.Fatal(err)
		}
		data, err := os.ReadFile(filepath.Join(dir, name))
		if err != nil || string(data) != want.text || info.Mode() != want.mode {
			t.Errorf("%s: mode %v, %v\n got %q\nwant %q", name, info.Mode(), err, data, want.text)
		}
	}
}

func TestTheSettingsFitTheEstate(t *testing.T) {
	t.Parallel()
	e := redimtest.SampleEstate()
	e.Settings = redimtest.Settings{}
	e.Identities = append([]redimtest.Identity{{Name: `EX\robot`, Impersonates: []string{"*"}}}, e.Identities...)
	r := redimtest.NewServer(t, redimtest.Options{Estate: e, PlainHTTP: true})
	dir := t.TempDir()
	if err := r.WriteDir(dir); err != nil {
		t.Fatal(err)
	}
	data, err := os.ReadFile(filepath.Join(dir, "settings.yaml"))
	if err != nil {
		t.Fatal(err)
	}
	var file struct {
		Profiles map[string]struct {
			APIUser       string `yaml:"api_user"`
			Authenticator string
			TLS           map[string]string
			TemplateJobs  map[string]int `yaml:"template_jobs"`
		}
	}
	if err := yaml.Unmarshal(data, &file); err != nil {
		t.Fatal(err)
	}
	p := file.Profiles["default"]
	if p.APIUser != "robot" || p.Authenticator != "EX" || p.TLS != nil || len(p.TemplateJobs) != 2 || p.TemplateJobs["linux"] != 102 {
		t.Errorf("%s", data)
	}
	if _, err := os.Stat(filepath.Join(dir, "ca.pem")); !errors.Is(err, os.ErrNotExist) {
		t.Error("plain http has a certificate authority")
	}
}

func TestADirectoryThatCanNotBeWrittenIsAClearFailure(t *testing.T) {
	t.Parallel()
	r := redimtest.NewServer(t)
	file := filepath.Join(t.TempDir(), "file")
	if err := os.WriteFile(file, nil, 0o600); err != nil {
		t.Fatal(err)
	}
	taken := t.TempDir()
	if err := os.MkdirAll(filepath.Join(taken, "password", "x"), 0o700); err != nil {
		t.Fatal(err)
	}
	for _, dir := range []string{file, filepath.Join(file, "below"), taken} {
		var f *pam.Failure
		if err := r.WriteDir(dir); !errors.As(err, &f) || !strings.Contains(f.Hint, dir) {
			t.Errorf("%s: %v", dir, err)
		}
	}
	if left, _ := filepath.Glob(filepath.Join(taken, ".new-*")); len(left) > 0 {
		t.Errorf("left behind %v", left)
	}
	if _, err := os.Stat(filepath.Join(taken, "address")); err == nil {
		t.Error("an address was written although the password was not")
	}
}

func TestManyClientsAtOnceAreCountedRight(t *testing.T) {
	t.Parallel()
	r, c := newCaller(t)
	admin := c.delegation(r)
	const workers, rounds = 8, 10
	var group sync.WaitGroup
	var won sync.Map
	for w := range workers {
		group.Go(func() {
			mine := &caller{t: t, client: c.client, base: c.base}
			for i := range rounds {
				var out loginReply
				mine.ask("DoLoginImpersonated", map[string]any{"AuthenticationToken": admin, "Username": "alice", "Authenticator": "EX", "LoginType": 2}, &out)
				mine.ask(listOp, map[string]any{"AuthenticationToken": out.OperationMessage, "SystemName": "web01"}, nil)
				status, _, err := mine.send(http.MethodPost, mine.base+checkOutOp, "application/json", body(t, stored(admin, "root", "web02", 2)))
				if err != nil {
					t.Error(err)
					return
				}
				won.Store([2]int{w, i}, status)
				_, _, _ = r.Stats(), r.Events(), r.SetFaults()
			}
		})
	}
	group.Wait()
	won.Range(func(_, status any) bool {
		if status != 200 {
			t.Errorf("check-out: %v", status)
		}
		return true
	})
	got := r.Stats()
	const all = workers * rounds
	if got.Logins.Impersonated != all || got.Operations[listOp] != all || got.Operations[checkOutOp] != all || got.Checkouts != (redimtest.CheckoutStats{Made: all, Open: 1}) {
		t.Errorf("%+v", got)
	}
}

func TestOnlyOneOfManyIdentitiesGetsACheckout(t *testing.T) {
	t.Parallel()
	e := redimtest.SampleEstate()
	e.Identities = append(e.Identities, redimtest.Identity{Name: "user{n}", Repeat: 16, Roles: []string{"web users"}})
	e.Identities[0].Impersonates = []string{"user*"}
	e.Grants = append(e.Grants, redimtest.Grant{To: "web users", Systems: []string{"*"}, Permissions: []string{"ViewAccounts", "ViewPasswords"}})
	r, c := newCaller(t, redimtest.Options{Estate: e})
	var group sync.WaitGroup
	statuses := make([]int, 16)
	for i := range statuses {
		token := c.as(r, "", fmt.Sprintf("user%d", i+1))
		group.Go(func() {
			mine := &caller{t: t, client: c.client, base: c.base}
			statuses[i], _ = mine.post(checkOutOp, body(t, stored(token, "sa", `db01\PROD`, 9)))
		})
	}
	group.Wait()
	count := map[int]int{}
	for _, s := range statuses {
		count[s]++
	}
	if count[200] != 1 || count[409] != 15 {
		t.Errorf("%v", count)
	}
}

func TestThePackageDoesNotLinkTheTestingPackage(t *testing.T) {
	t.Parallel()
	tool, err := exec.LookPath("go")
	if err != nil {
		t.Skip("needs the go command")
	}
	out, err := exec.CommandContext(t.Context(), tool, "list", "-deps", ".").Output()
	if err != nil {
		t.Fatal(err)
	}
	for dep := range strings.FieldsSeq(string(out)) {
		if dep == "testing" || strings.HasPrefix(dep, "net/http/httptest") || strings.HasSuffix(dep, "/template") {
			t.Errorf("links %s", dep)
		}
	}
}

//go:build linux

package e2e

import (
	"bufio"
	"encoding/base64"
	"encoding/json"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"syscall"
	"testing"
	"time"

	"github.com/redim-tools/redim/pkg/negotiate"
	"github.com/redim-tools/redim/pkg/negotiate/kdctest"
)

const ticketPassword = "Al1ce.c4nary"

// ticketed is vault serve with a keytab, and the realm that the keytab is of.
type ticketed struct {
	vaultHome
	*kdctest.KDC
	url, ca, log string
}

// TestCurlChecksOutWithATicketUnderMIT goes the whole way of an application with
// a Kerberos account, and the ways that end at the door.
func TestCurlChecksOutWithATicketUnderMIT(t *testing.T) {
	t.Parallel()
	kdc := kdctest.MIT(t, "EX.LOCAL")
	keytab := filepath.Join(kdc.Dir, "http.keytab")
	soundly(t, kdc.AddUser("svc-build", ticketPassword), kdc.AddUser("svc-other", ticketPassword), kdc.AddService("HTTP/localhost", keytab))
	v := newTicketed(t, kdc, "svc-build@EX.LOCAL", "windows.keytab="+keytab, "windows.realms=EX.LOCAL")
	v.checksOut(v.kinit("svc-build"))
	v.isRefused(v.curl(v.kinit("svc-other")), "unknown_account", "no integration has the account svc-other@EX.LOCAL")
	v.isRefused(v.curl(v.kinit("svc-build"), "-H", "Authorization: Negotiate TlRMTVNTUAABAAAAB4IIogAAAAAAAAAAAAAAAAAAAAA=", "--no-negotiate"), "ntlm", "docs/vault-door.md")
	v.isRefused(v.foreigner(), "unproven_ticket", "wrong_realm")
	v.isTakenOnce(v.kinit("svc-build"))
	v.isRefused(v.latecomer("svc-build"), "unproven_ticket", "expired")
	v.releasedOnce()
}

// TestCurlChecksOutWithATicketUnderSamba does so in a domain of Active Directory,
// where an account is known by its old name too, and case does not matter.
func TestCurlChecksOutWithATicketUnderSamba(t *testing.T) {
	t.Parallel()
	kdc := kdctest.Samba(t, "AD.TEST")
	keytab := filepath.Join(kdc.Dir, "http.keytab")
	soundly(t, kdc.AddADUser("svc-build", ticketPassword), kdc.AddADUser("svc-other", ticketPassword), kdc.AddADService("svc-http", "HTTP/localhost", keytab))
	v := newTicketed(t, kdc, `ad\SVC-Build`, "windows.keytab="+keytab, "windows.realms=AD.TEST=AD")
	v.checksOut(v.kinit("svc-build"))
	v.isRefused(v.curl(v.kinit("svc-other")), "unknown_account", "svc-other@AD.TEST")
	v.isRefused(v.curl(v.kinit("svc-build"), "-H", "Authorization: Negotiate TlRMTVNTUAABAAAAB4IIogAAAAAAAAAAAAAAAAAAAAA=", "--no-negotiate"), "ntlm", "docs/vault-door.md")
	v.isRefused(v.stranger("AD.TEST"), "unproven_ticket", "unknown_key")
	v.isRefused(v.stranger("OTHER.TEST"), "unproven_ticket", "wrong_realm")
	v.isTakenOnce(v.kinit("svc-build"))
	cache := v.kinit("svc-build")
	v.serveAgain("person", "admin", "windows.keytab="+keytab, "windows.realms=ELSEWHERE.TEST=ELSEWHERE")
	v.isRefused(v.curl(cache), "unproven_ticket", "wrong_realm: svc-build@AD.TEST is not of")
	v.serveAgain("later", "25h", "windows.keytab="+keytab, "windows.realms=AD.TEST=AD")
	v.isRefused(v.curl(cache, "--insecure"), "unproven_ticket", "expired")
	v.releasedOnce()
}

// stranger signs in with a ticket of a KDC that only calls itself the realm's, or
// that nobody trusts.
func (v *ticketed) stranger(realm string) map[string]any {
	v.Helper()
	other := kdctest.MIT(v.T, realm)
	soundly(v.T, other.AddUser("svc-build", ticketPassword), other.AddService("HTTP/localhost", filepath.Join(other.Dir, "http.keytab")))
	cache, err := other.Kinit("svc-build", ticketPassword)
	soundly(v.T, err)
	return v.curlFrom(other, cache, nil, []string{"--cacert", v.ca})
}

// isTakenOnce brings the very same proof twice.
func (v *ticketed) isTakenOnce(cache string) {
	v.Helper()
	env := map[string]string{"KRB5_CONFIG": v.Config, "KRB5CCNAME": "FILE:" + cache}
	proof, err := negotiate.New(negotiate.Config{Getenv: func(name string) string { return env[name] }}).Prove(v.Context(), "localhost")
	soundly(v.T, err)
	header := "Authorization: Negotiate " + base64.StdEncoding.EncodeToString(proof.Token)
	if doc := v.curl(cache, "-H", header, "--no-negotiate"); doc["token"] == nil {
		v.Fatalf("the proof was not taken: %v; %s", doc, v.logged())
	}
	v.isRefused(v.curl(cache, "-H", header, "--no-negotiate"), "unproven_ticket", "replayed")
}

// releasedOnce wants that nobody but checksOut got a secret.
func (v *ticketed) releasedOnce() {
	v.Helper()
	opened := v.open()
	defer func() { _ = opened.Close() }()
	v.sound(opened)
	if n := len(v.releases(opened)[""]); n != 1 {
		v.Errorf("%d secrets were released", n)
	}
}

func soundly(t *testing.T, errs ...error) {
	t.Helper()
	for _, err := range errs {
		if err != nil {
			t.Fatal(err)
		}
	}
}

func newTicketed(t *testing.T, kdc *kdctest.KDC, account string, settings ...string) *ticketed {
	t.Helper()
	h := newVaultHome(t, "sqlite:"+filepath.Join(t.TempDir(), "vault.db"), "web01/root")
	h.must("admin", "integrations", "new", "build", "--auth", "windows", "--account", account, "--allow-ip", "127.0.0.1", "--grant", "web01/*")
	v := &ticketed{vaultHome: h, KDC: kdc, log: filepath.Join(h.env["HOME"], "serve.log"), ca: filepath.Join(h.env["REDIM_DATA_DIR"], "dev", "dev-cert.pem")}
	v.serveAgain("person", "admin", settings...)
	return v
}

// serveAgain starts a server in the place of the one before, as somebody or with
// another clock.
func (v *ticketed) serveAgain(program, how string, settings ...string) {
	v.Helper()
	args := []string{how, "serve", "--dev", "--listen", "127.0.0.1:0"}
	for _, s := range settings {
		args = append(args, "--set", s)
	}
	cmd := v.command("admin", args[1:]...)
	path, err := exec.LookPath(program)
	soundly(v.T, err)
	cmd.Path, cmd.Args = path, append([]string{program}, args...)
	out, err := cmd.StdoutPipe()
	soundly(v.T, err)
	log, err := os.OpenFile(v.log, os.O_CREATE|os.O_APPEND|os.O_WRONLY, 0o600)
	soundly(v.T, err)
	defer log.Close()
	cmd.Stderr = log
	soundly(v.T, cmd.Start())
	v.Cleanup(func() { _ = cmd.Process.Signal(syscall.SIGTERM); _ = cmd.Wait() })
	line, err := bufio.NewReader(out).ReadString('\n')
	url, ready := strings.CutPrefix(strings.TrimSpace(line), "ready ")
	if !ready {
		v.Fatalf("vault serve said %q, %v; %s", line, err, v.logged())
	}
	v.url = strings.Replace(url, "127.0.0.1", "localhost", 1)
}

func (v *ticketed) logged() string {
	text, _ := os.ReadFile(v.log)
	return string(text)
}

func (v *ticketed) kinit(user string) string {
	v.Helper()
	cache, err := v.Kinit(user, ticketPassword)
	soundly(v.T, err)
	return cache
}

// curl signs in with what a credential cache holds, and returns the answer.
func (v *ticketed) curl(cache string, more ...string) map[string]any {
	v.Helper()
	return v.curlFrom(v.KDC, cache, nil, append([]string{"--cacert", v.ca}, more...))
}

func (v *ticketed) curlFrom(kdc *kdctest.KDC, cache string, env, more []string) map[string]any {
	v.Helper()
	args := append([]string{"-sS", "--max-time", "20", "--negotiate", "-u", ":", "-X", "POST"}, more...)
	cmd := exec.CommandContext(v.Context(), "curl", append(args, v.url+"/v1/login")...)
	cmd.Env = append(append(kdc.Env(), "KRB5CCNAME=FILE:"+cache), env...)
	return v.answer(cmd)
}

func (v *ticketed) answer(cmd *exec.Cmd) map[string]any {
	v.Helper()
	var doc map[string]any
	out, err := cmd.Output()
	if err != nil || json.Unmarshal(out, &doc) != nil {
		v.Fatalf("%v: %v: %s; %s", cmd.Args, err, out, v.logged())
	}
	return doc
}

// checksOut takes the token of a log-in to a secret.
func (v *ticketed) checksOut(cache string) {
	v.Helper()
	token, _ := v.curl(cache)["token"].(string)
	if token == "" {
		v.Fatalf("no token: %s", v.logged())
	}
	file := filepath.Join(v.env["HOME"], "token")
	soundly(v.T, os.WriteFile(file, []byte("Authorization: Bearer "+token), 0o600))
	doc := v.answer(exec.CommandContext(v.Context(), "curl", "-sS", "--max-time", "20", "--cacert", v.ca, "-H", "@"+file, "--json", `{"system":"web01","account":"root"}`, v.url+"/v1/checkouts"))
	if doc["secret"] != "c4nary-web01/root" {
		v.Fatalf("checked out: %v; %s", doc["code"], v.logged())
	}
}

// isRefused wants an answer that tells nothing, and a log that tells it all.
func (v *ticketed) isRefused(doc map[string]any, cause, detail string) {
	v.Helper()
	if doc["code"] != "forbidden" || doc["detail"] != nil || doc["token"] != nil {
		v.Errorf("answered %v", doc)
	}
	for line := range strings.Lines(v.logged()) {
		if strings.Contains(line, `"cause":"`+cause+`"`) && strings.Contains(line, detail) {
			return
		}
	}
	v.Errorf("no line of the log tells %s, %q: %s", cause, detail, v.logged())
}

// foreigner signs in from a realm that is trusted, and not taken.
func (v *ticketed) foreigner() map[string]any {
	v.Helper()
	other := kdctest.MIT(v.T, "OTHER.LOCAL")
	soundly(v.T, other.AddUser("svc-build", ticketPassword), other.Trust(v.KDC, "c4nary-trust"))
	conf, err := os.ReadFile(other.Config)
	soundly(v.T, err, os.WriteFile(other.Config, []byte(strings.Replace(string(conf), "localhost = OTHER.LOCAL", "localhost = EX.LOCAL", 1)), 0o600))
	cache, err := other.Kinit("svc-build", ticketPassword)
	soundly(v.T, err)
	return v.curlFrom(other, cache, nil, []string{"--cacert", v.ca})
}

// latecomer signs in with a ticket that was got, and is used, hours ago. The
// certificate is younger than that.
func (v *ticketed) latecomer(user string) map[string]any {
	v.Helper()
	const ago = 9 * time.Hour
	soundly(v.T, v.Restart(-ago))
	cache, err := v.Kinit(user, ticketPassword, "-l", "1h")
	soundly(v.T, err)
	library, _ := filepath.Glob("/usr/lib/*/faketime/libfaketime.so.1")
	if len(library) == 0 {
		v.Skip("libfaketime is not installed (Debian: faketime)")
	}
	return v.curlFrom(v.KDC, cache, []string{"LD_PRELOAD=" + library[0], fmt.Sprintf("FAKETIME=-%ds", int(ago.Seconds()))}, []string{"--insecure"})
}

//go:build linux

package kdctest

import (
	"context"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"
	"time"
)

// Samba starts a domain controller with the Kerberos part of Active Directory
// for a test. Its tickets carry privilege data with group SIDs.
func Samba(tb testing.TB, realm string) *KDC {
	tb.Helper()
	k, err := StartSamba(tb.TempDir(), realm)
	need(tb, err)
	tb.Cleanup(k.Stop)
	return k
}

// StartSamba is Samba outside of a test. The caller stops it.
func StartSamba(dir, realm string) (*KDC, error) {
	for program, pkg := range map[string]string{"samba-tool": "samba", "samba": "samba-ad-dc", "ldbmodify": "ldb-tools", "kinit": "krb5-user"} {
		if _, err := find(program, pkg); err != nil {
			return nil, err
		}
	}
	if found, _ := filepath.Glob("/usr/share/samba/setup/provision.ldif"); len(found) == 0 {
		return nil, fmt.Errorf("the provisioning data of Samba %w: it is in Debian's package samba-ad-provision", ErrMissing)
	}
	port, err := freePort()
	if err != nil {
		return nil, err
	}
	k := &KDC{Realm: realm, Dir: dir, Config: filepath.Join(dir, "krb5.conf"), Port: port, start: sambaDC}
	k.env = []string{"KRB5_CONFIG=" + k.Config, "KRB5CCNAME=FILE:" + filepath.Join(dir, "cc")}
	if err := k.provision(); err != nil {
		return nil, err
	}
	return k, k.up()
}

func (k *KDC) conf() string { return filepath.Join(k.Dir, "dc", "etc", "smb.conf") }

func sambaDC(k *KDC) *exec.Cmd {
	path, _ := find("samba", "samba-ad-dc")
	return k.command(context.Background(), path, "-F", "--no-process-group", "-M", "single", "-s", k.conf())
}

// provision makes the domain, and then leaves only its KDC switched on: the
// other services have fixed ports.
func (k *KDC) provision() error {
	if err := k.writeConfig(); err != nil {
		return err
	}
	tool, _ := find("samba-tool", "samba")
	dc := filepath.Join(k.Dir, "dc")
	domain, _, _ := strings.Cut(k.Realm, ".")
	err := k.run("", tool, "domain", "provision", "--realm="+k.Realm, "--domain="+domain+"DOM", "--server-role=dc", "--dns-backend=NONE",
		"--host-ip=127.0.0.1", "--host-name=dc1", "--adminpass=Passw0rd.1", "--targetdir="+dc, "--option=interfaces=lo", "--option=bind interfaces only=yes")
	if err != nil {
		return err
	}
	text, err := os.ReadFile(k.conf())
	if err != nil {
		return err
	}
	global, _, _ := strings.Cut(string(text), "[homes]")
	var b strings.Builder
	for line := range strings.Lines(global) {
		if !strings.Contains(line, "server services") && !strings.Contains(line, "log file") {
			b.WriteString(line)
		}
	}
	fmt.Fprintf(&b, "\tserver services = kdc\n\tlog file = %s/log\n\tkrb5 port = %d\n\tkpasswd port = 0\n", dc, k.Port)
	for option, sub := range map[string]string{"pid directory": "run", "ncalrpc dir": "nc", "ntp signd socket directory": "ntp", "winbindd socket directory": "wb"} {
		path := filepath.Join(dc, sub)
		if err := os.MkdirAll(path, 0o755); err != nil {
			return err
		}
		fmt.Fprintf(&b, "\t%s = %s\n", option, path)
	}
	return os.WriteFile(k.conf(), []byte(b.String()), 0o644)
}

// Tool runs samba-tool on the domain.
func (k *KDC) Tool(args ...string) error {
	tool, _ := find("samba-tool", "samba")
	err := k.run("", tool, append(args, "-s", k.conf())...)
	return err
}

// AddADUser makes an account that signs in with a password.
func (k *KDC) AddADUser(name, password string) error {
	tool, _ := find("samba-tool", "samba")
	err := k.run(password+"\n"+password+"\n", tool, "user", "create", name, "-s", k.conf())
	return err
}

// AddADService makes an account that holds an SPN and has AES keys only, and
// writes them to a keytab.
func (k *KDC) AddADService(account, spn, keytab string) error {
	if err := k.AddADUser(account, "Svc.pw."+account); err != nil {
		return err
	}
	if err := k.Tool("spn", "add", spn, account); err != nil {
		return err
	}
	domain := "DC=" + strings.ReplaceAll(strings.ToLower(k.Realm), ".", ",DC=")
	change := fmt.Sprintf("dn: CN=%s,CN=Users,%s\nchangetype: modify\nreplace: msDS-SupportedEncryptionTypes\nmsDS-SupportedEncryptionTypes: 24\n", account, domain)
	modify, _ := find("ldbmodify", "ldb-tools")
	if err := k.run(change, modify, "-H", filepath.Join(k.Dir, "dc", "private", "sam.ldb")); err != nil {
		return err
	}
	// Only a new password is kept in the new kinds of encryption.
	if err := k.Tool("user", "setpassword", account, "--newpassword=Svc.pw2."+time.Now().Format("150405")); err != nil {
		return err
	}
	return k.Tool("domain", "exportkeytab", keytab, "--principal="+spn)
}

//go:build linux

package kdctest

import (
	"context"
	"errors"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"
)

// MIT starts an empty realm of MIT's KDC for a test. Principals are added with
// AddUser and AddService.
func MIT(tb testing.TB, realm string) *KDC {
	tb.Helper()
	k, err := StartMIT(tb.TempDir(), realm)
	need(tb, err)
	tb.Cleanup(k.Stop)
	return k
}

// StartMIT is MIT outside of a test. The caller stops it. An error wraps
// ErrMissing where a program is not installed.
func StartMIT(dir, realm string) (*KDC, error) {
	for program, pkg := range map[string]string{
		"krb5kdc": "krb5-kdc", "kdb5_util": "krb5-kdc", "kadmin.local": "krb5-admin-server", "kinit": "krb5-user",
	} {
		if _, err := find(program, pkg); err != nil {
			return nil, err
		}
	}
	port, err := freePort()
	if err != nil {
		return nil, err
	}
	k := &KDC{Realm: realm, Dir: dir, Config: filepath.Join(dir, "krb5.conf"), Port: port, start: krb5kdc}
	k.env = []string{"KRB5_CONFIG=" + k.Config, "KRB5_KDC_PROFILE=" + filepath.Join(dir, "kdc.conf"), "KRB5CCNAME=FILE:" + filepath.Join(dir, "cc")}
	if err := k.makeRealm(); err != nil {
		return nil, err
	}
	return k, k.up()
}

func krb5kdc(k *KDC) *exec.Cmd {
	path, _ := find("krb5kdc", "krb5-kdc")
	return k.command(context.Background(), path, "-n")
}

func (k *KDC) makeRealm() error {
	if err := k.writeConfig(); err != nil {
		return err
	}
	err := os.WriteFile(filepath.Join(k.Dir, "kdc.conf"), fmt.Appendf(nil, `[kdcdefaults]
	kdc_listen = 127.0.0.1:%d
	kdc_tcp_listen = 127.0.0.1:%d
[realms]
	%s = {
		database_name = %s/principal
		key_stash_file = %s/stash
		max_life = 7d
		supported_enctypes = aes256-cts-hmac-sha1-96:normal aes128-cts-hmac-sha1-96:normal aes256-sha2:normal
	}
[logging]
	kdc = FILE:%s/kdc.log
`, k.Port, k.Port, k.Realm, k.Dir, k.Dir, k.Dir), 0o644)
	if err != nil {
		return err
	}
	util, _ := find("kdb5_util", "krb5-kdc")
	err = k.run("master\nmaster\n", util, "create", "-s", "-r", k.Realm)
	return err
}

// admin runs commands of kadmin; they may hold passwords, so they are input.
func (k *KDC) admin(commands string) error {
	path, _ := find("kadmin.local", "krb5-admin-server")
	err := k.run(commands, path)
	return err
}

// AddUser adds a principal that signs in with a password without quotes.
func (k *KDC) AddUser(name, password string) error {
	return k.admin(fmt.Sprintf("addprinc +requires_preauth -pw %q %s\n", password, name))
}

// AddService adds a service or renews its key, and writes the key to a keytab.
func (k *KDC) AddService(spn, keytab string, flags ...string) error {
	if err := k.admin(fmt.Sprintf("addprinc -randkey %s\n", spn)); err != nil {
		return err
	}
	return k.ExportKeytab(spn, keytab, flags...)
}

// ExportKeytab gives a principal a new key, the old ones gone, and writes it to
// a keytab. Flags are those of ktadd, such as -e.
func (k *KDC) ExportKeytab(principal, keytab string, flags ...string) error {
	return k.admin("ktadd -k " + keytab + " " + strings.Join(append(flags, principal), " ") + "\n")
}

// Trust lets users of k into the realm other, one way.
func (k *KDC) Trust(other *KDC, password string) error {
	name := "krbtgt/" + other.Realm + "@" + k.Realm
	for _, side := range []*KDC{k, other} {
		if err := side.AddUser(name, password); err != nil {
			return err
		}
	}
	return errors.Join(k.Know(other), other.Know(k))
}

// Know adds the place of another realm to k's configuration.
func (k *KDC) Know(other *KDC) error {
	f, err := os.OpenFile(k.Config, os.O_APPEND|os.O_WRONLY, 0)
	if err != nil {
		return err
	}
	_, err = fmt.Fprintf(f, "[realms]\n\t%s = {\n\t\tkdc = 127.0.0.1:%d\n\t}\n", other.Realm, other.Port)
	return errors.Join(err, f.Close())
}

package negotiate

import (
	"os"
	"path/filepath"
	"reflect"
	"testing"
)

func TestReadConfUnderstandsWhatInstallationsHave(t *testing.T) {
	t.Parallel()
	dir := t.TempDir()
	write := func(name, text string) string {
		t.Helper()
		path := filepath.Join(dir, name)
		if err := os.MkdirAll(filepath.Dir(path), 0o700); err != nil {
			t.Fatal(err)
		}
		if err := os.WriteFile(path, []byte(text), 0o600); err != nil {
			t.Fatal(err)
		}
		return path
	}
	main := write("krb5.conf", `# a comment
includedir krb5.conf.d/
include more.conf
[logging]
 default = FILE:/var/log/krb5.log
[libdefaults]
	default_realm = EXAMPLE.COM
	dns_lookup_kdc = no
	default_ccache_name = "FILE:/run/user/%{uid}/cc"
[realms]
 EXAMPLE.COM = {
  kdc = kdc1.example.com
  kdc = kdc2.example.com:8888
  admin_server = kdc1.example.com
  auth_to_local = {
    kdc = not.this.one
  }
 }
[domain_realm]
 .example.com = EXAMPLE.COM
 special.example.com = SPECIAL.EXAMPLE.COM
`)
	write("krb5.conf.d/first.conf", "[realms]\n OTHER.TEST = {\n kdc = [::1]:88\n }\n")
	write("krb5.conf.d/ignored.rpmsave", "[libdefaults]\n default_realm = WRONG\n")
	write("more.conf", "; nothing\n")

	c, err := readConf([]string{filepath.Join(dir, "absent"), main})
	if err != nil {
		t.Fatal(err)
	}
	if c.defaultRealm != "EXAMPLE.COM" || !c.noDNS || defaultCache(c, 17) != "FILE:/run/user/17/cc" || len(c.files) != 3 {
		t.Errorf("read %+v", c)
	}
	want := map[string][]string{"EXAMPLE.COM": {"kdc1.example.com", "kdc2.example.com:8888"}, "OTHER.TEST": {"[::1]:88"}}
	if !reflect.DeepEqual(c.kdcs, want) {
		t.Errorf("KDCs %v", c.kdcs)
	}
	for host, realm := range map[string]string{
		"www.example.com": "EXAMPLE.COM", "A.B.Example.COM": "EXAMPLE.COM", "special.example.com": "SPECIAL.EXAMPLE.COM", "example.org": "", "localhost": "",
	} {
		if got := c.realmOf(host); got != realm {
			t.Errorf("%s is of %q, want %q", host, got, realm)
		}
	}
}

func TestAFileThatIncludesItselfEnds(t *testing.T) {
	t.Parallel()
	path := filepath.Join(t.TempDir(), "krb5.conf")
	if err := os.WriteFile(path, []byte("include "+path+"\n"), 0o600); err != nil {
		t.Fatal(err)
	}
	if _, err := readConf([]string{path}); err == nil {
		t.Error("it was read")
	}
}

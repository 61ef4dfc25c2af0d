//go:build linux

package negotiate_test

import (
	"path/filepath"
	"strings"
	"testing"

	"github.com/redim-tools/redim/pkg/negotiate"
	"github.com/redim-tools/redim/pkg/negotiate/adgroups"
	"github.com/redim-tools/redim/pkg/negotiate/kdctest"
	"github.com/redim-tools/redim/pkg/pam"
)

func TestCurlAndTheClientAreAcceptedUnderSamba(t *testing.T) {
	t.Parallel()
	kdc := kdctest.Samba(t, "AD.TEST")
	keytab := filepath.Join(kdc.Dir, "http.keytab")
	must(t, kdc.AddADUser("alice", "Al1ce.c4nary"))
	must(t, kdc.AddADService("svc-http", "HTTP/localhost", keytab))
	must(t, kdc.Tool("group", "add", "VaultAdmins"))
	must(t, kdc.Tool("group", "addmembers", "VaultAdmins", "alice"))
	cache, err := kdc.Kinit("alice", "Al1ce.c4nary")
	must(t, err)
	r := &realm{KDC: kdc, service: serve(t, negotiate.AcceptorConfig{Keytab: keytab, SPN: "HTTP/localhost", Groups: adgroups.SIDs})}

	accepted := func(who, got string) {
		t.Helper()
		name, groups, _ := strings.Cut(got, " ")
		if name != "alice@AD.TEST" || !strings.Contains(groups, "-513") || strings.Count(groups, "S-1-5-21-") < 2 {
			t.Errorf("%s: the service saw %q; refusals %v", who, got, r.service.refusals)
		}
	}
	accepted("curl", curl(t, kdc, cache, r.service.URL))
	got, err := r.call(t, r.config(cache))
	must(t, err)
	accepted("the client", got)

	t.Run("a service that Active Directory does not know", func(t *testing.T) {
		cfg := r.config(cache)
		cfg.SPN = "HTTP/other.ad.test"
		_, err := r.call(t, cfg)
		fails(t, err, pam.ErrDelegationRefused, "knows no service HTTP/other.ad.test", "setspn -S")
	})
	t.Run("the keytab of an account signs in", func(t *testing.T) {
		own := filepath.Join(kdc.Dir, "alice.keytab")
		must(t, kdc.Tool("domain", "exportkeytab", own, "--principal=alice"))
		cfg := r.config("")
		cfg.Keytab, cfg.Principal = own, "alice"
		got, err := r.call(t, cfg)
		must(t, err)
		accepted("a keytab", got)
	})
}

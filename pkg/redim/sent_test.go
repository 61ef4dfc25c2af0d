package redim_test

import (
	"encoding/json"
	"io"
	"maps"
	"net/http"
	"net/netip"
	"slices"
	"strings"
	"sync"
	"testing"

	"github.com/redim-tools/redim/pkg/pam"
	"github.com/redim-tools/redim/pkg/redim/redimtest"
)

// sent notes the members of every request's body by its method and path, and
// the names of its headers.
type sent struct {
	mu      sync.Mutex
	inner   http.RoundTripper
	bodies  map[string]string
	headers map[string]bool
}

func (s *sent) RoundTrip(req *http.Request) (*http.Response, error) {
	var text []byte
	if req.GetBody != nil {
		body, _ := req.GetBody()
		text, _ = io.ReadAll(body)
	}
	_, path, _ := strings.Cut(req.URL.Path, "/ERPMWebService/")
	s.mu.Lock()
	s.bodies[req.Method+" "+path] = strings.Join(membersOf(text, ""), " ")
	for name := range req.Header {
		s.headers[name] = true
	}
	s.mu.Unlock()
	return s.inner.RoundTrip(req)
}

func membersOf(text []byte, prefix string) []string {
	var object map[string]json.RawMessage
	if json.Unmarshal(text, &object) != nil {
		return nil
	}
	var all []string
	for _, name := range slices.Sorted(maps.Keys(object)) {
		all = append(all, prefix+name)
		if name != "PasswordChangeSettings" {
			all = append(all, membersOf(object[name], prefix+name+".")...)
		}
	}
	return all
}

// TestOnlyTheMembersOfADialectAreSent does everything that redim does, and
// compares all that went out.
func TestOnlyTheMembersOfADialectAreSent(t *testing.T) {
	t.Parallel()
	const (
		token   = "AuthenticationToken"
		account = "AccountIdentificationInfo AccountIdentificationInfo.AccountName AccountIdentificationInfo.AccountStore " +
			"AccountIdentificationInfo.AccountStore.CustomTypeName AccountIdentificationInfo.AccountStore.TargetName AccountIdentificationInfo.AccountStore.Type " +
			"AccountIdentificationInfo.PasswordList " + token
		entry  = " Comment SharedCredentialIdentifier SharedCredentialIdentifier.AccountName SharedCredentialIdentifier.SharedCredentialListName SharedCredentialIdentifier.SystemName"
		stored = "AccountStoreOps_StoredCredential_"
		shared = "AccountStoreOps_SharedCredential_"
	)
	base := map[string]string{"json-v2": "JSON/V2/AuthService.svc/", "json-v1": "AuthService_JSON.svc/", "rest": "AuthService.svc/REST/"}
	logIn := map[string]string{"json-v2": "DoLogin2", "json-v1": "DoLogin", "rest": "Login"}
	logOut := map[string]string{"json-v2": "DoLogout", "json-v1": "DoLogout", "rest": "Logout"}
	create := map[string]string{"json-v2": "JobOps_CreatePasswordChangeJob", "json-v1": "JobOps_CreatePasswordChangeJob", "rest": "Job/PasswordChange"}
	inEachDialect(t, func(t *testing.T, spoken string) {
		b := newBench(t, redimtest.Options{Dialect: spoken})
		s := &sent{inner: b.config.HTTP.Transport, bodies: map[string]string{}, headers: map[string]bool{}}
		b.config.HTTP, b.config.Dialect = &http.Client{Transport: s}, spoken
		b.everything()
		want := map[string]string{}
		for path, members := range map[string]string{
			logIn[spoken]:                         "LoginType Password Username",
			"DoLoginImpersonated":                 token + " Authenticator LoginType Username",
			stored + "GetListForSystem":           token + " SystemName",
			stored + "CheckOut":                   account + " Comment",
			stored + "CheckIn":                    account + " Comment",
			stored + "GetIgnoreCheckout":          account,
			shared + "GetLists":                   token,
			shared + "GetListEntries":             token + " SharedCredentialListName",
			shared + "CheckOut":                   token + entry,
			shared + "CheckIn":                    token + entry,
			"QueryTargetInfo_SystemName":          token + " NameType SystemName",
			"JobOps_SetJobComment":                token + " Comment JobID",
			"JobOps_GetJobStatus":                 token + " JobID",
			logOut[spoken]:                        token,
			create[spoken]:                        token + " PasswordChangeSettings SystemList",
			"JobOps_GetJobPasswordChangeSettings": token + " JobID",
		} {
			want["POST "+base[spoken]+path] = members
		}
		if !maps.Equal(s.bodies, want) {
			t.Errorf("sent\n%s\nwant\n%s", lines(s.bodies), lines(want))
		}
		if got := slices.Sorted(maps.Keys(s.headers)); !slices.Equal(got, []string{"Accept", "Content-Type", "User-Agent"}) {
			t.Errorf("headers are %q", got)
		}
	})
}

func lines(m map[string]string) string {
	var b strings.Builder
	for _, key := range slices.Sorted(maps.Keys(m)) {
		b.WriteString(key + ": " + m[key] + "\n")
	}
	return b.String()
}

// everything uses each operation once at least.
func (b *bench) everything() {
	b.t.Helper()
	store := newStore()
	b.config.Tokens = store
	c, ctx, self := b.client(), b.t.Context(), pam.Identity{Name: b.APIUser()}
	cred := b.find(c, alice(), "web01", "Administrator")
	lists, err := c.SharedLists(ctx, alice())
	b.must(err)
	entries, err := c.SharedEntries(ctx, alice(), lists[0])
	b.must(err)
	for _, one := range []pam.Credential{cred, entries[0]} {
		_, err = c.CheckOut(ctx, alice(), one, "because")
		b.must(err)
		b.must(c.CheckIn(ctx, alice(), one, "because"))
	}
	_, err = c.Read(ctx, self, cred)
	b.must(err)
	_, err = c.SystemName(ctx, alice(), netip.MustParseAddr("192.0.2.10"))
	b.must(err)
	_, err = c.JobSettings(ctx, self, 101)
	b.must(err)
	id, err := c.CreatePasswordJob(ctx, self, []byte(`{"SystemList":"web01","PasswordChangeSettings":{"FullAccountName":"svc-web"}}`))
	b.must(err)
	b.must(c.SetJobComment(ctx, self, id, "because"))
	_, err = c.JobStatus(ctx, self, id)
	b.must(err)
	b.must(c.Logout(ctx, store.tokens[alice().Fold()].Value))
}

func (b *bench) must(err error) {
	b.t.Helper()
	if err != nil {
		b.t.Fatal(err)
	}
}

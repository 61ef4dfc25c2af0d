package redim_test

import (
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net/http"
	"net/http/httptest"
	"strings"
	"sync"
	"testing"

	"github.com/redim-tools/redim/pkg/engine"
	"github.com/redim-tools/redim/pkg/pam"
	"github.com/redim-tools/redim/pkg/redim"
	"github.com/redim-tools/redim/pkg/redim/redimtest"
	"github.com/redim-tools/redim/pkg/secret"
)

// everyType is an estate whose system mixed has an account of every type; that of
// a data base is there with and without an instance.
func everyType() *redimtest.Estate {
	e := redimtest.SampleEstate()
	mixed := redimtest.System{Name: "mixed"}
	for _, name := range pam.StoreTypeNames() {
		if name == "passwordlist" { // entries of shared lists
			continue
		}
		a := redimtest.Account{Name: "acct", Type: name, Random: true, AutoSpin: true}
		if name == "custom" {
			a.CustomType = "Widget"
		}
		mixed.Accounts = append(mixed.Accounts, a)
		if kind, _ := pam.ParseStoreType(name); strings.Contains(kind.TargetName("s", "i"), `\`) {
			a.Instance = "INST"
			mixed.Accounts = append(mixed.Accounts, a)
		}
	}
	e.Systems = append(e.Systems, mixed)
	e.Grants[0].Systems = append(e.Grants[0].Systems, "mixed")
	return e
}

func TestEveryTypeOfStoreIsCheckedOutAndInAndSpun(t *testing.T) {
	t.Parallel()
	b := newBench(t, redimtest.Options{Estate: everyType()})
	c, self := b.client(), pam.Identity{Name: b.APIUser()}
	e := spinner(c, self)
	found, err := c.Stored(t.Context(), alice(), "mixed")
	if err != nil {
		t.Fatal(err)
	}
	seen, targets := map[pam.StoreType]bool{}, map[string]bool{}
	var passwords []secret.Value
	for _, cred := range found {
		out, release, err := e.CheckOut(t.Context(), engine.CheckOutRequest{Identity: alice(), Credential: cred})
		if err != nil {
			t.Errorf("%s at %q: %v", cred.Type, cred.Target, err)
			continue
		}
		for _, other := range passwords {
			if other.Equal(release.Secret) {
				t.Errorf("%s at %q: the password of another", cred.Type, cred.Target)
			}
		}
		passwords = append(passwords, release.Secret)
		if in, err := e.CheckIn(t.Context(), out); err != nil || in.Absent || in.Spin.JobID == 0 {
			t.Errorf("%s at %q: check-in: %+v, %v", cred.Type, cred.Target, in, err)
		}
		seen[cred.Type], targets[cred.Target] = true, true
		wantTarget(t, cred)
	}
	if len(seen) != len(pam.StoreTypeNames())-1 || !targets[`mixed\`] || !targets[`mixed\INST`] || !targets["mixed"] {
		t.Errorf("of %d types; targets %v", len(seen), targets)
	}
	if got := b.Stats().Checkouts; got.Open != 0 || got.Made != int64(len(found)) || got.CheckedIn != got.Made {
		t.Errorf("checkouts %+v", got)
	}
}

// wantTarget wants a credential of mixed to be named by the rules of its type.
func wantTarget(t *testing.T, c pam.Credential) {
	t.Helper()
	_, instance, _ := strings.Cut(c.Target, `\`)
	if want := c.Type.TargetName("mixed", instance); c.Target != want || (c.CustomType != "") != (c.Type == pam.StoreCustom) {
		t.Errorf("%s has the target %q, want %q, and the custom type %q", c.Type, c.Target, want, c.CustomType)
	}
	if want := map[bool]string{true: "[Linux]", false: "mixed"}[c.Type == pam.StoreUnix]; c.Namespace != want {
		t.Errorf("%s has the namespace %q, want %q", c.Type, c.Namespace, want)
	}
}

func TestAPasswordIsReadOfEveryTypeOfStore(t *testing.T) {
	t.Parallel()
	estate := everyType()
	estate.Identities[1].Permissions = []string{"IgnorePasswordCheckout"}
	b := newBench(t, redimtest.Options{Estate: estate})
	c := b.client()
	found, err := c.Stored(t.Context(), alice(), "mixed")
	if err != nil {
		t.Fatal(err)
	}
	for _, cred := range found {
		read, err := c.Read(t.Context(), alice(), cred)
		if err != nil {
			t.Errorf("%s at %q: %v", cred.Type, cred.Target, err)
			continue
		}
		out, err := c.CheckOut(t.Context(), alice(), cred, "")
		if err != nil || !out.Secret.Equal(read.Secret) {
			t.Errorf("%s at %q: another password than that of the check-out, %v", cred.Type, cred.Target, err)
		}
	}
}

// asked is what a check-out and a check-in say of a credential.
type asked struct {
	AccountIdentificationInfo struct {
		AccountName, PasswordList string
		AccountStore              struct {
			TargetName, CustomTypeName string
			Type                       int
		}
	}
	SharedCredentialIdentifier struct{ SharedCredentialListName, SystemName, AccountName string }
}

// TestACredentialIsNamedAsItsStoreWantsIt looks at the requests, for a service
// that says nothing of targets.
func TestACredentialIsNamedAsItsStoreWantsIt(t *testing.T) {
	t.Parallel()
	var mu sync.Mutex
	bodies := map[string]asked{}
	service := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		var body asked
		_ = json.NewDecoder(r.Body).Decode(&body)
		mu.Lock()
		defer mu.Unlock()
		bodies[r.URL.Path[strings.LastIndexByte(r.URL.Path, '_')+1:]] = body
		w.Header().Set("Content-Type", "application/json")
		_, _ = io.WriteString(w, `{"OperationMessage":"c4nary","Password":"c4nary"}`)
	}))
	t.Cleanup(service.Close)
	config := redim.Config{ServiceURL: service.URL + "/App/AuthService.svc", APIUser: "api", Dialect: "json-v2", HTTP: &http.Client{}, APIPassword: canaryPassword}
	c, err := redim.New(config)
	if err != nil {
		t.Fatal(err)
	}
	for name, tt := range map[string]struct {
		c    pam.Credential
		want string
	}{
		"a system":              {pam.Credential{System: "web01", Account: "a", Type: pam.StoreWindows}, `a / web01 1 ""`},
		"a Unix system":         {pam.Credential{System: "web02", Namespace: "[Linux]", Account: "root", Type: pam.StoreUnix}, `root / web02 2 ""`},
		"an instance":           {pam.Credential{System: "db01", Account: "sa", Target: `db01\PROD`, Type: pam.StoreSQLServer}, `sa / db01\PROD 9 ""`},
		"no instance":           {pam.Credential{System: "db02", Account: "sa", Type: pam.StorePostgreSQL}, `sa / db02\ 20 ""`},
		"a type of its own":     {pam.Credential{System: "box", Account: "a", Type: pam.StoreCustom, CustomType: "Widget"}, `a / box 18 "Widget"`},
		"a domain account":      {pam.Credential{Kind: pam.KindDomain, System: "example.local", Namespace: "EX", Account: "svc", Type: pam.StoreWindows}, `EX\svc / example.local 1 ""`},
		"by its own system":     {pam.Credential{Kind: pam.KindDomain, System: "example.local", Namespace: "EX", Account: "svc", Target: "dc01", Type: pam.StoreWindows}, `EX\svc / dc01 1 ""`},
		"of no known NetBIOS":   {pam.Credential{Kind: pam.KindDomain, System: "example.local", Account: "svc", Type: pam.StoreWindows}, `svc / example.local 1 ""`},
		"an entry, not a store": {pam.Credential{Kind: pam.KindShared, List: "Net gear", System: "a label", Account: `EX\build`, Type: pam.StorePasswordList}, `Net gear: a label/EX\build`},
	} {
		for act, err := range map[string]error{"CheckOut": checkOut(t, c, tt.c), "CheckIn": c.CheckIn(t.Context(), alice(), tt.c, "")} {
			mu.Lock()
			b := bodies[act]
			mu.Unlock()
			info, entry := b.AccountIdentificationInfo, b.SharedCredentialIdentifier
			got := fmt.Sprintf("%s / %s %d %q", info.AccountName, info.AccountStore.TargetName, info.AccountStore.Type, info.AccountStore.CustomTypeName)
			if tt.c.Kind == pam.KindShared {
				got = entry.SharedCredentialListName + ": " + entry.SystemName + "/" + entry.AccountName
			}
			if err != nil || got != tt.want {
				t.Errorf("%s: %s of %s, want %s; %v", name, act, got, tt.want, err)
			}
		}
	}
}

func checkOut(t *testing.T, c *redim.Client, cred pam.Credential) error {
	t.Helper()
	release, err := c.CheckOut(t.Context(), alice(), cred, "")
	if err == nil && release.Secret.IsEmpty() {
		return errors.New("no secret")
	}
	return err
}

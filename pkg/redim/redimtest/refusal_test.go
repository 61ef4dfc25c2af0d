package redimtest_test

import (
	"encoding/json"
	"net/http"
	"strings"
	"testing"
	"time"

	"github.com/redim-tools/redim/pkg/pam"
	"github.com/redim-tools/redim/pkg/redim/redimtest"
)

// refusals are requests that the service says no to, with the status of
// profile C. TOKEN stands for alice's token, ADMIN for the API user's.
func refusals() []struct {
	name, op, body string
	status         int
} {
	account := func(name, target, kind string) string {
		return `"AccountIdentificationInfo":{"AccountName":"` + name + `","AccountStore":{"TargetName":"` + target + `","Type":` + kind + `}}}`
	}
	return []struct {
		name, op, body string
		status         int
	}{
		{"wrong password", "DoLogin2", `{"Username":"svc-redim","Password":"x","LoginType":1}`, 401},
		{"unknown user", "DoLogin2", `{"Username":"nobody","Password":"x","LoginType":1}`, 401},
		{"an explicit name at an authenticator", "DoLogin2", `{"Username":"svc-redim","Password":"x","LoginType":2,"Authenticator":"EX"}`, 401},
		{"no certificate", "DoLogin2", `{"LoginType":4}`, 401},
		{"no Windows account", "DoLogin2", `{"LoginType":3}`, 401},
		{"unknown login type", "DoLogin2", `{"LoginType":5}`, 400},
		{"unknown token", listOp, `{"AuthenticationToken":"x","SystemName":"web01"}`, 401},
		{"no token", listOp, `{"SystemName":"web01"}`, 401},
		{"unknown identity", "DoLoginImpersonated", `{"AuthenticationToken":ADMIN,"Username":"bob","Authenticator":"EX","LoginType":2}`, 404},
		{"a domain by its DNS name", "DoLoginImpersonated", `{"AuthenticationToken":ADMIN,"Username":"alice","Authenticator":"example.local","LoginType":2}`, 404},
		{"no mapping", "DoLoginImpersonated", `{"AuthenticationToken":ADMIN,"Username":"dave","Authenticator":"EX","LoginType":2}`, 403},
		{"a user who maps to nobody", "DoLoginImpersonated", `{"AuthenticationToken":TOKEN,"Username":"alice","Authenticator":"EX","LoginType":2}`, 403},
		{"impersonation by certificate", "DoLoginImpersonated", `{"AuthenticationToken":ADMIN,"Username":"alice","LoginType":4}`, 400},
		{"an account of another system", checkOutOp, `{"AuthenticationToken":TOKEN,` + account("root", "web01", "2"), 404},
		{"an account that may not be seen", checkOutOp, `{"AuthenticationToken":TOKEN,` + account("root", "web02", "2"), 404},
		{"an account of another type", checkOutOp, `{"AuthenticationToken":TOKEN,` + account("Administrator", "web01", "2"), 404},
		{"a database without its instance", checkOutOp, `{"AuthenticationToken":TOKEN,` + account("sa", "db01", "9"), 404},
		{"held by another", checkOutOp, `{"AuthenticationToken":ADMIN,` + account("deploy", "web02", "2"), 409},
		{"check-in of what is free", checkInOp, `{"AuthenticationToken":TOKEN,` + account("sa", `db01\\PROD`, "9"), 404},
		{"reading around a check-out", readOp, `{"AuthenticationToken":TOKEN,` + account("sa", `db01\\PROD`, "9"), 403},
		{"an unknown list", "AccountStoreOps_SharedCredential_GetListEntries", `{"AuthenticationToken":TOKEN,"SharedCredentialListName":"none"}`, 404},
		{"an unknown entry", "AccountStoreOps_SharedCredential_CheckOut", `{"AuthenticationToken":TOKEN,"SharedCredentialIdentifier":{"SharedCredentialListName":"Network gear","SystemName":"switch2","AccountName":"admin"}}`, 404},
		{"an unknown address", "QueryTargetInfo_SystemName", `{"AuthenticationToken":TOKEN,"SystemName":"192.0.2.99","NameType":3}`, 404},
		{"no address", "QueryTargetInfo_SystemName", `{"AuthenticationToken":TOKEN,"SystemName":"web01","NameType":3}`, 400},
		{"an unknown name type", "QueryTargetInfo_SystemName", `{"AuthenticationToken":TOKEN,"SystemName":"192.0.2.10","NameType":1}`, 400},
		{"a job without All Access", "JobOps_CreatePasswordChangeJob", `{"AuthenticationToken":TOKEN,"SystemList":"web01"}`, 403},
		{"a template without All Access", "JobOps_GetJobPasswordChangeSettings", `{"AuthenticationToken":TOKEN,"JobID":101}`, 403},
		{"an unknown job", "JobOps_GetJobPasswordChangeSettings", `{"AuthenticationToken":ADMIN,"JobID":103}`, 404},
		{"status of an unknown job", "JobOps_GetJobStatus", `{"AuthenticationToken":ADMIN,"JobID":103}`, 404},
		{"comment on an unknown job", "JobOps_SetJobComment", `{"AuthenticationToken":ADMIN,"JobID":103}`, 404},
		{"a job about nothing", "JobOps_CreatePasswordChangeJob", `{"AuthenticationToken":ADMIN,"SystemList":"web01"}`, 400},
		{"sets without View Systems", "ManagementSetOps_GetManagementSetList", `{"AuthenticationToken":TOKEN}`, 403},
		{"an unknown set", "ManagementSetOps_GetManagementSetInfo", `{"AuthenticationToken":ADMIN,"ManagementSetName":"B"}`, 404},
		{"systems of an unknown set", "ManagementSetOps_GetLinuxSystemListForManagementSet", `{"AuthenticationToken":ADMIN,"ManagementSetName":"B"}`, 404},
		{"a set without All Access", "ManagementSetOps_CreateManagementSet", `{"AuthenticationToken":TOKEN,"ManagementSetName":"B"}`, 403},
		{"a set that is there", "ManagementSetOps_CreateManagementSet", `{"AuthenticationToken":ADMIN,"ManagementSetName":"servers a"}`, 409},
		{"a nameless set", "ManagementSetOps_CreateManagementSet", `{"AuthenticationToken":ADMIN,"ManagementSetName":" "}`, 400},
		{"an unknown system for a set", "ManagementSetOps_AddLinuxSystemToManagementSet", `{"AuthenticationToken":ADMIN,"ManagementSetName":"Servers A","SystemName":"x"}`, 404},
		{"a system for an unknown set", "ManagementSetOps_AddWindowsSystemToManagementSet", `{"AuthenticationToken":ADMIN,"ManagementSetName":"B","SystemName":"web01"}`, 404},
	}
}

func TestRefusalsFollowTheErrorProfile(t *testing.T) {
	t.Parallel()
	for _, profile := range []redimtest.ErrorProfile{"", "A", "b", "C"} {
		t.Run("profile "+string(profile), func(t *testing.T) {
			t.Parallel()
			r, c := newCaller(t, redimtest.Options{Errors: profile})
			fill := strings.NewReplacer("TOKEN", quoted(c.as(r, "EX", "alice")), "ADMIN", quoted(c.delegation(r)), `"AuthenticationToken"`, `"AuthenticationToken"`)
			before := r.Stats()
			for _, step := range refusals() {
				status, body := c.post(step.op, fill.Replace(step.body))
				checkRefusal(t, profile, step.name, step.op, step.status, status, body)
			}
			after := r.Stats()
			if after.Checkouts != before.Checkouts || after.Logins != before.Logins || after.Jobs != before.Jobs {
				t.Errorf("refusals were counted as acts: %+v", after)
			}
		})
	}
}

func checkRefusal(t *testing.T, profile redimtest.ErrorProfile, name, op string, want, status int, body string) {
	t.Helper()
	var out struct {
		OperationMessage   *string `json:"OperationMessage"`
		OperationSucceeded *bool   `json:"OperationSucceeded"`
	}
	isObject := json.Unmarshal([]byte(body), &out) == nil && out.OperationMessage != nil && out.OperationSucceeded != nil && !*out.OperationSucceeded
	var ok bool
	switch profile {
	case "A":
		silent := strings.HasPrefix(op, "DoLogin")
		ok = status == http.StatusOK && isObject && (*out.OperationMessage == "") == silent
	case "b":
		ok = status == http.StatusBadRequest && strings.Contains(body, "<h1>Request Error</h1>")
	default:
		ok = status == want && isObject && *out.OperationMessage != ""
	}
	if !ok {
		t.Errorf("%s: %d %s, want as of %d", name, status, body, want)
	}
}

func TestABareLoginThatFailsUnderProfileAIsAnEmptyString(t *testing.T) {
	t.Parallel()
	_, c := newCaller(t, redimtest.Options{Errors: redimtest.ErrorsAs200})
	if status, body := c.post("DoLogin", `{"LoginType":1,"Username":"x"}`); status != 200 || body != `""` {
		t.Errorf("%d %s", status, body)
	}
}

func TestLogonIsAPermission(t *testing.T) {
	t.Parallel()
	e := redimtest.SampleEstate()
	e.Roles[0].Permissions = nil
	r, c := newCaller(t, redimtest.Options{Estate: e})
	status, body := c.post("DoLoginImpersonated", `{"AuthenticationToken":`+quoted(c.delegation(r))+`,"Username":"alice","Authenticator":"ex","LoginType":2}`)
	if status != 403 {
		t.Errorf("impersonated: %d %s", status, body)
	}
	_ = r.IdentityPassword(pam.Identity{Domain: "ex", Name: "ALICE"}).Reveal(func(b []byte) error {
		status, body = c.post("DoLogin2", `{"Username":"alice","Authenticator":"EX","LoginType":2,"Password":`+quoted(string(b))+`}`)
		return nil
	})
	if status != 403 {
		t.Errorf("with the password: %d %s", status, body)
	}
	if r.IdentityPassword(pam.Identity{Name: "alice"}).Len() != 0 {
		t.Error("an identity that is not there has a password")
	}
}

func TestSeeingAnAccountIsLessThanCheckingItOut(t *testing.T) {
	t.Parallel()
	e := redimtest.SampleEstate()
	e.Grants[0].Permissions = []string{"ViewAccounts"}
	e.Service.UnknownSystem = "not_found"
	e.Service.DomainNames = "bare"
	r, c := newCaller(t, redimtest.Options{Estate: e})
	token := c.as(r, "ex", "Alice")
	var list []struct{ AccountName string }
	c.ask(listOp, map[string]any{"AuthenticationToken": token, "SystemName": "example.local."}, &list)
	if len(list) != 1 || list[0].AccountName != "svc-deploy" {
		t.Errorf("bare domain names: %+v", list)
	}
	if status, body := c.post(checkOutOp, `{"AuthenticationToken":`+quoted(token)+`,"AccountIdentificationInfo":{"AccountName":"ex\\svc-deploy","AccountStore":{"TargetName":"web01","Type":1}}}`); status != 403 {
		t.Errorf("check-out: %d %s", status, body)
	}
	if status, body := c.post(listOp, `{"AuthenticationToken":`+quoted(token)+`,"SystemName":"nowhere"}`); status != 404 {
		t.Errorf("unknown system: %d %s", status, body)
	}
}

func TestEditPasswordListsOpensEveryList(t *testing.T) {
	t.Parallel()
	e := redimtest.SampleEstate()
	e.Roles[0].Permissions = append(e.Roles[0].Permissions, "EditPasswordLists")
	r, c := newCaller(t, redimtest.Options{Estate: e})
	var out struct{ ListValues []struct{ Value string } }
	c.ask("AccountStoreOps_SharedCredential_GetLists", map[string]any{"AuthenticationToken": c.as(r, "EX", "carol")}, &out)
	if len(out.ListValues) != 1 {
		t.Errorf("%+v", out)
	}
}

func TestAnInstallationMayLackOrRenameOperations(t *testing.T) {
	t.Parallel()
	e := redimtest.SampleEstate()
	e.Service.MissingOperations = []string{"dologin"}
	e.Service.RenamedOperations = map[string]string{"DoLogin2": "SignIn"}
	r, c := newCaller(t, redimtest.Options{Estate: e})
	for op, want := range map[string]int{"DoLogin": 404, "DoLogin2": 404, "signin": 401} {
		if status, body := c.post(op, `{"LoginType":1,"Username":"x"}`); status != want {
			t.Errorf("%s: %d %s, want %d", op, status, body, want)
		}
	}
	if got := r.Stats().Operations; len(got) != 1 || got["DoLogin2"] != 1 {
		t.Errorf("counted as %v", got)
	}
}

func TestTokensEndWithTimeLogoutOrRevocation(t *testing.T) {
	t.Parallel()
	e := redimtest.SampleEstate()
	e.Service.TokenLifetime = 10 * time.Minute
	r, c := newCaller(t, redimtest.Options{Estate: e})
	works := func(token string) bool {
		status, _ := c.post("AccountStoreOps_SharedCredential_GetLists", `{"AuthenticationToken":`+quoted(token)+`}`)
		return status == http.StatusOK
	}
	old := c.delegation(r)
	r.Advance(9*time.Minute + 59*time.Second)
	young := c.delegation(r)
	if !works(old) || !works(young) {
		t.Error("a token ended too soon")
	}
	r.Advance(time.Second)
	if works(old) || !works(young) {
		t.Error("a token did not end in time, or another one did")
	}
	c.post("DoLogout", `{"AuthenticationToken":`+quoted(young)+`}`)
	if works(young) {
		t.Error("a token outlived its log-out")
	}
	one, two := c.delegation(r), c.delegation(r)
	r.RevokeTokens()
	if works(one) || works(two) {
		t.Error("a token outlived its revocation")
	}
}

func TestASlidingTokenLivesWhileItIsUsed(t *testing.T) {
	t.Parallel()
	e := redimtest.SampleEstate()
	e.Service.TokenLifetime, e.Service.TokenSliding = 10*time.Minute, true
	r, c := newCaller(t, redimtest.Options{Estate: e})
	body := `{"AuthenticationToken":` + quoted(c.delegation(r)) + `}`
	for range 4 {
		r.Advance(9 * time.Minute)
		if status, _ := c.post("AccountStoreOps_SharedCredential_GetLists", body); status != 200 {
			t.Fatal("a used token ended")
		}
	}
	r.Advance(10 * time.Minute)
	if status, _ := c.post("AccountStoreOps_SharedCredential_GetLists", body); status != 401 {
		t.Error("an unused token did not end")
	}
}

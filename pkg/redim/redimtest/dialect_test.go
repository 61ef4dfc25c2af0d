package redimtest_test

import (
	"net/http"
	"regexp"
	"slices"
	"strings"
	"testing"

	"github.com/redim-tools/redim/pkg/redim/redimtest"
)

// bases are the addresses of the interfaces.
func bases() map[string]string {
	return map[string]string{"json-v2": "/JSON/V2/AuthService.svc/", "json-v1": "/AuthService_JSON.svc/", "rest": "/AuthService.svc/REST/"}
}

func (c *caller) to(r *redimtest.Running, dialect string) *caller {
	other := *c
	other.base = r.URL() + "/erpmWEBservice" + bases()[dialect]
	return &other
}

// get reads with a token in the header.
func (c *caller) get(op, token string) (int, string) {
	c.t.Helper()
	req, err := http.NewRequestWithContext(c.t.Context(), http.MethodGet, c.base+op, nil)
	if err != nil {
		c.t.Fatal(err)
	}
	req.Header["AuthenticationToken"] = []string{token}
	status, answer, err := c.do(req)
	if err != nil {
		c.t.Fatal(err)
	}
	return status, answer
}

func delegationBody(r *redimtest.Running) string {
	return `{"Username":"svc-redim","LoginType":"1","MFATokenCode":"","Password":` + quoted(reveal(r.APIPassword())) + `}`
}

func TestTheOldLogInAnswersABareToken(t *testing.T) {
	t.Parallel()
	r, v2 := newCaller(t)
	for dialect, logIn := range map[string]string{"json-v2": "DoLogin", "json-v1": "DoLogin", "rest": "login"} {
		c := v2.to(r, dialect)
		status, got := c.post(logIn, delegationBody(r))
		if status != 200 || !regexp.MustCompile(`^"c4nary\\/[A-Za-z0-9+\\/]+\+=="$`).MatchString(got) {
			t.Errorf("%s: %d %s", dialect, status, got)
		}
		c.checkHeaders(got)
	}
	for _, dialect := range []string{"json-v1", "rest"} {
		if status, _ := v2.to(r, dialect).post("DoLogin2", delegationBody(r)); status != 404 {
			t.Errorf("%s has DoLogin2: %d", dialect, status)
		}
	}
	for _, op := range []string{"DoLogin", "DoLogout", "JobOps_CreatePasswordChangeJob", "ManagementSetOps_GetManagementSetList"} {
		if status, body := v2.to(r, "rest").post(op, "{}"); status != 404 || !strings.Contains(body, "Endpoint not found.") {
			t.Errorf("REST has %s beside its resource: %d %s", op, status, body)
		}
	}
}

func TestEveryDialectDoesTheSame(t *testing.T) {
	t.Parallel()
	r, v2 := newCaller(t)
	token := quoted(v2.as(r, "EX", "alice"))
	for dialect := range bases() {
		c := v2.to(r, dialect)
		for _, step := range []struct{ op, body, want string }{
			{"QueryTargetInfo_SystemName", `{"AuthenticationToken":` + token + `,"SystemName":"192.0.2.10","NameType":3}`, `"web01"`},
			{"AccountStoreOps_SharedCredential_GetLists", `{"AuthenticationToken":` + token + `}`, `{"ListValues":[{"Value":"Network gear"}]}`},
			{checkOutOp, `{"AuthenticationToken":` + token + `,"Comment":"x","AccountIdentificationInfo":{"AccountName":"Administrator","AccountStore":{"TargetName":"web01","Type":1}}}`,
				`{"OperationMessage":"checked out","OperationSucceeded":true,"Password":"c4nary-Web01-Adm\/+\"<&é"}`},
		} {
			if status, got := c.post(step.op, step.body); status != 200 || got != step.want {
				t.Errorf("%s %s\n got %d %s\nwant %s", dialect, step.op, status, got, step.want)
			}
			c.checkHeaders(step.want)
		}
	}
	logOut := map[string]string{"json-v2": "DoLogout", "json-v1": "DoLogout", "rest": "Logout"}
	for dialect, op := range logOut {
		one := quoted(v2.as(r, "EX", "alice"))
		c := v2.to(r, dialect)
		if status, body := c.post(op, `{"AuthenticationToken":`+one+`}`); status != 200 || body != "" {
			t.Errorf("%s: log-out %d %q", dialect, status, body)
		}
		c.checkHeaders("")
		if status, _ := v2.post(listOp, `{"AuthenticationToken":`+one+`,"SystemName":"web01"}`); status != 401 {
			t.Errorf("%s: the token lives on: %d", dialect, status)
		}
	}
}

func TestResourcesAreReadWithTheTokenInTheHeader(t *testing.T) {
	t.Parallel()
	r, v2 := newCaller(t)
	c, token := v2.to(r, "rest"), v2.delegation(r)
	for _, step := range []struct{ path, want string }{
		{"ManagementSets", `{"ListValues":[{"Value":"Servers A"}]}`},
		{"managementsets?anything=1", `{"ListValues":[{"Value":"Servers A"}]}`},
		{"ManagementSet?Name=servers%20a", `{"Name":"Servers A","SystemCount":2}`},
		{"ManagementSet?NAME=Servers+A&Name2=x", `{"Name":"Servers A","SystemCount":2}`},
		{"ManagementSet/System/Linux?Name=Servers%20A", `[{"SystemName":"web02"}]`},
		{"ManagementSet/System/Linux/?name=Servers%20A", `[{"SystemName":"web02"}]`},
	} {
		if status, got := c.get(step.path, token); status != 200 || got != step.want {
			t.Errorf("%s\n got %d %s\nwant %s", step.path, status, got, step.want)
		}
		c.checkHeaders(step.want)
	}
	for path, want := range map[string]int{"ManagementSet": 404, "ManagementSet?Name=": 404, "ManagementSet?Name=none": 404} {
		if status, body := c.get(path, token); status != want || !strings.Contains(body, `"OperationSucceeded":false`) {
			t.Errorf("%s: %d %s", path, status, body)
		}
	}
	for _, wrong := range []string{"", "c4nary/none"} {
		if status, _ := c.get("ManagementSets", wrong); status != 401 {
			t.Errorf("the token %q is taken: %d", wrong, status)
		}
	}
	status, _, err := c.send(http.MethodGet, c.base+"ManagementSets", "application/json", `{"AuthenticationToken":`+quoted(token)+`}`)
	if err != nil || status != 401 {
		t.Errorf("a GET with the token in the body: %d, %v", status, err)
	}
}

func TestTheListOfIdentitiesIsThatOfTheService(t *testing.T) {
	t.Parallel()
	r, v2 := newCaller(t)
	c := v2.to(r, "rest")
	status, list := c.get("Delegation/Identity", v2.delegation(r))
	for _, want := range []string{
		`{"AccountName":"EX\\alice","AlertOnRecovery":false,"AlertOnRequest":false,"DisplayName":"EX\\alice","EmailAddress":"","IsDomainAccount":1,"PermissionAccessRemoteSessions":false,`,
		`"AccountName":"bob","AlertOnRecovery":false,"AlertOnRequest":false,"DisplayName":"bob","EmailAddress":"","IsDomainAccount":0,`,
		`"PermissionAllAccess":true`, `"IsDomainAccount":4,`, `"PermissionViewWebLogs":`,
	} {
		if status != 200 || !strings.Contains(list, want) {
			t.Errorf("%d, no %s in %s", status, want, list)
		}
	}
	if status, _ := c.get("Delegation/Identity", v2.as(r, "EX", "alice")); status != 403 {
		t.Errorf("anybody may list them: %d", status)
	}
}

func TestResourcesAreWrittenWithTheTokenInTheBody(t *testing.T) {
	t.Parallel()
	r, v2 := newCaller(t)
	c := v2.to(r, "rest")
	token, alice := quoted(v2.delegation(r)), quoted(v2.as(r, "EX", "alice"))
	credential := `,"SystemName":"web02","Namespace":"[Linux]","AccountName":"backup","Password":"c4nary\/new","AssetTag":"","AssociatedGroup":"Servers A","Comment":"","OverwriteSettings":0}`
	job := `,"JobInfoBase":{"RunJobOnNewSystems":false},"ScheduleInfo":{"ScheduleType":1},"SystemList":"web01"}`
	spin := `,"JobInfoBase":{"NextRunTimeUTC":"/Date(1700000000000+0000)/"},"PasswordChangeSettings":{"FullAccountName":"Administrator","PasswordLength":30},"ScheduleInfo":{"ScheduleType":1},"SystemList":"web01"}`
	for _, step := range []struct {
		path, body string
		status     int
		want       string
	}{
		{"ManagementSets", `{"AuthenticationToken":` + token + `,"ManagementSetName":"New"}`, 200, `{"OperationMessage":"created","OperationSucceeded":true}`},
		{"ManagementSet?Name=", `{"AuthenticationToken":` + token + `,"ManagementSetName":"New"}`, 200, `{"Name":"New","SystemCount":0}`},
		{"ManagementSet/System/Linux", `{"AuthenticationToken":` + token + `,"ManagementSetName":"New","SystemName":"web02"}`, 200, `{"OperationMessage":"added","OperationSucceeded":true}`},
		{"ManagementSet/System/Windows", `{"AuthenticationToken":` + token + `,"ManagementSetName":"New","SystemName":"web01"}`, 200, `{"OperationMessage":"added","OperationSucceeded":true}`},
		{"StoredCredential", `{"AuthenticationToken":` + token + credential, 200, `{"OperationMessage":"stored","OperationSucceeded":true}`},
		{"StoredCredential", `{"AuthenticationToken":` + token + strings.ReplaceAll(credential, "backup", "ROOT"), 200, `{"OperationMessage":"stored","OperationSucceeded":true}`},
		{"StoredCredential", `{"AuthenticationToken":` + token + strings.ReplaceAll(credential, "web02", "none"), 404, `{"OperationMessage":"no system is named none","OperationSucceeded":false}`},
		{"StoredCredential", `{"AuthenticationToken":` + token + `,"SystemName":"web02"}`, 400, `{"OperationMessage":"the account has no name or no password","OperationSucceeded":false}`},
		{"StoredCredential", `{"AuthenticationToken":` + alice + credential, 403, `{"OperationMessage":"EX\\alice lacks AddPasswordsForManagedSystems","OperationSucceeded":false}`},
		{"Job/RefreshAndDiscoverWindows", `{"AuthenticationToken":` + token + job, 200, `1001`},
		{"Job/RefreshAndDiscoverWindows", `{"AuthenticationToken":` + alice + job, 403, `{"OperationMessage":"EX\\alice lacks CreateRefreshSystemJob","OperationSucceeded":false}`},
		{"Job/RefreshAndDiscoverWindows", `{"AuthenticationToken":` + token + `}`, 400, `{"OperationMessage":"the job names no system","OperationSucceeded":false}`},
		{"Job/PasswordChange", `{"AuthenticationToken":` + token + spin, 200, `1002`},
	} {
		if status, got := c.post(step.path, step.body); status != step.status || got != step.want {
			t.Errorf("%s\n got %d %s\nwant %d %s", step.path, status, got, step.status, step.want)
		}
	}
	if reveal(r.Password("web02", "backup")) != "c4nary/new" || reveal(r.Password("web02", "root")) != "c4nary/new" || reveal(r.Password("web01", "Administrator")) == "c4nary-Web01-Adm/+\"<&é" {
		t.Error("a password was not stored, or not changed")
	}
	if _, got := c.get("ManagementSet/System/Linux?Name=New", v2.delegation(r)); got != `[{"SystemName":"web02"}]` {
		t.Errorf("the set holds %s", got)
	}
	req, _ := http.NewRequestWithContext(t.Context(), http.MethodPost, c.base+"ManagementSets", strings.NewReader("{}"))
	req.Header = http.Header{"AuthenticationToken": {v2.delegation(r)}, "Content-Type": {"application/json"}}
	if status, _, err := c.do(req); err != nil || status != 401 {
		t.Errorf("a POST with the token in the header: %d, %v", status, err)
	}
}

func TestOtherMethodsTellWhichThereAre(t *testing.T) {
	t.Parallel()
	r, v2 := newCaller(t)
	for _, step := range []struct{ dialect, method, op, allow string }{
		{"json-v1", "GET", "DoLogin", "POST"}, {"rest", "GET", "Login", "POST"}, {"rest", "POST", "Delegation/Identity", "GET"},
		{"rest", "DELETE", "ManagementSets", "GET, POST"}, {"rest", "HEAD", "ManagementSets", "GET, POST"}, {"rest", "GET", checkOutOp, "POST"},
	} {
		c := v2.to(r, step.dialect)
		status, body, err := c.send(step.method, c.base+step.op, "application/json", "{}")
		if err != nil || status != 405 || step.method != "HEAD" && !strings.Contains(body, "Method not allowed.") || c.last.Header.Get("Allow") != step.allow {
			t.Errorf("%s %s: %d %s, Allow %q, %v", step.method, step.op, status, body, c.last.Header.Get("Allow"), err)
		}
	}
}

func TestAnInstallationMayHaveOneInterface(t *testing.T) {
	t.Parallel()
	for dialect := range bases() {
		r, v2 := newCaller(t, redimtest.Options{Dialect: dialect})
		for other := range bases() {
			c := v2.to(r, other)
			for _, path := range []string{"help", "AccountStoreOps_SharedCredential_GetLists"} {
				status, _, err := c.send(http.MethodGet, c.base+path, "", "")
				if there := status == 200 || status == 405; err != nil || there != (other == dialect) {
					t.Errorf("with %s alone, %s of %s answers %d, %v", dialect, path, other, status, err)
				}
			}
		}
	}
	if _, err := redimtest.Start(redimtest.Options{Dialect: "soap"}); err == nil {
		t.Error("an unknown dialect is spoken")
	}
	e := redimtest.SampleEstate()
	e.Service.Dialects = []string{"rest", "soap"}
	if _, err := redimtest.New(redimtest.Options{Estate: e}); err == nil || !strings.Contains(err.Error(), `soap`) {
		t.Errorf("an estate of an unknown dialect: %v", err)
	}
}

func TestTheHelpPageOfResourcesSharesCells(t *testing.T) {
	t.Parallel()
	e := redimtest.SampleEstate()
	e.Service.RenamedOperations = map[string]string{"Job/PasswordChange": "Job/Password", "DoLogin": "DoSignIn"}
	r, v2 := newCaller(t, redimtest.Options{Estate: e})
	_, list := v2.to(r, "rest").get("help", "")
	rows := regexp.MustCompile(`(?s)<tr>(?:<td[^>]*?(rowspan="2")?[^>]*>([^<]*)</td>)?<td[^>]*><a rel="operation" href="help/operations/(\w+)">(GET|POST)</a></td>`).FindAllStringSubmatch(list, -1)
	var got []string
	for _, row := range rows {
		got = append(got, strings.TrimSpace(strings.Join(row[2:], " ")))
	}
	for _, want := range []string{
		"ManagementSets ManagementSetOps_GetManagementSetList GET", "ManagementSetOps_CreateManagementSet POST",
		"ManagementSet/System/Linux?Name={NAME} ManagementSetOps_GetLinuxSystemListForManagementSet GET", "Login DoSignIn POST",
		"Job/Password JobOps_CreatePasswordChangeJob POST", "Delegation/Identity DelegationIdentity GET", checkOutOp + " " + checkOutOp + " POST",
	} {
		if !slices.Contains(got, want) {
			t.Errorf("no row %q in %q", want, got)
		}
	}
	if status, one := v2.to(r, "rest").get("help/operations/delegationidentity", ""); status != 200 || strings.Contains(one, "sample") {
		t.Errorf("the page of a GET: %d %s", status, one)
	}
	if status, _ := v2.to(r, "json-v1").get("help/operations/DoSignIn", ""); status != 200 {
		t.Errorf("the page of a renamed operation: %d", status)
	}
}

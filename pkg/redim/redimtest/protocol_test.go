package redimtest_test

import (
	"bufio"
	"cmp"
	"fmt"
	"net"
	"net/http"
	"regexp"
	"strings"
	"testing"

	"github.com/redim-tools/redim/pkg/redim/redimtest"
)

const (
	listOp     = "AccountStoreOps_StoredCredential_GetListForSystem"
	checkOutOp = "AccountStoreOps_StoredCredential_CheckOut"
	checkInOp  = "AccountStoreOps_StoredCredential_CheckIn"
	readOp     = "AccountStoreOps_StoredCredential_GetIgnoreCheckout"
)

// quoted quotes a text for use inside a JSON body.
func quoted(s string) string {
	return `"` + strings.NewReplacer(`\`, `\\`, `"`, `\"`).Replace(s) + `"`
}

func TestAnswersAreWrittenByteForByte(t *testing.T) {
	t.Parallel()
	r, c := newCaller(t)
	token := quoted(c.as(r, "EX", "alice"))
	admin := quoted(c.delegation(r))
	account := func(name, target string, kind int) string {
		return fmt.Sprintf(`"AccountIdentificationInfo":{"AccountName":%s,"PasswordList":"","AccountStore":{"CustomTypeName":"","TargetName":%s,"Type":%d}}`, quoted(name), quoted(target), kind)
	}
	entry := `"SharedCredentialIdentifier":{"SharedCredentialListName":"network gear","SystemName":"switch1","AccountName":"admin"}`
	for _, step := range []struct{ op, body, want string }{
		{listOp, `{"AuthenticationToken":` + token + `,"SystemName":"web01"}`,
			`[{"AccountName":"Administrator","AccountStore":{"CustomTypeName":"","TargetName":"web01","Type":1},"AssetTag":"","AutoSpin":true,` +
				`"CheckOutExpires":null,"CheckedOutBy":null,"IsRandomPassword":true,"LastChanged":"\/Date(1768465800000)\/","Namespace":"web01","SystemName":"web01"},` +
				`{"AccountName":"svc-web","AccountStore":{"CustomTypeName":"","TargetName":"web01","Type":1},"AssetTag":"","AutoSpin":false,` +
				`"CheckOutExpires":null,"CheckedOutBy":null,"IsRandomPassword":false,"LastChanged":"\/Date(1748736000000)\/","Namespace":"web01","SystemName":"web01"}]`},
		{listOp, `{"AuthenticationToken":` + token + `,"SystemName":"Example.Local"}`,
			`[{"AccountName":"EX\\svc-deploy","AccountStore":{"CustomTypeName":"","TargetName":"example.local","Type":1},"AssetTag":"","AutoSpin":false,` +
				`"CheckOutExpires":null,"CheckedOutBy":null,"IsRandomPassword":false,"LastChanged":"\/Date(1764568800000)\/","Namespace":"EX","SystemName":"example.local"}]`},
		{listOp, `{"AuthenticationToken":` + token + `,"SystemName":"nowhere"}`, `[]`},
		{checkOutOp, `{"AuthenticationToken":` + token + `,"Comment":"x",` + account("svc-web", "web01", 1) + `}`,
			`{"OperationMessage":"checked out","OperationSucceeded":true,"Password":"c4nary-Svc\\Web %41$ß\ud83d\udd11"}`},
		{checkOutOp, `{"AuthenticationToken":` + token + `,"Comment":"x",` + account("Administrator", "web01", 1) + `}`,
			`{"OperationMessage":"checked out","OperationSucceeded":true,"Password":"c4nary-Web01-Adm\/+\"<&é"}`},
		{checkInOp, `{"AuthenticationToken":` + token + `,"Comment":"x",` + account("Administrator", "web01", 1) + `}`,
			`{"OperationMessage":"checked in","OperationSucceeded":true}`},
		{readOp, `{"AuthenticationToken":` + admin + `,` + account("sa", `db01\PROD`, 9) + `}`,
			`{"OperationMessage":"retrieved","OperationSucceeded":true,"Password":"c4nary-Db01-Sa\/+\"<&é;="}`},
		{"AccountStoreOps_SharedCredential_GetLists", `{"AuthenticationToken":` + token + `}`, `{"ListValues":[{"Value":"Network gear"}]}`},
		{"AccountStoreOps_SharedCredential_CheckOut", `{"AuthenticationToken":` + token + `,"Comment":"",` + entry + `}`,
			`{"OperationMessage":"checked out","OperationSucceeded":true,"Password":"c4nary-Switch1\/+\"<&é"}`},
		{"AccountStoreOps_SharedCredential_GetListEntries", `{"AuthenticationToken":` + token + `,"SharedCredentialListName":"Network gear"}`,
			`[{"AccountName":"admin","CheckedOutBy":"EX\\alice","SharedCredentialListName":"Network gear","SystemName":"switch1"},` +
				`{"AccountName":"ilo-admin","CheckedOutBy":null,"SharedCredentialListName":"Network gear","SystemName":"web01"}]`},
		{"AccountStoreOps_SharedCredential_CheckIn", `{"AuthenticationToken":` + token + `,"Comment":"",` + entry + `}`, ``},
		{"QueryTargetInfo_SystemName", `{"AuthenticationToken":` + token + `,"SystemName":"192.0.2.10","NameType":3}`, `"web01"`},
		{"QueryTargetInfo_SystemName", `{"AuthenticationToken":` + token + `,"SystemName":"192.0.2.20","NameType":"3"}`, `"web02"`},
		{"ManagementSetOps_GetManagementSetList", `{"AuthenticationToken":` + admin + `}`, `{"ListValues":[{"Value":"Servers A"}]}`},
		{"ManagementSetOps_GetManagementSetInfo", `{"AuthenticationToken":` + admin + `,"ManagementSetName":"servers a"}`, `{"Name":"Servers A","SystemCount":2}`},
		{"ManagementSetOps_GetLinuxSystemListForManagementSet", `{"AuthenticationToken":` + admin + `,"ManagementSetName":"Servers A"}`, `[{"SystemName":"web02"}]`},
		{"JobOps_GetJobStatus", `{"AuthenticationToken":` + admin + `,"JobID":101}`, `{"JobID":101,"LastRunTimeUTC":null,"Message":"","Status":0}`},
		{"JobOps_SetJobComment", `{"AuthenticationToken":` + admin + `,"JobID":101,"Comment":"x"}`, ``},
		{"DoLogout", `{"AuthenticationToken":` + token + `,"LoginType":null,"Anything":{"x":[1]}}`, ``},
	} {
		status, got := c.post(step.op, step.body)
		if status != http.StatusOK || got != step.want {
			t.Errorf("%s\n got %d %s\nwant %s", step.op, status, got, step.want)
		}
		c.checkHeaders(step.want)
	}
}

// checkHeaders checks the header of the last answer, which had this body.
func (c *caller) checkHeaders(body string) {
	c.t.Helper()
	kind, typed := c.last.Header["Content-Type"]
	switch {
	case c.last.Header.Get("Content-Length") != fmt.Sprint(len(body)):
		c.t.Errorf("Content-Length is %q for %d bytes", c.last.Header.Get("Content-Length"), len(body))
	case body == "" && typed:
		c.t.Errorf("an empty answer has the content type %q", kind)
	case body != "" && (len(kind) != 1 || kind[0] != "application/json; charset=utf-8"):
		c.t.Errorf("content type %q", kind)
	}
}

func TestATokenIsOpaqueAndItsSlashIsEscaped(t *testing.T) {
	t.Parallel()
	r, c := newCaller(t)
	var body string
	_ = r.APIPassword().Reveal(func(b []byte) error {
		body = `{"Username":"SVC-redim","LoginType":"1","Authenticator":"meaningless","Password":` + quoted(string(b)) + `}`
		return nil
	})
	const token = `"c4nary\\/[A-Za-z0-9+\\/]+\+=="`
	if _, got := c.post("DoLogin", body); !regexp.MustCompile(`^` + token + `$`).MatchString(got) {
		t.Errorf("DoLogin: %s", got)
	}
	if _, got := c.post("DoLogin2", body); !regexp.MustCompile(`^\{"OperationMessage":` + token + `,"OperationSucceeded":true\}$`).MatchString(got) {
		t.Errorf("DoLogin2: %s", got)
	}
}

func TestPathsAreFoundWithoutRegardToCaseOrApplication(t *testing.T) {
	t.Parallel()
	r, c := newCaller(t)
	for path, want := range map[string]int{
		"/ERPMWebService/JSON/V2/AuthService.svc/DoLogout":      401,
		"/erpmwebservice_anon/json/v2/authservice.svc/dologout": 401,
		"/a/b/JSON/V2/AUTHSERVICE.SVC/DOLOGOUT":                 401,
		"/JSON/V2/AuthService.svc/DoLogout/":                    401,
		"/ERPMWebService/JSON/V2/AuthService.svc/DoLogout3":     404,
		"/ERPMWebService/JSON/V2/AuthService.svc":               404,
		"/ERPMWebService/JSON/V2/AuthService.svc/":              404,
		"/ERPMWebService/JSON/V2/AuthService.svcx/DoLogout":     404,
		"/ERPMWebService/AuthService.svc":                       404,
		"/%C4%B0%FF/JSON/V2/AuthService.svc/DoLogout":           401,
		"/": 404,
		"/ERPMWebService/JSON/V2/AuthService.svc/DoLogout?x=1":     401,
		"/ERPMWebService/JSON/V2/AuthService.svc/DoLogin2/DoLogin": 404,
	} {
		c.base = r.URL()
		status, body := c.post(path, `{"AuthenticationToken":"x"}`)
		if status != want {
			t.Errorf("%s: %d %s, want %d", path, status, body, want)
		}
		if want == 404 && c.last.Header.Get("Content-Type") != "text/html; charset=UTF-8" {
			t.Errorf("%s: content type %s", path, c.last.Header.Get("Content-Type"))
		}
	}
}

func TestWrongMethodsAndUnknownOperationsGetAPage(t *testing.T) {
	t.Parallel()
	_, c := newCaller(t)
	for _, step := range []struct {
		method, op string
		status     int
		text       string
	}{
		{"GET", "DoLogin2", 405, "Method not allowed."},
		{"PUT", listOp, 405, "Method not allowed."},
		{"POST", "NoSuchOperation", 404, "Endpoint not found."},
		{"GET", "", 404, "Endpoint not found."},
		{"POST", "help", 405, "Method not allowed."},
	} {
		status, body, err := c.send(step.method, c.base+step.op, "application/json", "{}")
		if err != nil || status != step.status || !strings.Contains(body, step.text) {
			t.Errorf("%s %s: %d %s %v", step.method, step.op, status, body, err)
		}
		if step.status == 405 && step.op != "help" && c.last.Header.Get("Allow") != "POST" {
			t.Errorf("%s %s: Allow is %q", step.method, step.op, c.last.Header.Get("Allow"))
		}
	}
}

func TestMalformedRequestsAreRefusedWithAPage(t *testing.T) {
	t.Parallel()
	r, v2 := newCaller(t)
	for dialect := range bases() {
		malformed(t, v2.to(r, dialect), dialect)
	}
}

// inDialect is the address of an operation that JSON V2 names so.
func inDialect(dialect, op string) string {
	names := map[string]map[string]string{
		"json-v1": {"DoLogin2": "DoLogin"},
		"rest":    {"DoLogin2": "Login", "DoLogout": "Logout", "JobOps_CreatePasswordChangeJob": "Job/PasswordChange"},
	}
	return cmp.Or(names[dialect][op], op)
}

func malformed(t *testing.T, c *caller, dialect string) {
	t.Helper()
	pad := func(n int) string { // a message of n bytes
		const front, back = `{"AuthenticationToken":"x","Padding":[`, `]}`
		return front + strings.Repeat(" ", n-len(front)-len(back)) + back
	}
	for _, step := range []struct {
		name, op, body string
		status         int
	}{
		{"empty body", "DoLogout", ``, 400},
		{"null", "DoLogout", `null`, 400},
		{"a list", "DoLogout", `[]`, 400},
		{"text", "DoLogout", `hello`, 400},
		{"byte-order mark", "DoLogout", "\ufeff{}", 400},
		{"invalid UTF-8", "DoLogout", "{\"AuthenticationToken\":\"\xff\"}", 400},
		{"duplicate member", "DoLogout", `{"AuthenticationToken":"x","AuthenticationToken":"y"}`, 400},
		{"trailing text", "DoLogout", `{"AuthenticationToken":"x"} and more`, 400},
		{"null for a number", "DoLogin2", `{"LoginType":null}`, 400},
		{"a fraction for a number", "DoLogin2", `{"LoginType":1.0}`, 400},
		{"an enumeration's name", checkOutOp, `{"AccountIdentificationInfo":{"AccountStore":{"Type":"OS_Windows"}}}`, 400},
		{"an ISO date", "JobOps_CreatePasswordChangeJob", `{"JobInfoBase":{"NextRunTimeUTC":"2026-01-01T00:00:00Z"}}`, 400},
		{"an unknown type hint", "DoLogin2", `{"__type":"X:#Y"}`, 400},
		{"an unknown type hint deep inside", checkOutOp, `{"AuthenticationToken":"x","AccountIdentificationInfo":{"__type":"X:#Y"}}`, 400},
		{"a type hint that is not first is a member", "DoLogout", `{"AuthenticationToken":"x","__type":"X:#Y"}`, 401},
		{"a duplicate member deep inside", checkOutOp, `{"AuthenticationToken":"x","AccountIdentificationInfo":{"AccountName":"a","AccountName":"a"}}`, 400},
		{"a duplicate of an unknown member", "DoLogout", `{"AuthenticationToken":"x","Z":1,"Z":2}`, 400},
		{"a number with an exponent", "DoLogin2", `{"LoginType":1e0}`, 400},
		{"a number that is too large", "DoLogin2", `{"LoginType":99999999999999999999}`, 400},
		{"a number as text with a blank", "DoLogin2", `{"LoginType":"1 ","Username":"x"}`, 401},
		{"a number where a text is expected", "DoLogout", `{"AuthenticationToken":5}`, 401},
		{"null where a text is expected", "DoLogout", `{"AuthenticationToken":null}`, 401},
		{"an object where a text is expected", "DoLogout", `{"AuthenticationToken":{}}`, 400},
		{"a list where a text is expected", "DoLogout", `{"AuthenticationToken":[]}`, 400},
		{"a raw line separator", "DoLogout", "{\"AuthenticationToken\":\"\u2028\"}", 401},
		{"a raw control character", "DoLogout", "{\"AuthenticationToken\":\"\x01\"}", 400},
		{"an escaped pair", "DoLogout", `{"AuthenticationToken":"\ud83d\udd11"}`, 401},
		{"4097 characters of two units", "DoLogout", `{"AuthenticationToken":"` + strings.Repeat("🔑", 4097) + `"}`, 400},
		{"a UTF-16 message", "DoLogout", "{\x00}\x00", 400},
		{"a dictionary is a list of pairs", "DoLogout", `{"AuthenticationToken":"x","Map":[{"Key":1,"Value":{"a":null}}]}`, 401},
		{"32 levels", "DoLogout", `{"AuthenticationToken":"x","A":` + strings.Repeat("[", 31) + strings.Repeat("]", 31) + `}`, 401},
		{"33 levels", "DoLogout", `{"AuthenticationToken":"x","A":` + strings.Repeat("[", 32) + strings.Repeat("]", 32) + `}`, 400},
		{"a date with an odd offset", "JobOps_CreatePasswordChangeJob", `{"AuthenticationToken":"x","JobInfoBase":{"NextRunTimeUTC":"\/Date(1700000000000+1)\/"}}`, 401},
		{"a date beyond the calendar", "JobOps_CreatePasswordChangeJob", `{"AuthenticationToken":"x","JobInfoBase":{"NextRunTimeUTC":"/Date(253402300800000)/"}}`, 400},
		{"null for a date", "JobOps_CreatePasswordChangeJob", `{"AuthenticationToken":"x","JobInfoBase":{"NextRunTimeUTC":null}}`, 400},
		{"an unknown enumeration number is read", checkOutOp, `{"AuthenticationToken":"x","AccountIdentificationInfo":{"AccountStore":{"Type":99}}}`, 401},
		{"a member of another case is none", "DoLogout", `{"authenticationtoken":5}`, 401},
		{"8192 characters", "DoLogout", `{"AuthenticationToken":"` + strings.Repeat("x", 8192) + `"}`, 401},
		{"8193 characters", "DoLogout", `{"AuthenticationToken":"` + strings.Repeat("x", 8193) + `"}`, 400},
		{"64 KiB", "DoLogout", pad(64 << 10), 401},
		{"64 KiB and a byte", "DoLogout", pad(64<<10 + 1), 413},
		{"a megabyte", "DoLogout", pad(1 << 20), 413},
	} {
		status, body := c.post(inDialect(dialect, step.op), step.body)
		if status != step.status {
			t.Errorf("%s, %s: %d %s, want %d", dialect, step.name, status, body, step.status)
		}
		if isPage := strings.HasPrefix(body, "<!DOCTYPE html>"); isPage != (step.status != 401) {
			t.Errorf("%s: answered %s", step.name, body)
		}
	}
}

func TestOnlyJSONContentIsAccepted(t *testing.T) {
	t.Parallel()
	_, c := newCaller(t)
	for kind, want := range map[string]int{
		"application/json": 401, "application/json; charset=utf-8": 401, "text/json": 401, "Application/JSON": 401,
		"text/plain": 400, "": 400, "application/xml": 400,
	} {
		if status, _, err := c.send(http.MethodPost, c.base+"DoLogout", kind, `{}`); err != nil || status != want {
			t.Errorf("content type %q: %d, %v, want %d", kind, status, err, want)
		}
	}
}

func TestAVoidAnswerHasNoContentTypeOnTheWire(t *testing.T) {
	t.Parallel()
	r := redimtest.NewServer(t, redimtest.Options{PlainHTTP: true})
	c := &caller{t: t, client: http.DefaultClient, base: r.URL() + "/x/JSON/V2/AuthService.svc/"}
	body := `{"AuthenticationToken":` + quoted(c.delegation(r)) + `}`
	var dialer net.Dialer
	conn, err := dialer.DialContext(t.Context(), "tcp", strings.TrimPrefix(r.URL(), "http://"))
	if err != nil {
		t.Fatal(err)
	}
	defer conn.Close()
	_, err = fmt.Fprintf(conn, "POST /x/JSON/V2/AuthService.svc/DoLogout HTTP/1.1\r\nHost: x\r\nConnection: close\r\nContent-Type: application/json\r\nContent-Length: %d\r\n\r\n%s", len(body), body)
	if err != nil {
		t.Fatal(err)
	}
	var lines []string
	for sc := bufio.NewScanner(conn); sc.Scan(); {
		if name, _, _ := strings.Cut(sc.Text(), ":"); name != "Date" {
			lines = append(lines, sc.Text())
		}
	}
	want := []string{"HTTP/1.1 200 OK", "Content-Length: 0", "Connection: close", ""}
	if strings.Join(lines, "\n") != strings.Join(want, "\n") {
		t.Errorf("got %q, want %q", lines, want)
	}
}

func TestTheHelpPageListsWhatThereIs(t *testing.T) {
	t.Parallel()
	e := redimtest.SampleEstate()
	e.Service.RenamedOperations = map[string]string{"DoLoginImpersonated": "DoLoginAs"}
	e.Service.MissingOperations = []string{"JobOps_GetJobStatus"}
	_, c := newCaller(t, redimtest.Options{Estate: e})
	get := func(path string) (int, string) {
		status, body, err := c.send(http.MethodGet, c.base+path, "", "")
		if err != nil {
			t.Fatal(err)
		}
		return status, body
	}
	status, list := get("Help")
	if status != 200 || !strings.Contains(list, `href="help/operations/DoLoginAs">POST</a>`) ||
		strings.Contains(list, "DoLoginImpersonated") || strings.Contains(list, "GetJobStatus") {
		t.Errorf("help: %d %s", status, list)
	}
	status, one := get("help/Operations/dologinas")
	if status != 200 || !strings.Contains(one, "{&#34;AuthenticationToken&#34;:&#34;String content&#34;,&#34;Username&#34;:&#34;String content&#34;") {
		t.Errorf("help of one operation: %d %s", status, one)
	}
	if _, job := get("help/operations/JobOps_CreatePasswordChangeJob"); !strings.Contains(job, `\/Date(928174800000-0700)\/`) {
		t.Errorf("help of job creation: %s", job)
	}
	for _, missing := range []string{"help/operations/NoSuch", "help/other", "help/operations/"} {
		if status, _ := get(missing); status != 404 {
			t.Errorf("%s: %d", missing, status)
		}
	}
	e.Service.NoHelpPage = true
	_, c = newCaller(t, redimtest.Options{Estate: e})
	if status, _ := get("help"); status != 404 {
		t.Errorf("a help page that is switched off: %d", status)
	}
}

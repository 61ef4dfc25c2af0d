package redimtest_test

import (
	"encoding/json"
	"io"
	"net/http"
	"strings"
	"testing"

	"github.com/redim-tools/redim/pkg/redim/redimtest"
	"github.com/redim-tools/redim/pkg/secret"
)

// caller speaks to a server as a client of the service would.
type caller struct {
	t      *testing.T
	client *http.Client
	base   string
	last   *http.Response
}

func newCaller(t *testing.T, opts ...redimtest.Options) (*redimtest.Running, *caller) {
	t.Helper()
	r := redimtest.NewServer(t, opts...)
	return r, &caller{t: t, client: r.HTTPClient(), base: r.URL() + "/ERPMWebService/JSON/V2/AuthService.svc/"}
}

// post sends a body and returns status and answer.
func (c *caller) post(op, body string) (int, string) {
	c.t.Helper()
	status, answer, err := c.send(http.MethodPost, c.base+op, "application/json", body)
	if err != nil {
		c.t.Fatalf("%s: %v", op, err)
	}
	return status, answer
}

// send makes one request and reads the answer to its end.
func (c *caller) send(method, url, contentType, body string) (int, string, error) {
	c.t.Helper()
	req, err := http.NewRequestWithContext(c.t.Context(), method, url, strings.NewReader(body))
	if err != nil {
		c.t.Fatal(err)
	}
	req.Header["Content-Type"] = []string{contentType}
	return c.do(req)
}

func (c *caller) do(req *http.Request) (int, string, error) {
	resp, err := c.client.Do(req)
	if err != nil {
		return 0, "", err
	}
	defer resp.Body.Close()
	answer, err := io.ReadAll(resp.Body)
	c.last = resp
	return resp.StatusCode, string(answer), err
}

// ask posts members and decodes the answer into out; anything but 200 is fatal.
func (c *caller) ask(op string, in, out any) {
	c.t.Helper()
	body, err := json.Marshal(in)
	if err != nil {
		c.t.Fatal(err)
	}
	status, answer := c.post(op, string(body))
	if status != http.StatusOK {
		c.t.Fatalf("%s: %d %s", op, status, answer)
	}
	if out == nil {
		return
	}
	if err := json.Unmarshal([]byte(answer), out); err != nil {
		c.t.Fatalf("%s: %v in %s", op, err, answer)
	}
}

type loginReply struct{ OperationMessage string }

// delegation signs in as the API user.
func (c *caller) delegation(r *redimtest.Running) string {
	c.t.Helper()
	var password string
	_ = r.APIPassword().Reveal(func(b []byte) error { password = string(b); return nil })
	var out loginReply
	c.ask("DoLogin2", map[string]any{"Username": r.APIUser(), "Password": password, "LoginType": 1}, &out)
	return out.OperationMessage
}

// as signs in as somebody else, by way of the API user.
func (c *caller) as(r *redimtest.Running, domain, name string) string {
	c.t.Helper()
	kind := 2
	if domain == "" {
		kind = 1
	}
	var out loginReply
	c.ask("DoLoginImpersonated", map[string]any{"AuthenticationToken": c.delegation(r), "Username": name, "Authenticator": domain, "LoginType": kind}, &out)
	return out.OperationMessage
}

func stored(token, account, target string, kind int) map[string]any {
	return map[string]any{"AuthenticationToken": token, "Comment": "change 4711", "AccountIdentificationInfo": map[string]any{
		"AccountName": account, "PasswordList": "", "AccountStore": map[string]any{"CustomTypeName": "", "TargetName": target, "Type": kind},
	}}
}

func TestTheMainJobWorksOverTLS(t *testing.T) {
	t.Parallel()
	r, c := newCaller(t)
	token := c.as(r, "EX", "alice")

	var list []struct{ AccountName string }
	c.ask("AccountStoreOps_StoredCredential_GetListForSystem", map[string]any{"AuthenticationToken": token, "SystemName": "WEB01.example.local"}, &list)
	if len(list) != 2 || list[0].AccountName != "Administrator" || list[1].AccountName != "svc-web" {
		t.Errorf("list of web01: %+v", list)
	}
	var out struct{ Password string }
	c.ask("AccountStoreOps_StoredCredential_CheckOut", stored(token, "Administrator", "web01", 1), &out)
	if !strings.HasPrefix(out.Password, "c4nary") {
		t.Errorf("password %q", out.Password)
	}
	if got := r.Stats().Checkouts; got != (redimtest.CheckoutStats{Made: 1, Open: 1}) {
		t.Errorf("after the check-out: %+v", got)
	}
	c.ask("AccountStoreOps_StoredCredential_CheckIn", stored(token, "Administrator", "web01", 1), nil)
	c.ask("DoLogout", map[string]any{"AuthenticationToken": token}, nil)

	_, got, err := c.send(http.MethodGet, r.URL()+"/-/stats", "", "")
	if err != nil {
		t.Fatal(err)
	}
	want := `{"operations":{"AccountStoreOps_StoredCredential_CheckIn":1,"AccountStoreOps_StoredCredential_CheckOut":1,` +
		`"AccountStoreOps_StoredCredential_GetListForSystem":1,"DoLogin2":1,"DoLoginImpersonated":1,"DoLogout":1},` +
		`"logins":{"delegation":1,"impersonated":1},"checkouts":{"made":1,"open":0,"checked_in":1},"jobs":{"created":0}}`
	if got != want+"\n" {
		t.Errorf("stats\n got %s\nwant %s", got, want)
	}
}

// reveal returns the text of a secret.
func reveal(v secret.Value) string {
	var s string
	_ = v.Reveal(func(b []byte) error { s = string(b); return nil })
	return s
}

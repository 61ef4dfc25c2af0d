package redim_test

import (
	"context"
	"errors"
	"io"
	"net/http"
	"net/http/httptest"
	"net/netip"
	"strconv"
	"strings"
	"testing"

	"github.com/redim-tools/redim/pkg/pam"
	"github.com/redim-tools/redim/pkg/redim"
	"github.com/redim-tools/redim/pkg/secret"
)

// canned is a service that answers each operation with a fixed reply, the first
// line of which may be a status and a content type.
func canned(t *testing.T, replies map[string]string) *redim.Client {
	t.Helper()
	return cannedIn(t, "auto", replies)
}

// cannedIn speaks one dialect. Log-ins have a token where nothing else is said.
func cannedIn(t *testing.T, spoken string, replies map[string]string) *redim.Client {
	t.Helper()
	s := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		op := r.URL.Path[strings.LastIndexByte(r.URL.Path, '/')+1:]
		if r.Method == http.MethodGet && op != "help" {
			w.WriteHeader(http.StatusMethodNotAllowed)
			return
		}
		reply, ok := replies[op]
		switch {
		case ok:
		case op == "DoLogin", op == "Login":
			reply = `"c4nary\/token"`
		case strings.HasPrefix(op, "DoLogin"):
			reply = `{"OperationMessage":"c4nary\/token"}`
		}
		w.Header().Set("Content-Type", "application/json; charset=utf-8")
		for _, status := range []int{http.StatusUnauthorized, http.StatusProxyAuthRequired} {
			if text, isText := strings.CutPrefix(reply, strconv.Itoa(status)+" "); isText {
				w.Header().Set("WWW-Authenticate", "Negotiate")
				w.WriteHeader(status)
				reply = text
			}
		}
		if kind, text, isOther := strings.Cut(reply, "|"); isOther {
			w.Header()["Content-Type"] = nil
			if kind != "" {
				w.Header().Set("Content-Type", kind)
			}
			reply = text
		}
		_, _ = io.WriteString(w, reply)
	}))
	t.Cleanup(s.Close)
	c, err := redim.New(redim.Config{ServiceURL: s.URL + "/App/AuthService.svc", APIUser: "api", Dialect: spoken, HTTP: &http.Client{}, APIPassword: canaryPassword})
	if err != nil {
		t.Fatal(err)
	}
	return c
}

func canaryPassword(context.Context) (secret.Value, error) { return secret.FromString("c4nary"), nil }

func TestALogInWithoutATokenIsRefused(t *testing.T) {
	t.Parallel()
	for _, reply := range []string{"", "null", "{}", `{"OperationMessage":""}`, `{"OperationMessage":null,"OperationSucceeded":true}`} {
		c := canned(t, map[string]string{"DoLogin2": reply})
		wantFailure(t, c.SignIn(t.Context()), pam.ErrDelegationRefused, "api_user", false)
		c = canned(t, map[string]string{"DoLoginImpersonated": reply})
		_, err := c.Stored(t.Context(), alice(), "web01")
		wantFailure(t, err, pam.ErrNoImpersonation, "does not say which", false)
		if !strings.HasPrefix(err.Error(), `EX\alice: `) {
			t.Errorf("the failure %q does not name the user", err.Error())
		}
	}
	c := canned(t, map[string]string{"DoLogin2": `{"OperationMessage":7}`})
	wantFailure(t, c.SignIn(t.Context()), pam.ErrProtocol, "dialect_operations.log_in", false)
	c = canned(t, map[string]string{"DoLogin2": `401 `})
	wantFailure(t, c.SignIn(t.Context()), pam.ErrDelegationRefused, "Windows authentication", false)
	c = canned(t, map[string]string{"DoLogin2": `407 `})
	wantFailure(t, c.SignIn(t.Context()), pam.ErrUnreachable, "NO_PROXY", false)
}

func TestJSONThatIsNoneIsCalledSo(t *testing.T) {
	t.Parallel()
	for reply, says := range map[string]string{`{"OperationMessage":`: "called JSON, but is none", `text/html|<p>`: "not JSON but text/html"} {
		err := canned(t, map[string]string{"DoLogin2": reply}).SignIn(t.Context())
		wantFailure(t, err, pam.ErrProtocol, "log-in page", false)
		if !strings.Contains(err.Error(), says) {
			t.Errorf("%q, want %q", err, says)
		}
	}
}

func TestACheckOutWithoutAPasswordIsUncertain(t *testing.T) {
	t.Parallel()
	for _, reply := range []string{"", "null", "{}", `{"Password":null}`, `{"Password":""}`, `{"Password":{}}`, `[]`, `"c4nary"`, `{"Password":"c4nary`, "text/html|<html>c4nary", "|c4nary", "a/;b|c4nary"} {
		c := canned(t, map[string]string{opCheckOut: reply})
		release, err := c.CheckOut(t.Context(), alice(), pam.Credential{System: "web01", Account: "a"}, "")
		wantFailure(t, err, pam.ErrProtocol, "", true)
		if !release.Secret.IsEmpty() {
			t.Errorf("%s: a secret is returned", reply)
		}
	}
	c := canned(t, map[string]string{opCheckOut: `{"OperationSucceeded":false,"Password":"c4nary"}`})
	_, err := c.CheckOut(t.Context(), alice(), pam.Credential{System: "web01", Account: "a"}, "")
	wantFailure(t, err, pam.ErrDenied, "does not say why", false)
}

func TestAnswersWithoutABodyAreUnderstood(t *testing.T) {
	t.Parallel()
	c, ctx := canned(t, nil), t.Context()
	if found, err := c.Stored(ctx, alice(), "web01"); err != nil || len(found) != 0 {
		t.Errorf("found %v, %v", found, err)
	}
	if lists, err := c.SharedLists(ctx, alice()); err != nil || len(lists) != 0 {
		t.Errorf("lists are %v, %v", lists, err)
	}
	if err := c.CheckIn(ctx, alice(), pam.Credential{System: "web01", Account: "a"}, ""); err != nil {
		t.Error(err)
	}
	if id, err := c.CreatePasswordJob(ctx, alice(), []byte(`{}`)); err != nil || id != 0 {
		t.Errorf("job %d, %v", id, err)
	}
	_, err := c.SystemName(ctx, alice(), netip.MustParseAddr("192.0.2.1"))
	wantFailure(t, err, pam.ErrNotFound, "enroll", false)
	_, err = c.JobSettings(ctx, alice(), 1)
	wantFailure(t, err, pam.ErrProtocol, "dialect_operations.job_settings", false)
}

func TestIgnoredRepliesMayHoldAnything(t *testing.T) {
	t.Parallel()
	for _, reply := range []string{`{"x":1}`, `"done"`, "true", "done", "text/plain|done"} {
		c := canned(t, map[string]string{"DoLogout": reply})
		if err := c.Logout(t.Context(), secret.FromString("c4nary")); err != nil {
			t.Errorf("%s: %v", reply, err)
		}
	}
	c := canned(t, map[string]string{"DoLogout": "text/html|<html>"})
	wantFailure(t, c.Logout(t.Context(), secret.FromString("c4nary")), pam.ErrProtocol, "proxy", false)
}

func TestRecordsOfTheWrongFormAreNotGuessedAt(t *testing.T) {
	t.Parallel()
	c := canned(t, map[string]string{opList: `[{"Account":"a"}]`, "AccountStoreOps_SharedCredential_GetLists": `["a"]`, "AccountStoreOps_SharedCredential_GetListEntries": `{"x":[]}`})
	_, err := c.Stored(t.Context(), alice(), "web01")
	wantFailure(t, err, pam.ErrProtocol, "dialect_operations.stored_list", false)
	if !strings.Contains(err.Error(), "AccountName") {
		t.Errorf("the failure %q does not name the member", err.Error())
	}
	_, err = c.SharedLists(t.Context(), alice())
	wantFailure(t, err, pam.ErrProtocol, "dialect_operations.shared_lists", false)
	_, err = c.SharedEntries(t.Context(), alice(), "x")
	wantFailure(t, err, pam.ErrProtocol, "dialect_operations.shared_entries", false)
}

func TestARecordIsReadInFull(t *testing.T) {
	t.Parallel()
	c := canned(t, map[string]string{opList: `[{"__type":"Stored:#X","AccountName":"EX\\svc","AccountStore":{"CustomTypeName":"box","TargetName":"db01\\PROD","Type":"18"},"AssetTag":"7","AutoSpin":"true",` +
		`"CheckedOutBy":"EX\\erin","CheckOutExpires":"\/Date(1700000000000+0530)\/","IsRandomPassword":1,"LastChanged":"\/Date(-62135596800000)\/","Unknown":[{}]}]`})
	found, err := c.Stored(t.Context(), alice(), "db01")
	if err != nil || len(found) != 1 {
		t.Fatalf("found %v, %v", found, err)
	}
	got := found[0]
	if got.Expires.UnixMilli() != 1700000000000 || !got.LastChanged.IsZero() {
		t.Errorf("the dates are %v and %v", got.Expires, got.LastChanged)
	}
	want := pam.Credential{Kind: pam.KindDomain, System: "db01", Namespace: "EX", Account: "svc", AssetTag: "7", Target: `db01\PROD`, Type: pam.StoreCustom, CustomType: "box",
		Random: true, AutoSpin: true, CheckedOutBy: `EX\erin`, Expires: got.Expires}
	if got != want {
		t.Errorf("found %+v, want %+v", got, want)
	}
}

func TestAnyTransportMayBeUsed(t *testing.T) {
	t.Parallel()
	for cause, want := range map[error]pam.Class{context.Canceled: pam.ErrInterrupted, errors.New("c4nary-free cause"): pam.ErrUnreachable} {
		c, err := redim.New(redim.Config{ServiceURL: "https://h/App", APIUser: "api", HTTP: &http.Client{Transport: roundTripper(func(*http.Request) (*http.Response, error) { return nil, cause })},
			APIPassword: func(context.Context) (secret.Value, error) { return secret.FromString("c4nary"), nil }})
		if err != nil {
			t.Fatal(err)
		}
		if err := c.SignIn(t.Context()); !errors.Is(err, want) {
			t.Errorf("%v is %v", cause, err)
		}
	}
}

package redim

import (
	"errors"
	"strings"
	"testing"

	"github.com/redim-tools/redim/pkg/pam"
	"github.com/redim-tools/redim/pkg/redim/dialect"
)

func TestAnyAddressOfTheServiceLeadsToItsApplication(t *testing.T) {
	t.Parallel()
	for address, want := range map[string]string{
		"https://h/ERPMWebService/AuthService.svc":                 "https://h/ERPMWebService/",
		"\thttps://h/ERPMWebService/AuthService.svc/\n":            "https://h/ERPMWebService/",
		"https://h/ERPMWebService/JSON/V2/AuthService.svc":         "https://h/ERPMWebService/",
		"https://h/erpmwebservice/json/v2/authservice.SVC/DoLogin": "https://h/erpmwebservice/",
		"https://h:8443/Other_anon/AuthService_JSON.svc/":          "https://h:8443/Other_anon/",
		"https://h/a/b/AuthService.svc/REST/Login":                 "https://h/a/b/",
		"https://h/ERPMWebService":                                 "https://h/ERPMWebService/",
		"https://h//ERPMWebService//JSON/V2/":                      "https://h/ERPMWebService/",
		"https://h/ERPMWebService/AuthService.svc/help":            "https://h/ERPMWebService/",
		"http://[::1]:80/My%20App/AuthService.svc":                 "http://[::1]:80/My%20App/",
	} {
		root, err := applicationRoot(address)
		if err != nil || root.String() != want {
			t.Errorf("%s leads to %v, %v", address, root, err)
		}
	}
}

func TestAnAddressThatCanNotBeIsExplained(t *testing.T) {
	t.Parallel()
	for address, words := range map[string]string{
		"":                                      "not an https address",
		"pam.example.com/X/AuthService.svc":     "not an https address",
		"ftp://h/X/AuthService.svc":             "not an https address",
		"https:///X/AuthService.svc":            "not an https address",
		"https://h/X/AuthService.svc?c4nary":    "holds a ?",
		"https://h/X/AuthService.svc#c4nary":    "holds a ?",
		"https://u:c4nary@h/X/AuthService.svc":  "a user or a password",
		"https://u:c4nary@h:port/X":             "not an address",
		"https://h/X/\x07c4nary":                "not an address",
		"https://h":                             "no web application",
		"https://h/AuthService.svc":             "no web application",
		"https://h/JSON/V2/AuthService.svc":     "no web application",
		"https://h/X/../../etc/AuthService.svc": "no web application",
	} {
		_, err := New(Config{ServiceURL: address, APIUser: "api"})
		f, ok := errors.AsType[*pam.Failure](err)
		if !ok || f.Class != pam.ErrUsage || !strings.Contains(f.Message, words) || f.Hint == "" || strings.Contains(f.Message+f.Hint, "c4nary") {
			t.Errorf("%q is refused by %#v", address, err)
		}
	}
	if _, err := New(Config{ServiceURL: "https://h/X/AuthService.svc"}); err == nil {
		t.Error("a client without api_user")
	}
}

func TestOperationsAreAddressedBelowTheApplication(t *testing.T) {
	t.Parallel()
	c, err := New(Config{ServiceURL: "https://h/App/AuthService.svc", APIUser: "api"})
	if err != nil {
		t.Fatal(err)
	}
	op := &dialect.Operation{Base: "JSON/V2/AuthService.svc/"}
	for path, want := range map[string]string{
		"DoLogin2":                    "https://h/App/JSON/V2/AuthService.svc/DoLogin2",
		"/AuthService.svc/REST/Login": "https://h/App/AuthService.svc/REST/Login",
		"Sets/EX%5Ca%2Fb/x%20y":       "https://h/App/JSON/V2/AuthService.svc/Sets/EX%5Ca%2Fb/x%20y",
	} {
		if got := at(c.root, op, path).String(); got != want {
			t.Errorf("%s is at %s", path, got)
		}
	}
}

func TestADialectCanBeShown(t *testing.T) {
	t.Parallel()
	d, err := Dialect("auto", map[string]any{"log_in_as": map[string]any{"operation": "DoLoginAs"}})
	if err != nil {
		t.Fatal(err)
	}
	op, err := d.Operation("log_in_as")
	if err != nil || op.Name != "DoLoginAs" || !strings.Contains(d.Text(), "log_in_as:") {
		t.Errorf("the operation is %+v, %v", op, err)
	}
	if _, err := New(Config{ServiceURL: "https://h/X/AuthService.svc", APIUser: "api", Dialect: "soap"}); err == nil {
		t.Error("an unknown dialect is spoken")
	}
}

package redimtest_test

import (
	"bytes"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/redim-tools/redim/pkg/pam"
	"github.com/redim-tools/redim/pkg/redim/redimtest"
)

func TestTheSampleEstateOfTheRepositoryIsTheOneBuiltIn(t *testing.T) {
	t.Parallel()
	path := filepath.Join("..", "..", "..", "testdata", "estate", "sample.yaml")
	data, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	if !bytes.Equal(data, redimtest.SampleYAML()) {
		t.Error("testdata/estate/sample.yaml and pkg/redim/redimtest/sample.yaml differ; copy one over the other")
	}
	if _, err := redimtest.LoadEstate(path); err != nil {
		t.Error(err)
	}
}

func TestMistakesInAnEstateAreToldWithTheirLine(t *testing.T) {
	t.Parallel()
	for _, c := range []struct{ name, in, want string }{
		{"unknown key", "domains:\n  - name: a.b\n    netbois: A", "e.yaml:3: unknown key netbois in a domain"},
		{"unknown key at the top", "sistems: []", "e.yaml:1: unknown key sistems in the estate"},
		{"unknown key in an entry", "shared_lists:\n- name: L\n  entries:\n  - {system: a, account: b, pass: c}", "e.yaml:4: unknown key pass in an entry of a shared list"},
		{"wrong type", "systems:\n  - name: [a]", "e.yaml:2: cannot unmarshal"},
		{"bad duration", "service:\n  token_lifetime: soon", "e.yaml:2: cannot unmarshal !!str `soon` into time.Duration"},
		{"broken text", "systems: [", "e.yaml:1: did not find"},
		{"duplicate key", "service: {}\nservice: {}", `e.yaml:2: mapping key "service" already defined at line 1`},
		{"two documents", "service: {}\n---\nservice: {}", "e.yaml: only one YAML document is read"},
		{"error profile", "service:\n  errors: D", `e.yaml:2: errors "D" is none of A, B, C`},
		{"job reply", "service: {job_reply: xml}", `e.yaml:1: job_reply "xml" is none of number, string, object`},
		{"unknown system", "service: {unknown_system: x}", `is none of empty, not_found`},
		{"domain names", "service: {domain_names: x}", `is none of prefixed, bare`},
		{"negative lifetime", "service:\n\n  token_lifetime: -1s", "e.yaml:3: token_lifetime is negative"},
		{"missing operation", "service:\n  missing_operations: [DoLogin9]", "e.yaml:2: no operation is named DoLogin9"},
		{"renamed operation", "service:\n  renamed_operations:\n    X: Y", "e.yaml:3: no operation is named X"},
		{"domain twice", "domains:\n- {name: a.b, netbios: A}\n- {name: A.B, netbios: B}", "e.yaml:3: domain A.B occurs twice"},
		{"authenticator twice", "domains:\n- {name: a.b, netbios: A}\nauthenticators: [a]", "e.yaml:3: authenticator a occurs twice"},
		{"nameless role", "roles:\n- permissions: [Logon]", "e.yaml:2: role has no name"},
		{"unknown permission", "roles:\n- name: r\n  permissions: [Logon, Fly]", "e.yaml:3: Fly is not a permission here"},
		{"unknown authenticator", "identities:\n- name: EX\\a", `e.yaml:2: identity EX\a: EX is neither`},
		{"identity twice", "identities:\n- name: a\n- name: A", "e.yaml:3: identity A occurs twice"},
		{"control character", "identities:\n- name: \"a\\tb\"", `e.yaml:2: identity "a\tb" holds a control character`},
		{"unknown role", "identities:\n- name: a\n  roles: [r]", "e.yaml:3: no role is named r"},
		{"repeat without {n}", "identities:\n- {name: a, repeat: 3}", "e.yaml:2: identity a occurs twice"},
		{"repeat too often", "systems:\n- {name: 's{n}', repeat: 100001}", "e.yaml:2: repeat is not between 0 and 100000"},
		{"impersonates nobody known", "identities:\n- name: a\n  impersonates:\n  - b", "e.yaml:4: no identity or role is named b"},
	} {
		checkMistake(t, c.name, c.in, c.want)
	}
}

func TestMistakesInWhatAnEstateHoldsAreToldWithTheirLine(t *testing.T) {
	t.Parallel()
	for _, c := range []struct{ name, in, want string }{
		{"address twice", "systems:\n- {name: a, address: 192.0.2.1}\n- {name: b, address: 192.0.2.1}", "e.yaml:3: address 192.0.2.1 occurs twice"},
		{"name is another's alias", "systems:\n- {name: a, aliases: [b]}\n- {name: B}", "e.yaml:3: system B occurs twice"},
		{"fqdn twice", "systems:\n- {name: a, fqdn: x.y}\n- {name: b, fqdn: x.y}", "e.yaml:3: system x.y occurs twice"},
		{"not an address", "systems:\n- name: a\n  address: 192.0.2.300", `e.yaml:3: "192.0.2.300" is not an IP address`},
		{"unknown type", "systems:\n- name: a\n  type: vms", `e.yaml:3: "vms" is not an account-store type`},
		{"account twice", "systems:\n- name: a\n  accounts:\n  - name: x\n  - name: X", "e.yaml:5: account X occurs twice"},
		{"nameless account", "systems:\n- name: a\n  accounts:\n  - random: true", "e.yaml:4: account has no name"},
		{"custom type without its name", "systems:\n- name: a\n  accounts:\n  - {name: x, type: custom}", "e.yaml:4: account x: custom_type goes with type custom"},
		{"held by nobody known", "systems:\n- name: a\n  accounts:\n  - {name: x, checked_out_by: z}", "e.yaml:4: no identity is named z"},
		{"accounts of no domain", "domain_accounts:\n- domain: a.b", `e.yaml:2: no domain is named "a.b"`},
		{"list twice", "shared_lists:\n- name: L\n- name: l", "e.yaml:3: shared list l occurs twice"},
		{"half an entry", "shared_lists:\n- name: L\n  entries:\n  - system: s", "e.yaml:4: an entry needs system and account"},
		{"entry twice", "shared_lists:\n- name: L\n  entries:\n  - {system: s, account: a}\n  - {system: S, account: A}", "e.yaml:5: entry S/A occurs twice"},
		{"grant to nobody", "grants:\n- to: a", `e.yaml:2: no identity or role is named "a"`},
		{"grant on no system", "roles: [{name: r}]\ngrants:\n- to: r\n  systems: [s*]", "e.yaml:4: no system is named s*"},
		{"grant on nothing else", "roles: [{name: r}]\ngrants:\n- to: r\n  domains: [d]\n  lists: [l]\n  accounts: [a]", "e.yaml:4: no domain is named d\ne.yaml:5: no shared list is named l\ne.yaml:6: no account is named a"},
		{"permission that is not on accounts", "roles: [{name: r}]\ngrants:\n- {to: r, permissions: [Logon]}", "e.yaml:3: Logon is not a permission here"},
		{"set of no system", "management_sets:\n- {name: m, systems: [s]}", "e.yaml:2: no system is named s"},
		{"job without id", "jobs:\n- type: windows", "e.yaml:2: job id 0 is not positive or occurs twice"},
		{"job of no type", "jobs:\n- id: 1\n  type: x", `e.yaml:3: "x" is not an account-store type`},
		{"job with an unknown setting", "jobs:\n- id: 1\n  settings: {PasswordLen: 3}", "e.yaml:3: PasswordChangeSettings has no member PasswordLen"},
		{"job with a wrong setting", "jobs:\n- id: 1\n  settings: {PasswordLength: 1.5, PasswordConstraints: {MinSymbols: [1]}}", `e.yaml:3: member PasswordConstraints: member MinSymbols: found an array where a number is expected`},
		{"settings for no type", "settings:\n  template_jobs:\n    vms: 1", `e.yaml:3: "vms" is not an account-store type`},
		{"settings for nobody", "settings:\n  api_user: x", "e.yaml:2: no identity is named x"},
	} {
		checkMistake(t, c.name, c.in, c.want)
	}
}

func checkMistake(t *testing.T, name, in, want string) {
	t.Helper()
	_, err := redimtest.ParseEstate("e.yaml", []byte(in))
	var f *pam.Failure
	if !errors.As(err, &f) || f.Class != pam.ErrUsage || f.Hint == "" {
		t.Errorf("%s: %v", name, err)
		return
	}
	if !strings.Contains(f.Message, want) || !strings.HasPrefix(f.Message, "e.yaml:") {
		t.Errorf("%s\n got %s\nwant %s", name, f.Message, want)
	}
}

func TestManyMistakesAreToldInTheOrderOfTheFileAndNotWithoutEnd(t *testing.T) {
	t.Parallel()
	var b strings.Builder
	b.WriteString("service: {errors: D}\nroles:\n")
	for i := range 40 {
		fmt.Fprintf(&b, "- {name: r%d, permissions: [Fly]}\n", i)
	}
	_, err := redimtest.ParseEstate("e.yaml", []byte(b.String()))
	lines := strings.Split(err.Error(), "\n")
	if len(lines) != 21 || !strings.HasPrefix(lines[0], "e.yaml:1:") || !strings.HasPrefix(lines[1], "e.yaml:3:") || lines[20] != "e.yaml: and 21 more" {
		t.Errorf("%d lines: %s", len(lines), err)
	}
}

func TestAnEstateMadeInGoIsCheckedToo(t *testing.T) {
	t.Parallel()
	_, err := redimtest.New(redimtest.Options{Estate: &redimtest.Estate{
		Grants: []redimtest.Grant{{To: "nobody"}},
	}})
	if !errors.Is(err, pam.ErrUsage) || !strings.Contains(err.Error(), `estate: grants[0].to: no identity or role is named "nobody"`) {
		t.Error(err)
	}
	if _, err := redimtest.New(redimtest.Options{Errors: "Z"}); !errors.Is(err, pam.ErrUsage) {
		t.Errorf("an unknown error profile: %v", err)
	}
}

func TestAFileThatIsNotThereIsAUsageFailure(t *testing.T) {
	t.Parallel()
	if _, err := redimtest.LoadEstate(filepath.Join(t.TempDir(), "none.yaml")); !errors.Is(err, pam.ErrUsage) || !errors.Is(err, os.ErrNotExist) {
		t.Error(err)
	}
}

func TestAnEmptyEstateIsAllowed(t *testing.T) {
	t.Parallel()
	e, err := redimtest.ParseEstate("e.yaml", nil)
	if err != nil {
		t.Fatal(err)
	}
	r := redimtest.NewServer(t, redimtest.Options{Estate: e})
	if r.APIUser() != "" || !r.APIPassword().IsEmpty() {
		t.Errorf("API user %q", r.APIUser())
	}
}

func TestEntriesAreRepeatedAndPatternsNameMany(t *testing.T) {
	t.Parallel()
	e, err := redimtest.ParseEstate("e.yaml", []byte(`
domains: [{name: example.local, netbios: EX}]
roles: [{name: operators, permissions: [Logon]}]
identities:
- {name: 'api{n}', repeat: 2, permissions: [Logon], impersonates: [operators]}
- {name: 'EX\user{n}', repeat: 50, roles: [operators]}
systems:
- name: 'srv{n}'
  fqdn: srv{n}.example.local
  aliases: ['alias{n}']
  repeat: 200
  type: linux
  accounts: [{name: root}, {name: backup}]
grants:
- {to: operators, systems: ['srv1*'], accounts: [ro*], permissions: [viewaccounts, ViewPasswords]}
- {to: 'EX\user5*', systems: [alias2], permissions: [ViewAccounts]}
`))
	if err != nil {
		t.Fatal(err)
	}
	r, c := newCaller(t, redimtest.Options{Estate: e})
	if r.APIUser() != "api1" {
		t.Errorf("API user %s", r.APIUser())
	}
	token := c.as(r, "EX", "user50")
	for system, want := range map[string]int{"srv1": 1, "srv199.EXAMPLE.local": 1, "alias100": 1, "srv2": 2, "srv20": 0} {
		var list []struct{ AccountName string }
		c.ask(listOp, map[string]any{"AuthenticationToken": token, "SystemName": system}, &list)
		if len(list) != want {
			t.Errorf("%s: %+v, want %d", system, list, want)
		}
	}
}

func TestEveryAccountStoreTypeCanBeListedAndCheckedOut(t *testing.T) {
	t.Parallel()
	e := redimtest.SampleEstate()
	var mixed redimtest.System
	mixed.Name = "mixed"
	for _, name := range pam.StoreTypeNames() {
		a := redimtest.Account{Name: "acct", Type: name, Instance: "INST"}
		if name == "passwordlist" {
			continue // an entry of a shared list, below
		}
		if name == "custom" {
			a.CustomType = "Widget"
		}
		mixed.Accounts = append(mixed.Accounts, a)
	}
	e.Systems = append(e.Systems, mixed)
	r, c := newCaller(t, redimtest.Options{Estate: e})
	token := c.delegation(r)
	var list []map[string]any
	c.ask(listOp, map[string]any{"AuthenticationToken": token, "SystemName": "mixed"}, &list)
	if len(list) != len(pam.StoreTypeNames())-1 {
		t.Fatalf("%d accounts are listed", len(list))
	}
	seen := map[string]bool{}
	for _, rec := range list {
		var out struct{ Password string }
		c.ask(checkOutOp, map[string]any{"AuthenticationToken": token, "AccountIdentificationInfo": rec}, &out)
		if seen[out.Password] || len(out.Password) < 20 {
			t.Errorf("%v: password of %d bytes, or one that was there before", rec["AccountStore"], len(out.Password))
		}
		seen[out.Password] = true
	}
	var out struct{ Password string }
	c.ask(checkOutOp, map[string]any{"AuthenticationToken": token, "AccountIdentificationInfo": map[string]any{
		"AccountName": "admin", "PasswordList": "Network gear", "AccountStore": map[string]any{"TargetName": "switch1", "Type": int(pam.StorePasswordList)},
	}}, &out)
	if out.Password != `c4nary-Switch1/+"<&é` {
		t.Errorf("by its list: %q", out.Password)
	}
}

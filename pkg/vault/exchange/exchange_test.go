package exchange_test

import (
	"bytes"
	"errors"
	"fmt"
	"net/netip"
	"strings"
	"testing"
	"testing/iotest"
	"time"

	"github.com/google/go-cmp/cmp"
	"github.com/google/go-cmp/cmp/cmpopts"
	"pgregory.net/rapid"

	"github.com/redim-tools/redim/pkg/pam"
	"github.com/redim-tools/redim/pkg/vault"
	"github.com/redim-tools/redim/pkg/vault/exchange"
)

const canary = `c4nary-Pa55/+"<&é`

func now() time.Time { return time.Date(2026, 3, 1, 12, 0, 0, 0, time.UTC) }

func refused(t testing.TB, err error, says string) {
	t.Helper()
	f, ok := errors.AsType[*pam.Failure](err)
	if !ok || f.Hint == "" || !strings.Contains(f.Message, says) {
		t.Errorf("got %v, want a failure that says %q", err, says)
	}
	if err != nil && (strings.Contains(err.Error(), "c4nary") || ok && strings.Contains(f.Hint, "c4nary")) {
		t.Errorf("a secret is in the message: %v", err)
	}
}

func integration() *rapid.Generator[vault.Integration] {
	text := rapid.StringOf(rapid.RuneFrom([]rune("aZé,\"'#:-{}[]|&*!%@\\ 0~")))
	return rapid.Custom(func(t *rapid.T) vault.Integration {
		i := vault.NewIntegration()
		i.Name = "n" + strings.TrimSpace(rapid.StringMatching(`[a-z0-9 :,"-]{0,20}`).Draw(t, "name"))
		i.Description, i.Reason, i.Comment = text.Draw(t, "d"), text.Draw(t, "r"), text.Draw(t, "c")
		i.Active = rapid.Bool().Draw(t, "active")
		i.Hours = time.Duration(rapid.IntRange(1, 100).Draw(t, "quarters")) * 15 * time.Minute
		if rapid.Bool().Draw(t, "windows") {
			i.Auth, i.Account = vault.AuthWindows, `EX\svc`
		}
		for range rapid.IntRange(0, 3).Draw(t, "n") {
			i.Allowed = append(i.Allowed, netip.PrefixFrom(netip.AddrFrom4([4]byte{10, byte(rapid.IntRange(0, 9).Draw(t, "b"))}), rapid.SampledFrom([]int{16, 32}).Draw(t, "bits")))
			i.Grants = append(i.Grants, vault.Pattern{System: rapid.StringMatching(`[a-c]\*?`).Draw(t, "s"), Account: "*"})
		}
		if rapid.Bool().Draw(t, "skip") {
			i.Skip = vault.Skip{Justification: "board, 7", Until: now().Add(time.Duration(rapid.IntRange(-100, 100).Draw(t, "until")) * time.Hour)}
		}
		i, err := vault.IntegrationEdit{}.Apply(i)
		if err != nil {
			t.Fatal(err)
		}
		return i
	})
}

func TestWhatIsExportedIsImportedAlike(t *testing.T) {
	t.Parallel()
	rapid.Check(t, func(rt *rapid.T) {
		list := rapid.SliceOfN(integration(), 0, 4).Draw(rt, "list")
		for _, format := range []exchange.Format{exchange.YAML, exchange.CSV} {
			var file bytes.Buffer
			if err := exchange.WriteIntegrations(&file, format, list); err != nil {
				rt.Fatal(err)
			}
			text := file.String()
			rows, err := exchange.ReadIntegrations(&file, format, now())
			if err != nil || len(rows) != len(list) {
				rt.Fatalf("%d rows, %v:\n%s", len(rows), err, text)
			}
			for n, row := range rows {
				back, err := row.Apply(vault.NewIntegration())
				if diff := cmp.Diff(list[n], back, cmpopts.EquateEmpty(), cmpopts.EquateComparable(netip.Prefix{})); err != nil || diff != "" {
					rt.Fatalf("%v %s\n%s", err, diff, text)
				}
			}
		}
	})
}

func TestABrokenLineIsNamed(t *testing.T) {
	t.Parallel()
	for name, c := range map[string]struct{ text, says string }{
		"no rows at all":          {"", "line 1: the file is empty"},
		"an unknown column":       {"name,colour\na,b\n", `column "colour"`},
		"a column twice":          {"name,Name\na,b\n", `column "Name"`},
		"no name":                 {"reason\nx\n", `column "name" is missing`},
		"too few cells":           {"name,hours\na,1\nb\n", "line 3: it has another number of cells"},
		"a quote alone":           {"name,reason\na,\"b\n\n", "a quote stands alone"},
		"a quote inside":          {"name,reason\na,b\"c\n", "line 2: a quote"},
		"hours":                   {"name,hours\na,1\nb,NaN\n", `line 3: "NaN"`},
		"a switch":                {"name,active\na,both\n", `line 2: active is "both"`},
		"a way":                   {"name,auth\na,\n", "line 2: authentication"},
		"an address":              {"name,allowed\na,10.0.0.1|10.0.0.5/24\n", "line 2: \"10.0.0.5/24\""},
		"a host":                  {"name,allowed\na,web01\n", "host name"},
		"a grant":                 {"name,grants\na,web01\n", "has no /"},
		"a name":                  {"name\n\"a\x07\"\n", "line 2"},
		"an account":              {"name,auth\na,windows\n", "needs an account"},
		"a date that is none":     {"name,skip_approval_justification,skip_approval_until\na,b,soon\n", `"soon"`},
		"a date without a reason": {"name,skip_approval_until\na,2027-01-01\n", "no justification"},
		"a row over two lines":    {"name,reason\na,\"x\"\n\n\nb,\"x\ny\"\n", "line 5: reason"},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			_, err := exchange.ReadIntegrations(strings.NewReader(c.text), exchange.CSV, now())
			refused(t, err, c.says)
		})
	}
}

func TestABrokenDocumentIsNamed(t *testing.T) {
	t.Parallel()
	for name, c := range map[string]struct{ text, says string }{
		"nothing":          {"", "empty"},
		"no YAML":          {"a: [", "no list of integrations"},
		"another schema":   {"schema: 2\nintegrations: []\n", "schema 2"},
		"an extra part":    {"schema: 1\ncredentials: []\n", "no list"},
		"a text":           {"schema: 1\nintegrations:\n- a\n", "line 3: an integration is a list of fields"},
		"an unknown field": {"schema: 1\nintegrations:\n- name: a\n- name: b\n  secret: x\n", `line 4: field "secret"`},
		"a field twice":    {"schema: 1\nintegrations:\n- name: a\n  name: b\n", "line 3"},
		"no name":          {"schema: 1\nintegrations:\n- hours: 1\n", "name is missing"},
		"a wrong kind":     {"schema: 1\nintegrations:\n- name: [a]\n", "wrong kind"},
		"a list of lists":  {"schema: 1\nintegrations:\n- name: a\n  grants: [[a]]\n", "line 3: grants"},
		"a bar":            {"schema: 1\nintegrations:\n- name: a\n  grants: [\"a/b|c/d\"]\n", "line 3: grants"},
		"hours":            {"schema: 1\nintegrations:\n- name: a\n  hours: .nan\n", "line 3"},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			_, err := exchange.ReadIntegrations(strings.NewReader(c.text), exchange.YAML, now())
			refused(t, err, c.says)
		})
	}
	rows, err := exchange.ReadIntegrations(strings.NewReader("schema: 1\nintegrations:\n- name: 7\n  active: no\n  description: ~\n  hours: 0.5\n"), exchange.YAML, now())
	if err != nil || len(rows) != 1 || *rows[0].Name != "7" || *rows[0].Active || *rows[0].Hours != 30*time.Minute || rows[0].Grants != nil || rows[0].Line != 3 {
		t.Errorf("%+v, %v", rows, err)
	}
	_, err = exchange.ReadIntegrations(strings.NewReader(""), "xml", now())
	refused(t, err, "xml")
	refused(t, exchange.WriteIntegrations(&bytes.Buffer{}, "xml", nil), "xml")
	_, err = exchange.ReadIntegrations(iotest.ErrReader(errors.New("broken pipe")), exchange.YAML, now())
	refused(t, err, "broken pipe")
}

func TestCredentialsAreReadWithTheirSecrets(t *testing.T) {
	t.Parallel()
	text := "\ufeffSystem,account,kind,policy,access,endpoints,secret\nweb01,root,SSH-key,p,shared,web02| web03,\"c4nary-Pa55/+\"\"<&é\"\n"
	rows, err := exchange.ReadCredentials(strings.NewReader(text))
	if err != nil || len(rows) != 1 {
		t.Fatal(err)
	}
	r, got := rows[0], ""
	_ = r.Secret.Reveal(func(b []byte) error { got = string(b); return nil })
	if got != canary || *r.System != "web01" || *r.Kind != vault.KindSSHKey || *r.Access != vault.AccessShared || len(*r.Endpoints) != 2 || *r.Policy != "p" || r.Description != nil || r.Line != 2 {
		t.Errorf("%+v", r)
	}
	for says, bad := range map[string]string{
		"line 3: the secret is empty": "system,account,secret\na,b,c4nary\na,c,\n", "line 2: system": "system,account\na*,b\n", "line 2: kind": "system,account,kind\na,b,none\n",
		"line 2: access": "system,account,access\na,b,none\n", "line 3: it has another": "system,account,secret\na,b,c4nary\na,b\n", "line 2: a quote": "system,account,secret\na,b,c4nary\"x\n",
		`column "account" is missing`: "system,secret\na,c4nary\n",
	} {
		_, err := exchange.ReadCredentials(strings.NewReader(bad))
		refused(t, err, says)
	}
}

func TestTheBrokenLineOfALongFileIsNamed(t *testing.T) {
	t.Parallel()
	var file strings.Builder
	file.WriteString("system,account,secret\n")
	for n := 2; n <= 10_000; n++ {
		if n == 7001 {
			file.WriteString("web7001,root\n")
			continue
		}
		fmt.Fprintf(&file, "web%d,root,c4nary%d\n", n, n)
	}
	_, err := exchange.ReadCredentials(strings.NewReader(file.String()))
	refused(t, err, "line 7001: ")
}

func FuzzReadIntegrations(f *testing.F) {
	f.Add("name,hours\na,1\n", true)
	f.Add("schema: 1\nintegrations:\n- name: a\n  grants: [a/b]\n", false)
	f.Fuzz(func(t *testing.T, text string, table bool) {
		format := exchange.YAML
		if table {
			format = exchange.CSV
		}
		rows, err := exchange.ReadIntegrations(strings.NewReader(text), format, now())
		if err != nil {
			if f, ok := errors.AsType[*pam.Failure](err); !ok || f.Hint == "" || rows != nil {
				t.Fatalf("%v", err)
			}
			return
		}
		for _, row := range rows {
			i, err := row.Apply(vault.NewIntegration())
			if err != nil {
				t.Fatal(err)
			}
			if again, err := row.Apply(i); err != nil || !cmp.Equal(again, i, cmpopts.EquateComparable(netip.Prefix{})) {
				t.Fatalf("%+v, %v", again, err)
			}
		}
	})
}

func FuzzReadCredentials(f *testing.F) {
	f.Add("system,account,secret\na,b,\"c\"\n")
	f.Fuzz(func(t *testing.T, text string) {
		rows, err := exchange.ReadCredentials(strings.NewReader(text))
		if f, ok := errors.AsType[*pam.Failure](err); err != nil && (!ok || f.Hint == "" || rows != nil) {
			t.Fatalf("%v", err)
		}
		for _, r := range rows {
			if _, _, err := vault.ParseRef(*r.System + "/" + *r.Account); err != nil {
				t.Fatal(err)
			}
		}
	})
}

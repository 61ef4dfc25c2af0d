package redim_test

import (
	"net/netip"
	"testing"
	"time"

	"github.com/redim-tools/redim/pkg/pam"
	"github.com/redim-tools/redim/pkg/redim"
	"github.com/redim-tools/redim/pkg/secret"
)

// The tests here hold our reading of each reply against the framework's rules
// of writing, one by one: docs/dialects.md lists them. The other direction, and
// what the framework refuses, is tested with the stand-in server.

// sameRecords are one credential as the framework writes it, and variants that mean
// the same.
func sameRecords() map[string]string {
	const tail = `"AssetTag":"","AutoSpin":true,"CheckOutExpires":null,"CheckedOutBy":null,"IsRandomPassword":false,"LastChanged":"\/Date(1700000000000)\/","Namespace":"EX","SystemName":"example.local"}`
	const store = `"AccountStore":{"CustomTypeName":"","TargetName":"db01\\PROD","Type":9},`
	return map[string]string{
		"as written":                   `[{"AccountName":"EX\\a\/b",` + store + tail + `]`,
		"with blanks and line ends":    " [ \r\n\t{ \"AccountName\" : \"EX\\\\a\\/b\" , " + store + tail + " ] \r\n",
		"behind a byte-order mark":     "\ufeff" + `[{"AccountName":"EX\\a\/b",` + store + tail + `]`,
		"with a type hint first":       `[{"__type":"StoredCredential:#RouletteWebService","AccountName":"EX\\a\/b",` + store + tail + `]`,
		"members of a base come first": `[{"SystemName":"example.local","AccountName":"EX\\a\/b",` + store + `"AutoSpin":true,"IsRandomPassword":false,"CheckedOutBy":null,"LastChanged":"\/Date(1700000000000)\/","Namespace":"EX"}]`,
		"unknown members":              `[{"A":null,"AccountName":"EX\\a\/b","Aa":[{"AccountName":"x"}],"AccountNames":"y",` + store + `"Z":{"AccountName":{}},"Bytes":[1,2],"Span":"PT0.85S","Dec":1.50,"Map":[{"Key":"a","Value":{}}],` + tail + `]`,
		"other case is another member": `[{"accountname":"x","AccountName":"EX\\a\/b","ACCOUNTNAME":"y",` + store + tail + `]`,
		"escaped names and slashes":    `[{"Account\u004eame":"EX\\a\u002fb",` + store + tail + `]`,
		"unescaped slashes":            `[{"AccountName":"EX\\a/b","AccountStore":{"TargetName":"db01\u005cPROD","Type":9,"CustomTypeName":null},"AutoSpin":true,"CheckedOutBy":null,"LastChanged":"/Date(1700000000000)/","Namespace":"EX","SystemName":"example.local"}]`,
		"numbers and truths as text":   `[{"AccountName":"EX\\a\/b","AccountStore":{"CustomTypeName":"","TargetName":"db01\\PROD","Type":"9 "},"AutoSpin":"true","IsRandomPassword":"0","CheckedOutBy":null,"LastChanged":"\/Date(1700000000000)\/","Namespace":"EX","SystemName":"example.local"}]`,
		"truths as numbers":            `[{"AccountName":"EX\\a\/b",` + store + `"AutoSpin":1,"IsRandomPassword":0,"CheckedOutBy":null,"LastChanged":"\/Date(1700000000000)\/","Namespace":"EX","SystemName":"example.local"}]`,
		"a date of local kind":         `[{"AccountName":"EX\\a\/b",` + store + `"AutoSpin":true,"CheckOutExpires":"\/Date(-62135596800000)\/","CheckedOutBy":null,"LastChanged":"\/Date(1700000000000+0530)\/","Namespace":"EX","SystemName":"example.local"}]`,
		"a date west of Greenwich":     `[{"AccountName":"EX\\a\/b",` + store + `"AutoSpin":true,"CheckOutExpires":"","CheckedOutBy":null,"LastChanged":"\/Date(1700000000000-0700)\/","Namespace":"EX","SystemName":"example.local"}]`,
		"the first of two members":     `[{"AccountName":"EX\\a\/b",` + store + `"AutoSpin":true,"AccountName":"x","CheckedOutBy":null,"LastChanged":"\/Date(1700000000000)\/","Namespace":"EX","SystemName":"example.local","SystemName":"y"}]`,
	}
}

func TestOneRecordInAllFormsOfTheFramework(t *testing.T) {
	t.Parallel()
	want := pam.Credential{Kind: pam.KindDomain, System: "example.local", Namespace: "EX", Account: "a/b", Target: `db01\PROD`, Type: pam.StoreSQLServer,
		AutoSpin: true, LastChanged: time.UnixMilli(1700000000000).UTC()}
	inEachDialect(t, func(t *testing.T, spoken string) {
		for name, reply := range sameRecords() {
			got, err := cannedIn(t, spoken, map[string]string{opList: reply}).Stored(t.Context(), alice(), "example.local")
			if err != nil || len(got) != 1 || got[0] != want {
				t.Errorf("%s: read as %+v, %v", name, got, err)
			}
		}
	})
}

// TestTextsInAllForms has what WCF escapes and what it leaves raw.
func TestTextsInAllForms(t *testing.T) {
	t.Parallel()
	for written, want := range map[string]string{
		`"c4nary-Pa55\/+\"<&é"`:          `c4nary-Pa55/+"<&é`,
		`"c4nary\u2028\u2029\u0085"`:     "c4nary\u2028\u2029\u0085",
		`"c4nary\ud83d\udd11ß"`:          "c4nary🔑ß",
		`"c4nary🔑"`:                      "c4nary🔑",
		`"c4nary\t\u0009\u0001\b\f\r\n"`: "c4nary\t\t\x01\b\f\r\n",
		`"c4nary\ud83d"`:                 "c4nary\ufffd",
		`"c4nary\udd11\ud83d"`:           "c4nary\ufffd\ufffd",
		`"c4nary\uFFFE\uffff"`:           "c4nary\ufffe\uffff",
		`"c4nary '<>&\u0000"`:            "c4nary '<>&\x00",
		`"c4nary\\\/\\"`:                 `c4nary\/\`,
		"\"c4nary\u2028\"":               "c4nary\u2028", // raw, as other writers have it
	} {
		reply := `{"OperationMessage":"checked out","OperationSucceeded":true,"Password":` + written + `}`
		release, err := canned(t, map[string]string{opCheckOut: reply}).CheckOut(t.Context(), alice(), pam.Credential{System: "s", Account: "a"}, "")
		if err != nil || !release.Secret.Equal(secret.FromString(want)) {
			t.Errorf("%s is not read as %q: %v", written, want, err)
		}
	}
}

func TestTokensInAllForms(t *testing.T) {
	t.Parallel()
	inEachDialect(t, func(t *testing.T, spoken string) {
		logIn := map[string]string{"json-v2": "DoLogin2", "json-v1": "DoLogin", "rest": "Login"}[spoken]
		wrap := func(token string) string {
			if spoken == "json-v2" {
				return `{"__type":"Result:#X","OperationMessage":` + token + `,"OperationSucceeded":true,"Until":"\/Date(1)\/"}`
			}
			return token
		}
		for _, token := range []string{`"c4nary\/token"`, `"c4nary/token"`, ` "\u00634nary\/token" `} {
			if err := cannedIn(t, spoken, map[string]string{logIn: wrap(token)}).SignIn(t.Context()); err != nil {
				t.Errorf("%s: %v", wrap(token), err)
			}
		}
		for _, none := range []string{`""`, `null`} {
			wantFailure(t, cannedIn(t, spoken, map[string]string{logIn: wrap(none)}).SignIn(t.Context()), pam.ErrDelegationRefused, "api_user", false)
		}
		wantFailure(t, cannedIn(t, spoken, map[string]string{logIn: "|"}).SignIn(t.Context()), pam.ErrDelegationRefused, "api_user", false)
		for _, wrong := range []string{`7`, `true`, `["c4nary"]`, `{"c4nary":1}`} {
			wantFailure(t, cannedIn(t, spoken, map[string]string{logIn: wrap(wrong)}).SignIn(t.Context()), pam.ErrProtocol, "dialect_operations.log_in", false)
		}
		refused := `{"OperationMessage":"","OperationSucceeded":false}`
		wantFailure(t, cannedIn(t, spoken, map[string]string{logIn: refused}).SignIn(t.Context()), pam.ErrDelegationRefused, "api_user", false)
	})
}

// TestWhatIsNoReplyOfTheFramework has texts that no serialiser writes.
func TestWhatIsNoReplyOfTheFramework(t *testing.T) {
	t.Parallel()
	for _, broken := range []string{
		`[{"AccountName":"a"}] x`, `[{"AccountName":"a"}][]`, `[{"AccountName":"a"}`, `[{"AccountName":"a}]`, `[{'AccountName':'a'}]`, `[{AccountName:"a"}]`,
		`[{"AccountName":"a",}]`, `[{"AccountName":"a"},]`, "[{\"AccountName\":\"a\nb\"}]", `[{"AccountName":"\x"}]`, `[{"AccountName":"\u12"}]`, `[{"N":01}]`, `[{"N":+1}]`, `[{"N":NaN}]`,
		"\ufeff\ufeff[]", "\xfe\xff\x00[\x00]", `{"AccountName":"a"}`, `"AccountName"`, `7`, `[{"AccountName":null}]`, `[{}]`, `[7]`, `[null]`,
	} {
		_, err := canned(t, map[string]string{opList: broken}).Stored(t.Context(), alice(), "web01")
		wantFailure(t, err, pam.ErrProtocol, "", false)
	}
}

func TestNumbersInAllForms(t *testing.T) {
	t.Parallel()
	inEachDialect(t, func(t *testing.T, spoken string) {
		create := map[string]string{"rest": "PasswordChange"}[spoken]
		if create == "" {
			create = "JobOps_CreatePasswordChangeJob"
		}
		for reply, want := range map[string]int64{
			`7`: 7, `"7"`: 7, `"7 "`: 7, `7.0`: 7, `{"JobID":7}`: 7, `{"__type":"J:#X","JobID":"7","OperationSucceeded":true}`: 7,
			`9007199254740993`: 9007199254740993, `9223372036854775807`: 9223372036854775807,
			`9223372036854775808`: 0, `1e400`: 0, `7.5`: 0, `"seven"`: 0, `null`: 0, `|`: 0, `{}`: 0, `true`: 0,
		} {
			got, err := cannedIn(t, spoken, map[string]string{create: reply}).CreatePasswordJob(t.Context(), alice(), []byte(`{}`))
			if err != nil || got != want {
				t.Errorf("%s is job %d, %v", reply, got, err)
			}
		}
	})
}

// TestVoidAnswersInAllForms tells apart what says that it was done, what says
// that it was not, and what says nothing.
func TestVoidAnswersInAllForms(t *testing.T) {
	t.Parallel()
	for _, reply := range []string{`|`, `null`, `{}`, `""`, `true`, `1`, `{"OperationSucceeded":true}`, `{"OperationMessage":"no","OperationSucceeded":null}`} {
		if err := canned(t, map[string]string{opCheckIn: reply}).CheckIn(t.Context(), alice(), pam.Credential{System: "s", Account: "a"}, ""); err != nil {
			t.Errorf("%s: %v", reply, err)
		}
	}
	for _, reply := range []string{`{"OperationMessage":"no","OperationSucceeded":false}`, `{"OperationSucceeded":"false"}`, `{"OperationSucceeded":0}`} {
		err := canned(t, map[string]string{opCheckIn: reply}).CheckIn(t.Context(), alice(), pam.Credential{System: "s", Account: "a"}, "")
		wantFailure(t, err, pam.ErrDenied, "does not say why", false)
	}
	for _, reply := range []string{`false`, `7`, `"done"`, `[]`, `text/plain|OK`, `{{ maintenance }}`, `{"OperationSucceeded":false},`} {
		err := canned(t, map[string]string{opCheckIn: reply}).CheckIn(t.Context(), alice(), pam.Credential{System: "s", Account: "a"}, "")
		wantFailure(t, err, pam.ErrProtocol, "endpoint_url", true)
	}
}

func TestBareTextsAndListsOfValuesInAllForms(t *testing.T) {
	t.Parallel()
	inEachDialect(t, func(t *testing.T, spoken string) {
		ask := func(op, reply string) *redim.Client { return cannedIn(t, spoken, map[string]string{op: reply}) }
		for reply, want := range map[string]string{`"web01"`: "web01", `"web\/01"`: "web/01", ` "\u0077eb01"`: "web01", "\ufeff\"web01\"": "web01", `7`: "7"} {
			if name, err := ask("QueryTargetInfo_SystemName", reply).SystemName(t.Context(), alice(), netip.MustParseAddr("192.0.2.1")); err != nil || name != want {
				t.Errorf("%s is the name %q, %v", reply, name, err)
			}
		}
		for _, reply := range []string{
			`{"ListValues":[{"Value":"a\/b"},{"Value":"c"}]}`, `{"__type":"L:#X","ListValues":[{"Key":1,"Value":"a\/b"},{"Value":null},{"Value":"c"},{}],"More":[]}`,
		} {
			lists, err := ask("AccountStoreOps_SharedCredential_GetLists", reply).SharedLists(t.Context(), alice())
			if err != nil || len(lists) != 2 || lists[0] != "a/b" || lists[1] != "c" {
				t.Errorf("%s is %q, %v", reply, lists, err)
			}
		}
		for _, reply := range []string{`|`, `null`, `{"ListValues":[]}`, `{"ListValues":null}`} {
			if lists, err := ask("AccountStoreOps_SharedCredential_GetLists", reply).SharedLists(t.Context(), alice()); err != nil || len(lists) != 0 {
				t.Errorf("%s is %q, %v", reply, lists, err)
			}
		}
	})
}

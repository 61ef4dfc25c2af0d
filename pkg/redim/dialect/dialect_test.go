package dialect_test

import (
	"encoding/json"
	"errors"
	"fmt"
	"net/http"
	"reflect"
	"slices"
	"strings"
	"testing"
	"time"

	"go.yaml.in/yaml/v3"

	"github.com/redim-tools/redim/pkg/pam"
	"github.com/redim-tools/redim/pkg/redim/dialect"
	"github.com/redim-tools/redim/pkg/redim/wcf"
	"github.com/redim-tools/redim/pkg/secret"
)

const canary = `c4nary-Pa55/+"<&é`

func open(t testing.TB, overrides map[string]any) *dialect.Dialect {
	t.Helper()
	return openNamed(t, "", overrides)
}

func openNamed(t testing.TB, name string, overrides map[string]any) *dialect.Dialect {
	t.Helper()
	d, err := dialect.Open(name, overrides)
	if err != nil {
		t.Fatal(err)
	}
	return d
}

func operation(t testing.TB, d *dialect.Dialect, key string) *dialect.Operation {
	t.Helper()
	op, err := d.Operation(key)
	if err != nil {
		t.Fatal(err)
	}
	return op
}

func allParams() dialect.Params {
	return dialect.Params{
		"token": secret.FromString("c4nary-token"), "password": secret.FromString(canary), "mfa_code": secret.FromString("c4nary-123456"), "user": "alice", "authenticator": "EX", "login_type": int64(2),
		"system": "web01", "list": "Network gear", "address": "192.0.2.10", "comment": `say "hi" / \`, "account": `EX\svc`, "target": `db01\PROD`,
		"type": int64(9), "custom_type": "", "job_id": int64(101), "job": json.RawMessage(`{"SystemList":"web01","AuthenticationToken":"old","X":{"a":[1]}}`),
	}
}

func TestEveryOperationOfTheFileWorks(t *testing.T) {
	t.Parallel()
	bases := map[string]string{"json-v2": "JSON/V2/AuthService.svc/", "json-v1": "AuthService_JSON.svc/", "rest": "AuthService.svc/REST/"}
	keys := open(t, nil).Keys()
	for _, name := range dialect.Spoken() {
		d := openNamed(t, name, nil)
		if d.Name != name || d.Base != bases[name] || len(keys) < 16 || !slices.Equal(d.Keys(), keys) {
			t.Errorf("dialect %s at %s has %v", d.Name, d.Base, d.Keys())
		}
		for _, key := range d.Keys() {
			op := operation(t, d, key)
			body, err := op.Encode(allParams())
			if err != nil || !json.Valid(body) {
				t.Errorf("%s is written as %s, %v", key, body, err)
			}
			if op.Key != key || op.Base != d.Base || op.Method != http.MethodPost || op.Path != op.Name || op.Source == "" {
				t.Errorf("%s is %+v", key, op)
			}
			if !strings.Contains(d.Text(), "\n"+key+":\n") {
				t.Errorf("%s is not in the text", key)
			}
		}
	}
}

func TestTheFileIsReadAsAnyYAMLReaderDoes(t *testing.T) {
	t.Parallel()
	for _, name := range dialect.Spoken() {
		d := openNamed(t, name, nil)
		var all map[string]any
		if err := yaml.Unmarshal([]byte(d.Text()), &all); err != nil {
			t.Fatal(err)
		}
		if all["dialect"] != d.Name || all["base"] != d.Base || len(all) != len(d.Keys())+2 {
			t.Errorf("the file is of %v at %v with %d keys", all["dialect"], all["base"], len(all))
		}
		for _, key := range d.Keys() {
			replaced := openNamed(t, name, map[string]any{key: all[key]})
			if got, want := operation(t, d, key), operation(t, replaced, key); !reflect.DeepEqual(got, want) {
				t.Errorf("%s is read as %+v, want %+v", key, got, want)
			}
			if read := dialect.ParseData(d.Text())[key]; !reflect.DeepEqual(plainKeys(read), plainKeys(all[key])) {
				t.Errorf("%s is read as %v, want %v", key, read, all[key])
			}
		}
	}
}

// plainKeys makes all keys texts: only YAML readers know others.
func plainKeys(v any) any {
	out := map[string]any{}
	switch m := v.(type) {
	case map[string]any:
		for key, value := range m {
			out[key] = plainKeys(value)
		}
	case map[any]any:
		for key, value := range m {
			out[fmt.Sprint(key)] = plainKeys(value)
		}
	default:
		return v
	}
	return out
}

func TestBodiesAreWrittenAsTheServiceReadsThem(t *testing.T) {
	t.Parallel()
	for key, want := range map[string]string{
		"log_in":             `{"Authenticator":"EX","LoginType":2,"MFATokenCode":"c4nary-123456","Password":"c4nary-Pa55/+\"<&é","Username":"alice"}`,
		"log_in_certificate": `{"LoginType":4}`,
		"log_in_windows":     `{"LoginType":3}`,
		"stored_check_out":   `{"AccountIdentificationInfo":{"AccountName":"EX\\svc","AccountStore":{"CustomTypeName":"","TargetName":"db01\\PROD","Type":9},"PasswordList":""},"AuthenticationToken":"c4nary-token","Comment":"say \"hi\" / \\"}`,
		"system_name":        `{"AuthenticationToken":"c4nary-token","NameType":3,"SystemName":"192.0.2.10"}`,
		"job_create":         `{"SystemList":"web01","X":{"a":[1]},"AuthenticationToken":"c4nary-token"}`,
	} {
		body, err := operation(t, open(t, nil), key).Encode(allParams())
		if err != nil || string(body) != want {
			t.Errorf("%s is written as %s, %v", key, body, err)
		}
	}
	p := allParams()
	p["authenticator"], p["mfa_code"] = "", secret.Value{}
	if body, _ := operation(t, open(t, nil), "log_in").Encode(p); strings.Contains(string(body), "Authenticator") || strings.Contains(string(body), "MFA") {
		t.Errorf("an empty authenticator or code is sent: %s", body)
	}
}

func TestWhatCanNotBeSentIsAUsageFailure(t *testing.T) {
	t.Parallel()
	d := open(t, nil)
	_, err := operation(t, d, "log_out").Encode(dialect.Params{})
	wantUsage(t, err, "$token is not known")
	p := allParams()
	p["password"] = secret.FromString("c4nary-\xff")
	_, err = operation(t, d, "log_in").Encode(p)
	wantUsage(t, err, "password is not UTF-8")
	p["job"] = json.RawMessage(`[1]`)
	_, err = operation(t, d, "job_create").Encode(p)
	wantUsage(t, err, "$job is no object")
}

func wantUsage(t *testing.T, err error, words string) {
	t.Helper()
	f, ok := errors.AsType[*pam.Failure](err)
	if !ok || f.Class != pam.ErrUsage || !strings.Contains(f.Message, words) || f.Hint == "" {
		t.Errorf("the failure is %#v; want usage with %q and a hint", err, words)
	}
	if err != nil && strings.Contains(err.Error(), "c4nary") {
		t.Errorf("a secret is in %q", err)
	}
}

func TestNamesOfOtherDialectsAreExplained(t *testing.T) {
	t.Parallel()
	_, err := dialect.Open("soap", nil)
	wantUsage(t, err, "not known")
	for _, name := range []string{"", "auto", "json-v2"} {
		if d, err := dialect.Open(name, nil); err != nil || d.Name != "json-v2" {
			t.Errorf("%q opens %v, %v", name, d, err)
		}
	}
}

func TestAnOverrideReplacesOnlyWhatItNames(t *testing.T) {
	t.Parallel()
	d := open(t, map[string]any{
		"log_in_as":   map[string]any{"operation": "DoLoginAs", "attested": "certain", "request": map[string]any{"Token": "$token", "Deep": map[string]any{"On": true, "N": 1, "Nil": nil, "Other": map[any]any{1: 2}, "Empty": map[string]any{}, "List": []any{"a"}}}},
		"stored_list": map[string]any{"source": nil, "reply": map[string]any{"at": "Items", "kind": nil, "fields": map[string]any{"account": "Login"}}},
		"system_name": map[string]any{"path": "/Other.svc/Name", "refused": map[any]any{400: "not_found"}},
		"log_out":     nil,
	})
	as := operation(t, d, "log_in_as")
	body, err := as.Encode(allParams())
	want := `{"Deep":{"Empty":{},"List":["a"],"N":1,"Nil":null,"On":true,"Other":{"1":2}},"Token":"c4nary-token"}`
	if err != nil || string(body) != want || as.Path != "DoLoginAs" || !as.Attested.Public() || as.Reply.At != "OperationMessage" {
		t.Errorf("log_in_as is %+v, %s, %v", as, body, err)
	}
	list := operation(t, d, "stored_list").Reply
	if list.At != "Items" || list.Kind != "records" || list.Fields["account"] != "Login" || list.Fields["system"] != "SystemName" {
		t.Errorf("stored_list is read by %+v", list)
	}
	if op := operation(t, d, "system_name"); op.Path != "/Other.svc/Name" || op.Refused["400"] != "not_found" {
		t.Errorf("system_name is %+v", op)
	}
}

func TestAWrongOverrideIsRefusedAtOnce(t *testing.T) {
	t.Parallel()
	for words, o := range map[string]map[string]any{
		"is no operation":              {"login": map[string]any{"operation": "X"}},
		"there is no line opreation":   {"log_in": map[string]any{"opreation": "X"}},
		"is neither POST nor GET":      {"log_in": map[string]any{"method": "PUT"}},
		"is none":                      {"log_in": map[string]any{"path": "../../x"}},
		"neither a check-out nor":      {"stored_check_out": map[string]any{"idempotent": true}},
		"is not certain, likely":       {"log_in": map[string]any{"attested": "sure"}},
		"is not known":                 {"log_in": map[string]any{"reply": map[string]any{"kind": "xml"}}},
		"is no failure":                {"log_in": map[string]any{"refused": map[string]any{"400": "oops"}}},
		"can't be a GET":               {"log_in": map[string]any{"method": "GET"}},
		"... takes a $name":            {"log_in": map[string]any{"request": map[string]any{"...": "x"}}},
		"it is no mapping":             {"log_in": "DoLogin3"},
		"there is no line reply.form":  {"log_in": map[string]any{"reply": map[string]any{"form": "x"}}},
		"reply is no mapping":          {"log_in": map[string]any{"reply": "text"}},
		"reply.fields is no mapping":   {"log_in": map[string]any{"reply": map[string]any{"fields": []any{}}}},
		"request is no mapping":        {"log_in": map[string]any{"request": "x"}},
		"neither true nor false":       {"log_in": map[string]any{"idempotent": "yes"}},
		"operation is no text":         {"log_in": map[string]any{"operation": []any{"x"}}},
		"refused.401 is no text":       {"log_in": map[string]any{"refused": map[any]any{401: []any{}}}},
		"refused: 401: interrupted is": {"log_in": map[string]any{"refused": map[string]any{"401": "interrupted"}}},
	} {
		_, err := dialect.Open("auto", o)
		wantUsage(t, err, words)
	}
}

func TestAnUnknownOperationIsAFailure(t *testing.T) {
	t.Parallel()
	if _, err := open(t, nil).Operation("stored"); err == nil {
		t.Error("the beginning of a key is taken for it")
	}
}

func valid(t *testing.T, text string) []byte {
	t.Helper()
	value, ok := wcf.Valid([]byte(text))
	if !ok && text != "" {
		t.Fatalf("%s is not JSON", text)
	}
	return value
}

func TestTokensAndPasswordsAreRead(t *testing.T) {
	t.Parallel()
	op := operation(t, open(t, nil), "stored_check_out")
	s, err := op.Secret(valid(t, `{"Password":"c4nary-Pa55\/+\"<&é","CheckOutExpires":"\/Date(1700000000000)\/"}`))
	if err != nil || !s.Equal(secret.FromString(canary)) {
		t.Errorf("the password is not read: %v", err)
	}
	if got := op.Expires(valid(t, `{"CheckOutExpires":"\/Date(1700000000000)\/"}`)); got != time.UnixMilli(1700000000000).UTC() {
		t.Errorf("the end is %v", got)
	}
	for _, none := range []string{"", "null", "{}", `{"Password":null}`, `{"Password":""}`, `[]`, `"c4nary"`} {
		if s, err := op.Secret(valid(t, none)); err != nil || !s.IsEmpty() {
			t.Errorf("%s yields a secret or %v", none, err)
		}
		if !op.Expires(valid(t, none)).IsZero() {
			t.Errorf("%s has an end", none)
		}
	}
	_, err = op.Secret(valid(t, `{"Password":17}`))
	wantProtocol(t, err)
}

func wantProtocol(t *testing.T, err error) {
	t.Helper()
	if f, ok := errors.AsType[*pam.Failure](err); !ok || f.Class != pam.ErrProtocol || f.Hint == "" {
		t.Errorf("the failure is %#v; want protocol with a hint", err)
	}
}

func TestListsAreReadRecordByRecord(t *testing.T) {
	t.Parallel()
	op := operation(t, open(t, nil), "stored_list")
	records, err := op.Records(valid(t, `[{"AccountName":"a","AccountStore":{"Type":"2","TargetName":"t"},"IsRandomPassword":true,"LastChanged":"\/Date(0)\/"},
		{"AccountName":"b","AccountStore":{"Type":"OS_Windows"},"CheckedOutBy":null},{"AccountStore":{"Type":99}},{"AccountStore":null},7]`))
	if err != nil {
		t.Fatal(err)
	}
	var names []string
	var types []pam.StoreType
	for r := range records {
		names = append(names, r.Text("account"))
		types = append(types, r.StoreType("type"))
		if first := r.Text("account") == "a"; r.Bool("random") != first || r.Date("last_changed").Equal(time.UnixMilli(0)) != first {
			t.Errorf("record %q is read wrongly", r.Text("account"))
		}
		if r.Text("checked_out_by") != "" || r.Text("no such field") != "" {
			t.Error("a holder is invented")
		}
	}
	if !slices.Equal(names, []string{"a", "b", "", "", ""}) || !slices.Equal(types, []pam.StoreType{2, 1, 0, 0, 0}) {
		t.Errorf("read %q of types %v", names, types)
	}
	for _, empty := range []string{"", "null", "[]"} {
		records, err := op.Records(valid(t, empty))
		if err != nil {
			t.Errorf("%q: %v", empty, err)
			continue
		}
		for range records {
			t.Errorf("%q has a record", empty)
		}
	}
	for _, wrong := range []string{`{"a":[]}`, `"text"`, "7"} {
		_, err := op.Records(valid(t, wrong))
		wantProtocol(t, err)
	}
	lists := operation(t, open(t, nil), "shared_lists")
	_, err = lists.Records(valid(t, `{"Values":[]}`))
	wantProtocol(t, err)
	if _, err := lists.Records(valid(t, `{"ListValues":null}`)); err != nil {
		t.Error(err)
	}
}

func TestJobIDsComeInThreeForms(t *testing.T) {
	t.Parallel()
	op := operation(t, open(t, nil), "job_create")
	for text, want := range map[string]int64{"7": 7, `"7"`: 7, `{"JobID":7}`: 7, `{"JobID":"7"}`: 7, `{"OperationSucceeded":true}`: 0, "": 0, `"created"`: 0} {
		if got := op.JobID(valid(t, text)); got != want {
			t.Errorf("%s is job %d", text, got)
		}
	}
}

func TestACheckInIsAcknowledgedAsTheServiceDoes(t *testing.T) {
	t.Parallel()
	ours := operation(t, open(t, nil), "stored_check_in")
	theirs := operation(t, open(t, map[string]any{"stored_check_in": map[string]any{"reply": map[string]any{"kind": "text"}}}), "stored_check_in")
	for text, want := range map[string][2]bool{
		"": {true, true}, "null": {true, true}, "true": {true, true}, "{}": {true, true}, `""`: {true, true}, "True\r\n": {true, true},
		`"done"`: {false, true}, "7": {false, true}, "[]": {false, true}, "false": {false, false}, "{x": {false, false}, "OK": {false, false},
	} {
		if got := [2]bool{ours.Acknowledged([]byte(text)) == nil, theirs.Acknowledged([]byte(text)) == nil}; got != want {
			t.Errorf("%q is acknowledged %v, want %v", text, got, want)
		}
	}
}

func TestObjectsAndTextsAreReadOrMissed(t *testing.T) {
	t.Parallel()
	d := open(t, nil)
	if o, err := operation(t, d, "job_settings").Object(valid(t, `{"JobID":1}`)); err != nil || string(o) != `{"JobID":1}` {
		t.Errorf("the object is %s, %v", o, err)
	}
	_, err := operation(t, d, "job_settings").Object(valid(t, `[]`))
	wantProtocol(t, err)
	name := operation(t, d, "system_name")
	for text, want := range map[string]string{`"web01"`: "web01", "": "", "null": ""} {
		if got, err := name.Text(valid(t, text)); err != nil || got != want {
			t.Errorf("%s is the name %q, %v", text, got, err)
		}
	}
	_, err = name.Text(valid(t, `{"a":1}`))
	wantProtocol(t, err)
}

func TestAReplyMaySayThatNothingWasDone(t *testing.T) {
	t.Parallel()
	for text, want := range map[string]bool{
		`{"OperationSucceeded":false}`: true, `{"OperationSucceeded":"false"}`: true, `{"OperationSucceeded":true}`: false,
		`{"OperationSucceeded":null}`: false, `{}`: false, `[]`: false, `"OperationSucceeded"`: false,
	} {
		if dialect.Refused(valid(t, text)) != want {
			t.Errorf("%s is taken for %v", text, !want)
		}
	}
}

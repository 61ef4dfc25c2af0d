package redimtest

import (
	"bytes"
	"encoding/json"
	"strings"
	"testing"
	"time"
	"unicode/utf8"

	"pgregory.net/rapid"

	"github.com/redim-tools/redim/pkg/secret"
)

func TestValuesAreWrittenAsTheFrameworkWritesThem(t *testing.T) {
	t.Parallel()
	india := time.FixedZone("", 5*3600+1800)
	for _, c := range []struct {
		name string
		in   any
		want string
	}{
		{"the slash is escaped", "a/b", `"a\/b"`},
		{"quote and backslash", `a"b\c`, `"a\"b\\c"`},
		{"tab and its like", "\b\f\n\r\t", `"\b\f\n\r\t"`},
		{"other control characters", "\x01\x1f\x00", `"\u0001\u001f\u0000"`},
		{"delete stays raw", "\x7f", "\"\x7f\""},
		{"line separators", "\u0085\u2028\u2029", `"\u0085\u2028\u2029"`},
		{"beyond the basic plane", "🔑", `"\ud83d\udd11"`},
		{"letters, ampersand and angle stay raw", "ß'<&é", `"ß'<&é"`},
		{"a secret is revealed", secret.FromString("c4nary/é"), `"c4nary\/é"`},
		{"a date in UTC", time.UnixMilli(1700000000000).UTC(), `"\/Date(1700000000000)\/"`},
		{"a date of local kind", time.UnixMilli(1795288643886).In(india), `"\/Date(1795288643886+0530)\/"`},
		{"a date before 1970", time.UnixMilli(-1).UTC(), `"\/Date(-1)\/"`},
		{"no date", time.Time{}, `null`},
		{"numbers and truth", []any{1, int64(-2), true, false, nil, json.Number("1.50")}, `[1,-2,true,false,null,1.50]`},
		{"empty list and object", []any{[]any{}, object{}}, `[[],{}]`},
		{"members by name, capitals first", record(member{"b", 1}, member{"a", 2}, member{"B", 3}), `{"B":3,"a":2,"b":1}`},
		{"the base class comes first", derived(record(member{"Z", 1}), member{"B", 2}, member{"A", 3}), `{"Z":1,"A":3,"B":2}`},
	} {
		if got := string(appendJSON(nil, c.in)); got != c.want {
			t.Errorf("%s: %s, want %s", c.name, got, c.want)
		}
	}
}

func TestAValueWithoutAJSONFormIsAProgrammersMistake(t *testing.T) {
	t.Parallel()
	defer func() {
		if recover() == nil {
			t.Error("no panic")
		}
	}()
	appendJSON(nil, 1.5)
}

func TestMessagesAreReadStrictly(t *testing.T) {
	t.Parallel()
	deep := func(n int) string { return strings.Repeat("[", n) + strings.Repeat("]", n) }
	for _, c := range []struct {
		name, in string
		ok       bool
	}{
		{"an object", ` {"a":[1,"x",null,true,{}]} `, true},
		{"escaped slash", `"\/Date(1)\/"`, true},
		{"a byte-order mark", "\ufeff{}", false},
		{"invalid UTF-8", "{\"a\":\"\xff\"}", false},
		{"a duplicate member", `{"a":1,"a":1}`, false},
		{"a duplicate member deep inside", `{"x":[{"a":1,"a":2}]}`, false},
		{"members that differ in case", `{"a":1,"A":1}`, true},
		{"trailing text", `{} x`, false},
		{"a second value", `{}{}`, false},
		{"nothing", ``, false},
		{"cut short", `{"a":`, false},
		{"cut list", `[1`, false},
		{"a wrong bracket", `{"a":1]`, false},
		{"a trailing comma", `[1,]`, false},
		{"a member without a colon", `{"a"}`, false},
		{"a single quote", `{'a':1}`, false},
		{"32 levels", deep(32), true},
		{"33 levels", deep(33), false},
		{"8192 characters", `"` + strings.Repeat("é", 8192) + `"`, true},
		{"8193 characters", `"` + strings.Repeat("x", 8193) + `"`, false},
		{"4097 characters of two units", `"` + strings.Repeat("🔑", 4097) + `"`, false},
		{"a long string in a list", `["` + strings.Repeat("x", 8193) + `"]`, false},
		{"a long string in an object", `{"a":"` + strings.Repeat("x", 8193) + `"}`, false},
	} {
		if _, err := readJSON([]byte(c.in)); (err == nil) != c.ok {
			t.Errorf("%s: %v", c.name, err)
		}
	}
}

func TestMembersAreConvertedAsTheFrameworkConvertsThem(t *testing.T) {
	t.Parallel()
	const bad = "refused"
	for _, c := range []struct {
		kind kind
		in   string
		want any
	}{
		{kindNumber, `5`, int64(5)}, {kindNumber, `"1"`, int64(1)}, {kindNumber, `"1 "`, int64(1)}, {kindNumber, `-3`, int64(-3)},
		{kindNumber, `null`, bad}, {kindNumber, `1.0`, bad}, {kindNumber, `1e3`, bad}, {kindNumber, `"OS_Windows"`, bad},
		{kindNumber, `{}`, bad}, {kindNumber, `true`, bad}, {kindNumber, `""`, bad}, {kindNumber, `99999999999999999999`, bad},
		{kindString, `"x"`, "x"}, {kindString, `5`, "5"}, {kindString, `true`, "true"}, {kindString, `null`, ""},
		{kindString, `{}`, bad}, {kindString, `[]`, bad},
		{kindBool, `true`, true}, {kindBool, `"false"`, false}, {kindBool, `1`, true}, {kindBool, `"0"`, false},
		{kindBool, `null`, bad}, {kindBool, `"yes"`, bad},
		{kindDate, `"\/Date(1700000000000)\/"`, time.UnixMilli(1700000000000).UTC()},
		{kindDate, `"/Date(1700000000000+0530)/"`, time.UnixMilli(1700000000000).UTC()},
		{kindDate, `"/Date(-5-0100)/"`, time.UnixMilli(-5).UTC()},
		{kindDate, `"2026-01-01T00:00:00Z"`, bad}, {kindDate, `null`, bad}, {kindDate, `5`, bad}, {kindDate, `"/Date()/"`, bad},
		{kindDate, `"/Date(1+05)/"`, time.UnixMilli(1).UTC()}, {kindDate, `"/Date(1+05x0)/"`, time.UnixMilli(1).UTC()}, {kindDate, `" /Date(+1)/ "`, time.UnixMilli(1).UTC()}, {kindDate, `"/Date( 1 )/"`, time.UnixMilli(1).UTC()}, {kindDate, `"/Date( +1)/"`, bad},
		{kindDate, `"/Date(-62135596800000)/"`, time.UnixMilli(-62135596800000).UTC()}, {kindDate, `"/Date(253402300799999-0700)/"`, time.UnixMilli(253402300799999).UTC()},
		{kindDate, `"/Date(-62135596800001)/"`, bad}, {kindDate, `"/Date(253402300800000)/"`, bad}, {kindDate, `"/Date(99999999999999999999)/"`, bad},
		{kindDate, `"/Date(x)/"`, bad}, {kindDate, `"/Date(1.5)/"`, bad}, {kindDate, `"/Date(--1)/"`, bad}, {kindDate, `"/date(1)/"`, bad}, {kindDate, `"/Date(1)"`, bad},
	} {
		raw, err := readJSON([]byte(c.in))
		if err != nil {
			t.Fatal(err)
		}
		got, err := shape{kind: c.kind}.conform(raw)
		if refused := c.want == bad; refused != (err != nil) || !refused && got != c.want {
			t.Errorf("kind %d, %s: %v, %v; want %v", c.kind, c.in, got, err, c.want)
		}
	}
}

func TestObjectsAndListsAreReadByTheirShape(t *testing.T) {
	t.Parallel()
	s := shape{kind: kindObject, members: []field{
		text("Name"), nested("Inner", number("N")), {"List", shape{kind: kindList, item: &shape{kind: kindNumber}}}, {"Any", shape{kind: kindList}},
	}}
	for in, want := range map[string]string{
		`{"Other":{"x":1},"Name":"n"}`:         `{"Name":"n"}`,
		`{"name":"n"}`:                         `{}`,
		`{"Inner":null,"List":null}`:           `{"Inner":{},"List":[]}`,
		`{"List":["1",2],"Any":[{"a":1}]}`:     `{"List":[1,2],"Any":[{"a":1}]}`,
		`{"Name":"n","__type":"X:#Y"}`:         `{"Name":"n"}`,
		`{"__type":"X:#Y","Name":"n"}`:         `refused`,
		`{"Inner":{"__type":"X:#Y"}}`:          `refused`,
		`{"Inner":5}`:                          `refused`,
		`{"Inner":[]}`:                         `refused`,
		`{"List":{}}`:                          `refused`,
		`{"List":["x"]}`:                       `refused`,
		`[]`:                                   `refused`,
		`"text"`:                               `refused`,
		`{"Inner":{"N":"7"},"List":[],"Z":[]}`: `{"Inner":{"N":7},"List":[]}`,
	} {
		raw, err := readJSON([]byte(in))
		if err != nil {
			t.Fatal(err)
		}
		got := "refused"
		if v, err := s.conform(raw); err == nil {
			got = string(appendJSON(nil, v))
		}
		if got != want {
			t.Errorf("%s: %s, want %s", in, got, want)
		}
	}
}

func TestWhatIsWrittenIsReadBackTheSame(t *testing.T) {
	t.Parallel()
	rapid.Check(t, func(t *rapid.T) {
		s := rapid.String().Draw(t, "s")
		data := appendJSON(nil, record(member{"s", s}, member{"n", rapid.Int64().Draw(t, "n")}))
		var out struct {
			S string `json:"s"`
		}
		if err := json.Unmarshal(data, &out); err != nil || out.S != strings.ToValidUTF8(s, "\ufffd") {
			t.Fatalf("%q came back as %q: %v", s, out.S, err)
		}
		if len([]rune(s)) > maxString/2 {
			return
		}
		v, err := readJSON(data)
		if err != nil {
			t.Fatal(err)
		}
		if again := appendJSON(nil, v); !bytes.Equal(again, data) {
			t.Fatalf("%s became %s", data, again)
		}
	})
}

// FuzzReadJSON looks for messages that are accepted but are no JSON.
func FuzzReadJSON(f *testing.F) {
	for _, s := range []string{`{"a":[1,"x"]}`, `{"a":1,"a":2}`, "\ufeff{}", `[1,]`, `"\ud800"`, `1.0`, `{"a":{"__type":"x"}}`} {
		f.Add([]byte(s))
	}
	f.Fuzz(func(t *testing.T, data []byte) {
		v, err := readJSON(data)
		if err != nil {
			return
		}
		if !json.Valid(data) || !utf8.Valid(data) {
			t.Fatalf("accepted %q", data)
		}
		if again := appendJSON(nil, v); !json.Valid(again) {
			t.Fatalf("%q became %q", data, again)
		}
	})
}

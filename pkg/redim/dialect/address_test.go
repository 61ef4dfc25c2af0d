package dialect_test

import (
	"errors"
	"net/http"
	"net/url"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"go.yaml.in/yaml/v3"
	"pgregory.net/rapid"

	"github.com/redim-tools/redim/pkg/pam"
	"github.com/redim-tools/redim/pkg/redim/dialect"
	"github.com/redim-tools/redim/pkg/secret"
)

// changed is an operation of JSON V2 with one override.
func changed(t testing.TB, key string, change map[string]any) *dialect.Operation {
	t.Helper()
	return operation(t, open(t, map[string]any{key: change}), key)
}

func signed() map[string]any { return map[string]any{"AuthenticationToken": "$token"} }

func TestWhatReadsTravelsInAddressAndHeader(t *testing.T) {
	t.Parallel()
	op := changed(t, "shared_entries", map[string]any{
		"method": "GET", "path": "Lists/$list/Entries", "header": map[string]any{"AuthenticationToken": "$token", "X-Kind": 3},
		"query": map[string]any{"Name": "$list", "NameType": 3, "Deep": true, "Nothing": ""},
	})
	p := dialect.Params{"token": secret.FromString("c4nary+/="), "list": `Sérvers A/B&C`}
	body, err := op.Encode(p)
	if err != nil || body != nil {
		t.Errorf("the body is %q, %v", body, err)
	}
	path, query, err := op.Address(p)
	if path != "Lists/S%C3%A9rvers%20A%2FB&C/Entries" || query != "Deep=true&Name=S%C3%A9rvers%20A%2FB%26C&NameType=3&Nothing=" || err != nil {
		t.Errorf("the address is %s?%s, %v", path, query, err)
	}
	h := http.Header{}
	if err := op.SetHeaders(p, h); err != nil || one(h, "AuthenticationToken") != "c4nary+/=" || one(h, "X-Kind") != "3" {
		t.Errorf("the headers are wrong: %v", err)
	}
}

// one is the only value of a header of exactly that spelling.
func one(h http.Header, name string) string { return strings.Join(h[name], "|") }

func TestOnlyWhatIsThereStandsInAQuery(t *testing.T) {
	t.Parallel()
	op := changed(t, "job_comment", map[string]any{
		"method": "GET", "header": signed(), "query": map[string]any{"Comment": "$comment*", "Job": "$job_id*"},
	})
	if _, query, err := op.Address(dialect.Params{"comment": "", "job_id": int64(101)}); query != "Job=101" || err != nil {
		t.Errorf("the query is %s, %v", query, err)
	}
}

func TestNothingLeavesItsPartOfAPath(t *testing.T) {
	t.Parallel()
	op := changed(t, "stored_list", map[string]any{"path": "Systems/$system"})
	for _, bad := range []string{"", ".", ".."} {
		_, _, err := op.Address(dialect.Params{"system": bad})
		wantUsage(t, err, "can't stand for $system")
	}
	base := &url.URL{Scheme: "https", Host: "h", Path: "/App/"}
	rapid.Check(t, func(t *rapid.T) {
		value := rapid.String().Draw(t, "value")
		path, query, err := op.Address(dialect.Params{"system": value})
		if err != nil {
			return
		}
		at := base.JoinPath("Rest/", path)
		if at.Path != "/App/Rest/Systems/"+value || strings.Count(at.EscapedPath(), "/") != 4 || query != "" {
			t.Fatalf("%q leads to %s", value, at)
		}
	})
}

func TestAQueryIsReadBackAsItWasMeant(t *testing.T) {
	t.Parallel()
	op := changed(t, "stored_list", map[string]any{"method": "GET", "header": signed(), "query": map[string]any{"System Name": "$system", "b": 2}})
	rapid.Check(t, func(t *rapid.T) {
		value := rapid.String().Draw(t, "value")
		_, query, err := op.Address(dialect.Params{"system": value})
		if err != nil {
			t.Fatal(err)
		}
		got, err := url.ParseQuery(query)
		if err != nil || got.Get("System Name") != value || got.Get("b") != "2" || len(got) != 2 {
			t.Fatalf("%q is written as %s", value, query)
		}
	})
}

func TestAHeaderHoldsNoLineBreak(t *testing.T) {
	t.Parallel()
	op := changed(t, "log_out", map[string]any{"method": "GET", "header": signed()})
	err := op.SetHeaders(dialect.Params{"token": secret.FromString("c4nary\r\nX: y")}, http.Header{})
	if f, ok := errors.AsType[*pam.Failure](err); !ok || f.Class != pam.ErrProtocol || f.Hint == "" || strings.Contains(err.Error(), "c4nary") {
		t.Errorf("the failure is %v", err)
	}
}

func TestWhatAnAddressOrAHeaderMustNotHoldIsRefused(t *testing.T) {
	t.Parallel()
	get := func(line string, value any) map[string]any {
		return map[string]any{"method": "GET", "header": signed(), line: value}
	}
	for words, change := range map[string]map[string]any{
		"$token would end up in logs":                get("query", map[string]any{"T": "$token"}),
		"path: $token would end up":                  get("path", "Out/$token"),
		"$comment is not known":                      get("query", map[string]any{"C": "$comment"}),
		"path: $ is not known":                       get("path", "Out/$"),
		"query: X is no text":                        get("query", map[string]any{"X": []any{1}}),
		"query is no mapping":                        get("query", "x"),
		"header is no mapping":                       get("header", "x"),
		"X holds a control character":                get("query", map[string]any{"X": "a\nb"}),
		`"Cookie" is not a name that may be set`:     get("header", map[string]any{"Cookie": "$token"}),
		`"content-length" is not a name`:             get("header", map[string]any{"content-length": 5}),
		`"A b" is not a name`:                        get("header", map[string]any{"A b": "$token"}),
		`"" is not a name`:                           get("header", map[string]any{"": "$token"}),
		"the token is sent nowhere":                  get("header", map[string]any{"X": "y"}),
		"a GET has no body":                          get("request", map[string]any{"Token": "$token"}),
		`path "a/../b" is none`:                      get("path", "a/../b"),
		`path "a?b" is none`:                         get("path", "a?b"),
		`path "\u001b[2J" is none`:                   get("path", "\x1b[2J"),
		`path "` + `a//b" is none`:                   get("path", "a//b"),
		"query: $token would end up in logs; put it": {"query": map[string]any{"T": "$token*"}},
	} {
		_, err := dialect.Open("rest", map[string]any{"log_out": change})
		wantUsage(t, err, strings.ReplaceAll(words, `\u001b`, `\x1b`))
	}
	_, err := dialect.Open("", map[string]any{"log_in": map[string]any{"query": map[string]any{"P": "$password"}}})
	wantUsage(t, err, "$password would end up in logs")
	_, err = dialect.Open("", map[string]any{"job_create": map[string]any{"query": map[string]any{"P": "$job"}}})
	wantUsage(t, err, "$job is an object")
}

func TestEveryMistakeOfAllOperationsIsFound(t *testing.T) {
	t.Parallel()
	wrong := dialect.Check(dialect.Auto, map[string]any{
		"log_in":     map[string]any{"reply": map[string]any{"kind": "xml"}},
		"log_out":    map[string]any{"request": map[string]any{"A": map[string]any{"B": "$x"}, "T": "$token"}},
		"nothing":    map[string]any{},
		"job_create": map[string]any{"refused": map[any]any{400: "oops"}},
		"job_status": nil,
	})
	want := []string{"job_create refused 400", "log_in reply kind", "log_out request A B", "nothing"}
	var got []string
	for _, w := range wrong {
		got = append(got, strings.Join(w.Path, " "))
		if w.Hint == "" || !strings.HasPrefix(w.Text, w.Path[0]) {
			t.Errorf("%+v", w)
		}
	}
	if strings.Join(got, "; ") != strings.Join(want, "; ") {
		t.Errorf("found %q", got)
	}
	if more := dialect.Check("soap", map[string]any{"x": 1}); more != nil {
		t.Errorf("of an unknown dialect: %v", more)
	}
}

func FuzzAddress(f *testing.F) {
	for _, seed := range []string{"web01", `EX\svc`, "a/b", "..", "a b+c%2F", "é\xff", "\x00"} {
		f.Add(seed, seed)
	}
	op := changed(f, "stored_list", map[string]any{"method": "GET", "path": "S/$system/x", "header": signed(), "query": map[string]any{"N": "$system"}})
	f.Fuzz(func(t *testing.T, system, token string) {
		p := dialect.Params{"system": system, "token": secret.FromString(token)}
		path, query, err := op.Address(p)
		if err != nil {
			return
		}
		if strings.Count(path, "/") != 2 || strings.ContainsAny(path+query, "?#\\ \r\n") {
			t.Fatalf("%q leads to %s?%s", system, path, query)
		}
		h := http.Header{}
		if op.SetHeaders(p, h) == nil && strings.ContainsAny(one(h, "AuthenticationToken"), "\r\n\x00") {
			t.Fatalf("%q is in a header", token)
		}
	})
}

// TestTheManualsOverridesAreRight reads the example of docs/dialects.md.
func TestTheManualsOverridesAreRight(t *testing.T) {
	t.Parallel()
	manual, err := os.ReadFile(filepath.Join("..", "..", "..", "docs", "dialects.md"))
	if err != nil {
		t.Fatal(err)
	}
	_, rest, _ := strings.Cut(string(manual), "```yaml\n")
	text, _, _ := strings.Cut(rest, "```")
	var settings struct {
		Profiles map[string]struct {
			Operations map[string]any `yaml:"dialect_operations"`
		} `yaml:"profiles"`
	}
	if err := yaml.Unmarshal([]byte(text), &settings); err != nil {
		t.Fatal(err)
	}
	operations := settings.Profiles["default"].Operations
	if wrong := dialect.Check(dialect.Auto, operations); len(operations) < 3 || len(wrong) > 0 {
		t.Errorf("of %d operations wrong are %v", len(operations), wrong)
	}
}

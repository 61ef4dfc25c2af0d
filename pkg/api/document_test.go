package api_test

import (
	"bytes"
	"encoding/json"
	"fmt"
	"maps"
	"mime"
	"net/http"
	"slices"
	"strconv"
	"strings"
	"testing"
	"time"

	"github.com/redim-tools/redim/pkg/api"
)

// openAPI is as much of the document as the tests hold answers against.
type openAPI struct {
	Paths      map[string]map[string]operation `json:"paths"`
	Components struct {
		Schemas   map[string]schema `json:"schemas"`
		Responses map[string]answer `json:"responses"`
	} `json:"components"`
}

type operation struct {
	Parameters []struct {
		Name, In string
	} `json:"parameters"`
	Body *struct {
		Content map[string]media `json:"content"`
	} `json:"requestBody"`
	Responses map[string]answer `json:"responses"`
}

type answer struct {
	Ref     string           `json:"$ref"`
	Headers map[string]any   `json:"headers"`
	Content map[string]media `json:"content"`
}

type media struct{ Schema schema }

type schema struct {
	Ref                  string            `json:"$ref"`
	Type                 string            `json:"type"`
	Format               string            `json:"format"`
	Properties           map[string]schema `json:"properties"`
	Required             []string          `json:"required"`
	AdditionalProperties *bool             `json:"additionalProperties"`
	Items                *schema           `json:"items"`
	Enum                 []any             `json:"enum"`
	Const                any               `json:"const"`
	AllOf                []schema          `json:"allOf"`
}

func theDocument(t testing.TB) *openAPI {
	t.Helper()
	var d openAPI
	if err := json.Unmarshal(api.Document, &d); err != nil {
		t.Fatal(err)
	}
	return &d
}

// find is the path of the document that a path is of, and its operation; ok is
// false when the document has neither.
func (d *openAPI) find(method, path string) (template string, op operation, ok bool) {
	path, _, _ = strings.Cut(path, "?")
	parts := strings.Split(path, "/")
	for template, methods := range d.Paths {
		words := strings.Split(template, "/")
		if len(words) == len(parts) && fits(words, parts) {
			op, ok = methods[strings.ToLower(method)]
			return template, op, ok && method == strings.ToUpper(method)
		}
	}
	return "", operation{}, false
}

func fits(words, parts []string) bool {
	for n, w := range words {
		if w != parts[n] && !strings.HasPrefix(w, "{") || parts[n] == "" && n > 0 {
			return false
		}
	}
	return true
}

// documented holds an answer against the document: its status, type, headers and
// every member.
func (g *got) documented() {
	g.Helper()
	d := theDocument(g)
	template, op, ok := d.find(g.method, g.path)
	a, known := op.Responses[strconv.Itoa(g.status)]
	noCall := g.status == http.StatusNotFound && strings.Contains(string(g.body), "no_such_call")
	switch {
	case template == "" || noCall:
		a, known = d.Components.Responses["NoSuchCall"], g.status == http.StatusNotFound
	case !ok:
		a, known = d.Components.Responses["MethodNotAllowed"], g.status == http.StatusMethodNotAllowed
	}
	if !known {
		g.Errorf("%s %s: the document has no answer %d there: %s", g.method, g.path, g.status, g.body)
		return
	}
	if name, ref := strings.CutPrefix(a.Ref, "#/components/responses/"); ref {
		a = d.Components.Responses[name]
	}
	g.headersDocumented(a)
	if g.method == http.MethodHead {
		return
	}
	kind, _, _ := mime.ParseMediaType(g.header.Get("Content-Type"))
	m, known := a.Content[kind]
	if !known {
		if len(a.Content) > 0 || len(g.body) > 0 {
			g.Errorf("%s %s: %d has the type %q, which the document does not have", g.method, g.path, g.status, kind)
		}
		seen.add(g.method, template, g.status, "")
		return
	}
	var value any = string(g.body)
	if strings.HasSuffix(kind, "json") {
		value = g.value()
	}
	if err := d.check(m.Schema, value, template); err != nil {
		g.Errorf("%s %s: %d: %v\n%s", g.method, g.path, g.status, err, g.body)
	}
	if strings.HasSuffix(kind, "problem+json") && g.header.Get("X-Request-Id") != g.text("request_id") {
		g.Errorf("%s %s: the ids differ", g.method, g.path)
	}
	code := ""
	if g.status >= 400 {
		code = g.text("code")
	}
	seen.add(g.method, template, g.status, code)
}

// headersDocumented asserts the headers that every answer has, and no others
// than the document has.
func (g *got) headersDocumented(a answer) {
	g.Helper()
	always := map[string]string{
		"Cache-Control": "no-store", "X-Content-Type-Options": "nosniff", "Content-Security-Policy": "default-src 'none'; frame-ancestors 'none'", "Strict-Transport-Security": "max-age=31536000",
	}
	for name, value := range always {
		if g.header.Get(name) != value {
			g.Errorf("%s %s: %d: %s is %q", g.method, g.path, g.status, name, g.header.Get(name))
		}
	}
	documented := http.Header{}
	for name := range a.Headers {
		documented.Set(name, "yes")
	}
	for name := range g.header {
		_, known := documented[name]
		if _, common := always[name]; !known && !common && !slices.Contains([]string{"Content-Type", "Content-Length", "Date"}, name) {
			g.Errorf("%s %s: %d: the header %s is not in the document", g.method, g.path, g.status, name)
		}
	}
}

// check holds a value against a schema.
func (d *openAPI) check(s schema, v any, at string) error {
	if name, ref := strings.CutPrefix(s.Ref, "#/components/schemas/"); ref {
		s = d.Components.Schemas[name]
	}
	for _, part := range s.AllOf {
		if err := d.check(part, v, at); err != nil {
			return err
		}
	}
	if s.Enum != nil && !slices.Contains(s.Enum, v) || s.Const != nil && s.Const != v {
		return fmt.Errorf("%s: %v is none of %v %v", at, v, s.Enum, s.Const)
	}
	switch is := v.(type) {
	case map[string]any:
		return d.checkObject(s, is, at)
	case []any:
		if s.Type != "array" {
			return fmt.Errorf("%s: a list", at)
		}
		for _, item := range is {
			if err := d.check(*s.Items, item, at+"[]"); err != nil {
				return err
			}
		}
	case string:
		if _, err := time.Parse(time.RFC3339Nano, is); s.Format == "date-time" && err != nil {
			return fmt.Errorf("%s: %w", at, err)
		}
		return typed(s, at, "string")
	case float64:
		if is == float64(int64(is)) {
			return typed(s, at, "number", "integer")
		}
		return typed(s, at, "number")
	case bool:
		return typed(s, at, "boolean")
	case nil:
		return fmt.Errorf("%s: null", at)
	}
	return nil
}

func typed(s schema, at string, types ...string) error {
	if s.Type != "" && !slices.Contains(types, s.Type) {
		return fmt.Errorf("%s: is of type %v, not %s", at, types, s.Type)
	}
	return nil
}

func (d *openAPI) checkObject(s schema, v map[string]any, at string) error {
	if err := typed(s, at, "object"); err != nil {
		return err
	}
	for _, name := range s.Required {
		if _, ok := v[name]; !ok {
			return fmt.Errorf("%s.%s is missing", at, name)
		}
	}
	for name, value := range v {
		p, known := s.Properties[name]
		if !known && s.Properties != nil && (s.AdditionalProperties != nil || len(s.Required) > 0) {
			return fmt.Errorf("%s.%s is not in the document", at, name)
		}
		if known {
			if err := d.check(p, value, at+"."+name); err != nil {
				return err
			}
		}
	}
	return nil
}

func TestTheDocumentHasTheCallsThatThereAre(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	d := theDocument(t)
	for path, methods := range d.Paths {
		path = strings.ReplaceAll(path, "{id}", "x")
		for _, method := range []string{"GET", "HEAD", "POST", "PUT", "PATCH", "DELETE", "OPTIONS"} {
			got := w.anybody().send(method, path, nil)
			_, documented := methods[strings.ToLower(method)]
			if documented == (got.status == http.StatusMethodNotAllowed) {
				t.Errorf("%s %s: %d, and the document says %v", method, path, got.status, documented)
			}
			if allow := strings.ToLower(got.header.Get("Allow")); got.status == http.StatusMethodNotAllowed && allow != strings.Join(slices.Sorted(maps.Keys(methods)), ", ") && len(methods) == 1 {
				t.Errorf("%s %s: allowed is %s", method, path, allow)
			}
		}
	}
	got := w.anybody().get("/openapi.json").want(http.StatusOK, "")
	if !bytes.Equal(got.body, api.Document) {
		t.Error("another document is served")
	}
}

// TestABodyMayHaveTheMembersOfTheDocumentAndNoOthers sends each documented member
// with a wrong type, which is told from one that is not known.
func TestABodyMayHaveTheMembersOfTheDocumentAndNoOthers(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	c := w.signIn()
	d := theDocument(t)
	for path, methods := range d.Paths {
		for method, op := range methods {
			if method != "post" {
				continue
			}
			var s schema
			if op.Body != nil {
				s = d.Components.Schemas[strings.TrimPrefix(op.Body.Content["application/json"].Schema.Ref, "#/components/schemas/")]
			}
			as := c
			if path == "/v1/login" {
				as = w.anybody()
			}
			path = strings.ReplaceAll(path, "{id}", "x")
			for name := range s.Properties {
				got := as.post(path, map[string]any{name: true}).want(http.StatusBadRequest, "malformed_request")
				if got.text("detail") != "the member "+name+" is of another type" {
					t.Errorf("%s: %s", path, got.body)
				}
			}
			got := as.post(path, map[string]any{"other": true}).want(http.StatusBadRequest, "malformed_request")
			known := "none"
			if len(s.Properties) > 0 {
				known = strings.Join(slices.Sorted(maps.Keys(s.Properties)), ", ")
			}
			if got.text("detail") != "there is a member that this call does not have; it has "+known {
				t.Errorf("%s: %s, and the document has %s", path, got.body, known)
			}
		}
	}
}

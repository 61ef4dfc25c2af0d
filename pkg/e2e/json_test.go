package e2e

import (
	"encoding/json"
	"fmt"
	"strconv"
	"strings"
	"testing"

	"github.com/rogpeppe/go-internal/testscript"
)

// jsonPath compares one value of a JSON document.
func jsonPath(ts *testscript.TestScript, args []string) {
	if len(args) != 3 {
		ts.Fatalf("usage: jsonpath FILE PATH WANT")
	}
	doc := ts.ReadFile(args[0])
	if i := strings.LastIndex(doc, "\n{"); args[0] == "stderr" && i >= 0 {
		doc = doc[i+1:] // warnings come first
	}
	got, err := pick([]byte(doc), args[1])
	ts.Check(err)
	if got != args[2] {
		ts.Fatalf("%s is %s, want %s", args[1], got, args[2])
	}
}

// pick finds a value by a path of names and indexes with dots between. The
// name length is the length of a list or an object.
// A text is returned as it is, everything else as JSON; what is not there is
// the word absent.
func pick(doc []byte, path string) (string, error) {
	var value any
	d := json.NewDecoder(strings.NewReader(string(doc)))
	d.UseNumber()
	if err := d.Decode(&value); err != nil {
		return "", fmt.Errorf("not JSON: %w", err)
	}
	for name := range strings.SplitSeq(path, ".") {
		next, found := child(value, name)
		if !found {
			return "absent", nil
		}
		value = next
	}
	if text, ok := value.(string); ok {
		return text, nil
	}
	b, err := json.Marshal(value)
	return string(b), err
}

func child(value any, name string) (any, bool) {
	switch v := value.(type) {
	case map[string]any:
		if name == "length" {
			return len(v), true
		}
		next, found := v[name]
		return next, found
	case []any:
		if name == "length" {
			return len(v), true
		}
		i, err := strconv.Atoi(name)
		if err != nil || i < 0 || i >= len(v) {
			return nil, false
		}
		return v[i], true
	}
	return nil, false
}

func TestValuesArePicked(t *testing.T) {
	t.Parallel()
	doc := []byte(`{"schema":1,"items":[{"a":"x y","b":null},{"a":[true,1.50]}]}`)
	for path, want := range map[string]string{
		"schema": "1", "items.length": "2", "items.0.a": "x y", "items.0.b": "null", "items.1.a": "[true,1.50]",
		"items.1.a.1": "1.50", "items.2": "absent", "items.0.c": "absent", "schema.x": "absent", "items.0.length": "2",
	} {
		if got, err := pick(doc, path); err != nil || got != want {
			t.Errorf("%s: got %s, %v, want %s", path, got, err, want)
		}
	}
	if _, err := pick([]byte("<html>"), "a"); err == nil {
		t.Error("HTML was taken for JSON")
	}
}

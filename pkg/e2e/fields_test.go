package e2e

import (
	"encoding/json"
	"fmt"
	"maps"
	"slices"
	"strings"
	"testing"

	"github.com/rogpeppe/go-internal/testscript"
)

// fields shows the members of a JSON document and the kinds of their values,
// one a line, for cmp to compare: a member that goes, or changes its kind, breaks
// whoever reads it.
func fields(ts *testscript.TestScript, args []string) {
	if len(args) != 1 {
		ts.Fatalf("usage: fields FILE")
	}
	lines, err := members([]byte(ts.ReadFile(args[0])))
	ts.Check(err)
	_, err = fmt.Fprintln(ts.Stdout(), strings.Join(lines, "\n"))
	ts.Check(err)
}

// members are the paths of all members with their kinds, sorted. The items of a
// list count as one.
func members(doc []byte) ([]string, error) {
	var value any
	if err := json.Unmarshal(doc, &value); err != nil {
		return nil, fmt.Errorf("not JSON: %w", err)
	}
	kinds := map[string][]string{}
	collect(kinds, "", value)
	var lines []string
	for _, path := range slices.Sorted(maps.Keys(kinds)) {
		lines = append(lines, path+" "+strings.Join(kinds[path], "|"))
	}
	return lines, nil
}

func collect(kinds map[string][]string, path string, value any) {
	add := func(kind string) {
		if path == "" || slices.Contains(kinds[path], kind) {
			return
		}
		kinds[path] = append(kinds[path], kind)
		slices.Sort(kinds[path])
	}
	switch v := value.(type) {
	case map[string]any:
		add("object")
		for name, below := range v {
			collect(kinds, strings.TrimPrefix(path+"."+name, "."), below)
		}
	case []any:
		add("list")
		for _, below := range v {
			collect(kinds, path+"[]", below)
		}
	case nil:
		add("null")
	case bool:
		add("boolean")
	case float64:
		add("number")
	default:
		add("text")
	}
}

func TestMembersAreListedWithTheirKinds(t *testing.T) {
	t.Parallel()
	got, err := members([]byte(`{"b":[{"x":1},{"x":null,"y":"t"}],"a":true,"e":[]}`))
	want := []string{"a boolean", "b list", "b[] object", "b[].x null|number", "b[].y text", "e list"}
	if err != nil || !slices.Equal(got, want) {
		t.Errorf("got %q, %v", got, err)
	}
}

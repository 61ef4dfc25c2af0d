package render_test

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"iter"
	"runtime"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"go.yaml.in/yaml/v3"
	"pgregory.net/rapid"

	"github.com/redim-tools/redim/pkg/render"
	"github.com/redim-tools/redim/pkg/secret"
	"github.com/redim-tools/redim/pkg/term"
)

type account struct {
	Name   string    `json:"name"`
	System string    `json:"system"`
	Spins  bool      `json:"spins"`
	Until  time.Time `json:"until"`
}

func accounts() render.List[account] {
	return render.List[account]{
		Columns: []render.Column[account]{
			{Name: "ACCOUNT ID", Cell: func(a account) any { return a.Name }, Width: 12},
			{Name: "SYSTEM", Cell: func(a account) any { return a.System }},
			{Name: "SPINS", Cell: func(a account) any { return a.Spins }},
			{Name: "UNTIL", Cell: func(a account) any { return a.Until }},
		},
		JSON:  func(a account) any { return a },
		Empty: "no accounts",
	}
}

func sample() []account {
	until := time.Date(2026, 5, 4, 14, 30, 0, 0, time.FixedZone("", 7200))
	return []account{
		{"Administrator", "web01", true, until},
		{"系統", "", false, time.Time{}},
		{"x\x1b[31m\ty", "db01\nz\u202e", true, until},
	}
}

func streams(tty bool) (*term.Streams, *bytes.Buffer, *bytes.Buffer) {
	var out, errs bytes.Buffer
	return term.With(strings.NewReader(""), &out, &errs, term.Facts{OutTTY: tty, ErrTTY: tty}), &out, &errs
}

func lines(l ...string) string { return strings.Join(l, "\n") + "\n" }

func TestAListHasOneFormForEachReader(t *testing.T) {
	t.Parallel()
	tests := []struct {
		name   string
		format render.Format
		tty    bool
		want   string
	}{
		{"a table on a terminal", render.Auto, true, lines(
			`ACCOUNT ID      SYSTEM          SPINS   UNTIL`,
			`Administrator   web01           yes     2026-05-04 12:30 UTC`,
			`系統            -               no      -`,
			`x\x1b[31m\ty    db01\nz\u202e   yes     2026-05-04 12:30 UTC`,
		)},
		{"tab-separated lines without a header in a pipe", render.Auto, false, lines(
			"Administrator\tweb01\ttrue\t2026-05-04T12:30:00Z",
			"系統\t\tfalse\t",
			`x\x1b[31m\ty`+"\t"+`db01\nz\u202e`+"\ttrue\t2026-05-04T12:30:00Z",
		)},
		{"csv with exact values in a pipe", render.CSV, false, lines(
			"account_id,system,spins,until",
			"Administrator,web01,true,2026-05-04T12:30:00Z",
			"系統,,false,",
			"x\x1b[31m\ty,\"db01\nz\u202e\",true,2026-05-04T12:30:00Z",
		)},
		{"json with each item on a line", render.JSON, false, lines(
			`{"schema":1,"items":[`,
			`{"name":"Administrator","system":"web01","spins":true,"until":"2026-05-04T14:30:00+02:00"},`,
			`{"name":"系統","system":"","spins":false,"until":"0001-01-01T00:00:00Z"},`,
			`{"name":"x\u001b[31m\ty","system":"db01\nz\u202e","spins":true,"until":"2026-05-04T14:30:00+02:00"}`,
			`],"next":""}`,
		)},
		{"yaml", render.YAML, false, lines(
			`schema: 1`,
			`items:`,
			`- name: Administrator`,
			`  system: web01`,
			`  spins: true`,
			`  until: "2026-05-04T14:30:00+02:00"`,
			`- name: 系統`,
			`  system: ""`,
			`  spins: false`,
			`  until: "0001-01-01T00:00:00Z"`,
			`- name: "x\e[31m\ty"`,
			`  system: "db01\nz\u202E"`,
			`  spins: true`,
			`  until: "2026-05-04T14:30:00+02:00"`,
			`next: ""`,
		)},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			s, out, errs := streams(tt.tty)
			if err := accounts().Write(s, tt.format, sample()); err != nil {
				t.Fatal(err)
			}
			if d := cmp.Diff(tt.want, out.String()); d != "" {
				t.Errorf("stdout (-want +got):\n%s", d)
			}
			if errs.Len() > 0 {
				t.Errorf("stderr: %q", errs)
			}
		})
	}
}

func TestAnEmptyListIsANoteOrAnEmptyList(t *testing.T) {
	t.Parallel()
	tests := map[render.Format][2]string{
		render.Auto:  {"", "no accounts\n"},
		render.Table: {"", "no accounts\n"},
		render.CSV:   {"account_id,system,spins,until\n", "no accounts\n"},
		render.JSON:  {`{"schema":1,"items":[],"next":""}` + "\n", ""},
		render.YAML:  {"schema: 1\nitems: []\nnext: \"\"\n", ""},
	}
	for format, want := range tests {
		for _, tty := range []bool{true, false} {
			s, out, errs := streams(tty)
			if err := accounts().Write(s, format, nil); err != nil {
				t.Fatal(err)
			}
			if got := [2]string{out.String(), errs.String()}; got != want {
				t.Errorf("%q on a terminal %v: %q, want %q", format, tty, got, want)
			}
		}
	}
}

func TestManyRowsLookLikeFewRows(t *testing.T) {
	t.Parallel()
	many := make([]account, 1500)
	for i := range many {
		many[i] = sample()[i%3]
		many[i].Until = many[i].Until.AddDate(0, 0, i)
	}
	draw := func(items []account) []string {
		s, out, _ := streams(true)
		if err := accounts().Write(s, render.Auto, items); err != nil {
			t.Fatal(err)
		}
		return strings.Split(out.String(), "\n")
	}
	few, all := draw(many[300:303]), draw(many)
	if d := cmp.Diff(few[:4], append(all[:1:1], all[301:304]...)); d != "" {
		t.Errorf("few and many differ (-few +many):\n%s", d)
	}
}

func TestAStreamInterruptedByAnErrorStillParses(t *testing.T) {
	t.Parallel()
	broken := errors.New("gone")
	items := func(yield func(account, error) bool) {
		_ = yield(sample()[0], nil) && yield(account{}, broken)
	}
	for _, format := range []render.Format{render.JSON, render.YAML} {
		s, out, _ := streams(false)
		if err := accounts().Stream(s, format, items); !errors.Is(err, broken) {
			t.Errorf("%s: error %v", format, err)
		}
		var doc struct{ Items []map[string]any }
		if err := yaml.Unmarshal(out.Bytes(), &doc); err != nil || len(doc.Items) != 1 {
			t.Errorf("%s: %v, %d items in\n%s", format, err, len(doc.Items), out)
		}
	}
}

func allFormats() []render.Format {
	return []render.Format{render.Auto, render.Table, render.CSV, render.JSON, render.YAML}
}

func TestAStreamKeepsNothing(t *testing.T) {
	for _, format := range allFormats() {
		s := term.With(nil, discard{}, discard{}, term.Facts{})
		grown := heapGrowth(t, func(items iter.Seq2[account, error]) error {
			return accounts().Stream(s, format, items)
		})
		if grown > 1<<20 {
			t.Errorf("%q keeps %d bytes", format, grown)
		}
	}
}

// heapGrowth is how much more is in use after 20,000 items than before.
func heapGrowth(t *testing.T, write func(iter.Seq2[account, error]) error) int64 {
	t.Helper()
	heap := func() int64 {
		var m runtime.MemStats
		runtime.GC()
		runtime.ReadMemStats(&m)
		return int64(m.HeapAlloc)
	}
	var after int64
	before := heap()
	err := write(func(yield func(account, error) bool) {
		for range 20_000 {
			if !yield(sample()[0], nil) {
				return
			}
		}
		after = heap()
	})
	if err != nil {
		t.Fatal(err)
	}
	return after - before
}

type discard struct{}

func (discard) Write(p []byte) (int, error) { return len(p), nil }

func TestAFullDiskIsReported(t *testing.T) {
	t.Parallel()
	full := errors.New("no space left on device")
	for _, format := range allFormats() {
		for room := range 2 {
			s := term.With(nil, &disk{room: room, err: full}, discard{}, term.Facts{})
			if err := accounts().Write(s, format, make([]account, 2000)); !errors.Is(err, full) {
				t.Errorf("%q, room for %d writes: %v", format, room, err)
			}
		}
		s := term.With(nil, &disk{err: full}, discard{}, term.Facts{})
		if err := render.One(s, format, account{}, []render.Field{{Name: "Name", Value: 1}}); !errors.Is(err, full) {
			t.Errorf("%q, one: %v", format, err)
		}
	}
}

// disk is full after some writes.
type disk struct {
	room int
	err  error
}

func (d *disk) Write(p []byte) (int, error) {
	if d.room--; d.room < 0 {
		return 0, d.err
	}
	return len(p), nil
}

func TestJSONAndYAMLHoldTheSameForAnyText(t *testing.T) {
	t.Parallel()
	rapid.Check(t, func(t *rapid.T) {
		item := account{
			Name:   rapid.String().Draw(t, "name"),
			System: rapid.StringMatching(`[-#:'"!&*%@ 0-9a-f.~\n]*`).Draw(t, "system"),
		}
		for _, format := range []render.Format{render.JSON, render.YAML} {
			s, out, _ := streams(rapid.Bool().Draw(t, "tty"))
			if err := accounts().Write(s, format, []account{item}); err != nil {
				t.Fatal(err)
			}
			var doc struct {
				Items []struct{ Name, System string }
			}
			if err := parse(format, out.Bytes(), &doc); err != nil {
				t.Fatalf("%s: %v in\n%s", format, err, out)
			}
			if got := doc.Items[0]; got.Name != item.Name || got.System != item.System {
				t.Fatalf("%s: got %q, want %q %q, from\n%s", format, got, item.Name, item.System, out)
			}
			if strings.ContainsFunc(strings.ReplaceAll(out.String(), "\n", ""), term.Unsafe) {
				t.Fatalf("%s lets through what a terminal acts on: %q", format, out)
			}
		}
	})
}

func parse(f render.Format, b []byte, v any) error {
	if f == render.JSON {
		return json.Unmarshal(b, v)
	}
	return yaml.Unmarshal(b, v)
}

func TestASecretShowsOnlyWhenRevealed(t *testing.T) {
	t.Parallel()
	const text = "c4nary-Pa55/+\"<&é"
	hidden := secret.FromString(text)
	list := render.List[secret.Value]{
		Columns: []render.Column[secret.Value]{{Name: "PASSWORD", Cell: func(v secret.Value) any { return v }}},
		JSON:    func(v secret.Value) any { return map[string]any{"password": v} },
	}
	for _, format := range allFormats() {
		s, out, _ := streams(false)
		if err := list.Write(s, format, []secret.Value{hidden}); err != nil {
			t.Fatal(err)
		}
		if strings.Contains(out.String(), "c4nary") || !strings.Contains(out.String(), secret.Redacted) {
			t.Errorf("%q shows %s", format, out)
		}
	}
	for _, format := range []render.Format{render.JSON, render.YAML} {
		s, out, _ := streams(false)
		v := struct {
			Password render.Revealed `json:"password"`
		}{render.Revealed{Value: hidden}}
		if err := render.One(s, format, v, nil); err != nil {
			t.Fatal(err)
		}
		var doc struct{ Password string }
		if err := parse(format, out.Bytes(), &doc); err != nil || doc.Password != text {
			t.Errorf("%s: %v, %q", format, err, doc.Password)
		}
		if got := fmt.Sprintf("%v %+v", v, v); strings.Contains(got, "c4nary") {
			t.Errorf("printed: %s", got)
		}
	}
}

package render_test

import (
	"bytes"
	"errors"
	"testing"

	"github.com/redim-tools/redim/pkg/pam"
	"github.com/redim-tools/redim/pkg/render"
)

func TestASingleThingHasOneFormForEachReader(t *testing.T) {
	t.Parallel()
	thing := struct {
		Path  string   `json:"path"`
		Count int      `json:"count"`
		Tags  []string `json:"tags"`
		Rate  float64  `json:"rate"`
		None  *string  `json:"none"`
	}{"/a b", 3, []string{"x", "1"}, 0.5, nil}
	fields := []render.Field{{Name: "Path", Value: thing.Path}, {Name: "Long count", Value: thing.Count}, {Name: "Tags", Value: thing.Tags}, {Name: "None"}}
	tests := []struct {
		name   string
		format render.Format
		tty    bool
		want   string
	}{
		{"lines on a terminal", render.Auto, true, lines("Path:         /a b", "Long count:   3", "Tags:         x, 1", "None:         -")},
		{"names and values in a pipe", render.Auto, false, "path\t/a b\nlong_count\t3\ntags\tx,1\nnone\t\n"},
		{"json on one line in a pipe", render.JSON, false, `{"schema":1,"path":"/a b","count":3,"tags":["x","1"],"rate":0.5,"none":null}` + "\n"},
		{"indented json on a terminal", render.JSON, true, `{
  "schema": 1,
  "path": "/a b",
  "count": 3,
  "tags": [
    "x",
    "1"
  ],
  "rate": 0.5,
  "none": null
}
`},
		{"yaml", render.YAML, false, lines("schema: 1", "path: /a b", "count: 3", "tags:", "  - x", `  - "1"`, "rate: 0.5", "none: null")},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			s, out, errs := streams(tt.tty)
			if err := render.One(s, tt.format, thing, fields); err != nil {
				t.Fatal(err)
			}
			if out.String() != tt.want || errs.Len() > 0 {
				t.Errorf("got\n%s\nwant\n%s\nstderr %q", out, tt.want, errs)
			}
		})
	}
}

func TestASingleThingMustBeAnObject(t *testing.T) {
	t.Parallel()
	for _, format := range []render.Format{render.JSON, render.YAML} {
		s, out, _ := streams(false)
		if err := render.One(s, format, []int{1}, nil); err == nil || out.Len() > 0 {
			t.Errorf("%s: error %v, output %q", format, err, out)
		}
	}
	s, out, _ := streams(false)
	if err := render.One(s, render.JSON, struct{}{}, nil); err != nil || out.String() != "{\"schema\":1}\n" {
		t.Errorf("error %v, output %q", err, out)
	}
}

func TestAFailureIsOneLineOfJSON(t *testing.T) {
	t.Parallel()
	var b bytes.Buffer
	err := render.Error(&b, render.Problem{Code: 106, Class: "not_found", Message: "no \x1b[2J & <such>\x7f\u009b", Hint: ""})
	want := `{"schema":1,"error":{"code":106,"class":"not_found","message":"no \u001b[2J & <such>\u007f\u009b","hint":""}}` + "\n"
	if err != nil || b.String() != want {
		t.Errorf("error %v, got %s", err, b.String())
	}
}

func TestFormatsAreNamed(t *testing.T) {
	t.Parallel()
	for _, name := range append(render.Formats(true), "") {
		if f, err := render.ParseFormat(name, true); err != nil || string(f) != name {
			t.Errorf("%q: %q, %v", name, f, err)
		}
	}
	for _, name := range []string{"xml", "JSON", "csv"} {
		if _, err := render.ParseFormat(name, false); !errors.Is(err, pam.ErrUsage) {
			t.Errorf("%q: %v", name, err)
		}
	}
}

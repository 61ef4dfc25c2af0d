package testsettings

import (
	"fmt"
	"strconv"

	"github.com/redim-tools/redim/pkg/engine"
	"github.com/redim-tools/redim/pkg/render"
)

// explain writes the ladder as a table of its own. In a pipe it goes to
// standard output before the credentials, its lines marked by a first column.
func explain(opts *Options, o outcome) error {
	changes, err := opts.Unsaved()
	if err != nil {
		return err
	}
	for _, c := range changes {
		opts.Say("unsaved: %s = %s (saved: %s)", c.Key, c.Value, orNone(c.Saved))
	}
	steps := make([]numbered, len(o.finding.Steps))
	for i, s := range o.finding.Steps {
		steps[i] = numbered{n: i + 1, Step: s}
	}
	if err := stepList().Write(opts.Streams, render.Format(opts.Output), steps); err != nil {
		return err
	}
	if opts.Streams.InteractiveOut() {
		_, err = fmt.Fprintln(opts.Streams.Out)
	}
	return err
}

func orNone(s string) string {
	if s == "" {
		return "none"
	}
	return s
}

type numbered struct {
	n int
	engine.Step
}

func stepList() render.List[numbered] {
	return render.List[numbered]{
		Columns: []render.Column[numbered]{
			{Name: "STEP", Cell: func(s numbered) any { return "step " + strconv.Itoa(s.n) }},
			{Name: "IDENTITY", Cell: func(s numbered) any { return s.Identity.String() }},
			{Name: "ASKED", Cell: func(s numbered) any { return s.Asked }},
			{Name: "ANSWER", Cell: func(s numbered) any { return answer(s.Step) }},
			{Name: "DECIDED BY", Cell: func(s numbered) any { return s.Setting }},
		},
		JSON: func(s numbered) any { return s.Step },
	}
}

func answer(s engine.Step) string {
	switch {
	case s.Skipped:
		return "not asked"
	case s.Class != "":
		return string(s.Class)
	}
	return strconv.Itoa(s.Found)
}

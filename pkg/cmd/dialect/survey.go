package dialect

import (
	"strings"

	"github.com/redim-tools/redim/pkg/redim/dialect"
	"github.com/redim-tools/redim/pkg/render"
)

// probedRow is one operation of one dialect.
type probedRow struct {
	Dialect string
	dialect.Probed
}

type probedJSON struct {
	Dialect  string   `json:"dialect"`
	Key      string   `json:"key"`
	Name     string   `json:"name"`
	Method   string   `json:"method"`
	Path     string   `json:"path"`
	Found    bool     `json:"found"`
	Attested string   `json:"attested"`
	Instead  []string `json:"instead"`
}

type pageJSON struct {
	Dialect string   `json:"dialect"`
	Address string   `json:"address"`
	Problem string   `json:"problem"` // empty when the page was read
	Missing []string `json:"missing"`
	Others  []string `json:"others"`
}

// surveyJSON is a list like any other, and what the pages say on the whole.
type surveyJSON struct {
	Recommended string       `json:"recommended"`
	Pages       []pageJSON   `json:"pages"`
	Items       []probedJSON `json:"items"`
	Next        string       `json:"next"`
}

func writeSurvey(opts *ProbeOptions, s dialect.Survey) error {
	f := render.Format(opts.Output)
	if f.Structured() {
		return render.One(opts.Streams, f, newSurveyJSON(s, opts.Name), nil)
	}
	return probedList().Write(opts.Streams, f, rowsOf(s, opts.Name))
}

// rowsOf lists the operations of one dialect, or of all whose page was read.
func rowsOf(s dialect.Survey, name string) []probedRow {
	var rows []probedRow
	for _, p := range s.Pages {
		for _, n := range p.Needed {
			if name == "" || name == p.Dialect {
				rows = append(rows, probedRow{p.Dialect, n})
			}
		}
	}
	return rows
}

func newSurveyJSON(s dialect.Survey, name string) surveyJSON {
	out := surveyJSON{Recommended: s.Recommended, Items: []probedJSON{}}
	for _, p := range s.Pages {
		page := pageJSON{Dialect: p.Dialect, Address: p.Address, Problem: p.Problem, Missing: []string{}, Others: append([]string{}, p.Others...)}
		for _, n := range p.Missing() {
			page.Missing = append(page.Missing, n.Key)
		}
		out.Pages = append(out.Pages, page)
	}
	for _, r := range rowsOf(s, name) {
		out.Items = append(out.Items, probedJSON{
			r.Dialect, r.Key, r.Name, r.Method, r.Path, r.Found, string(r.Attested), append([]string{}, r.Instead...),
		})
	}
	return out
}

func probedList() render.List[probedRow] {
	return render.List[probedRow]{
		Columns: []render.Column[probedRow]{
			{Name: "OPERATION", Cell: func(r probedRow) any { return r.Name }},
			{Name: "KEY", Cell: func(r probedRow) any { return r.Key }},
			{Name: "FOUND", Cell: func(r probedRow) any { return r.Found }},
			{Name: "ATTESTED", Cell: func(r probedRow) any { return string(r.Attested) }},
			{Name: "DIALECT", Cell: func(r probedRow) any { return r.Dialect }},
			{Name: "INSTEAD", Cell: func(r probedRow) any { return strings.Join(r.Instead, ", ") }},
		},
	}
}

package render

import (
	"bytes"
	"io"
	"strings"

	"github.com/olekukonko/tablewriter"
	"github.com/olekukonko/tablewriter/pkg/twwidth"
	"github.com/olekukonko/tablewriter/renderer"
	"github.com/olekukonko/tablewriter/tw"

	"github.com/redim-tools/redim/pkg/term"
)

// manyRows is from where on the table library costs too much: 10,000 rows take
// it a fifth of a second and 56 MB.
const manyRows = 1000

func (l layout) table(s *term.Streams, items []row) error {
	if len(items) > manyRows {
		return l.columns(s.Out, items)
	}
	rows := make([][]string, len(items))
	for i, item := range items {
		rows[i] = item.cells(shown)
	}
	return drawTable(s.Out, l.header, rows)
}

// drawTable draws rows without rules; no header, no header line.
func drawTable(w io.Writer, header []string, rows [][]string) error {
	var drawn bytes.Buffer
	t := newTable(&drawn)
	if len(header) > 0 {
		t.Header(header)
	}
	if err := t.Bulk(rows); err != nil {
		return err
	}
	if err := t.Render(); err != nil {
		return err
	}
	_, err := w.Write(trimLines(drawn.Bytes()))
	return err
}

func newTable(w io.Writer) *tablewriter.Table {
	pad := tw.CellPadding{Global: tw.Padding{Right: gap, Overwrite: true}}
	left := tw.CellAlignment{Global: tw.AlignLeft}
	asIs := tw.CellFormatting{AutoFormat: tw.Off, AutoWrap: tw.WrapNone}
	cells := tw.CellConfig{Alignment: left, Padding: pad, Formatting: asIs}
	return tablewriter.NewTable(w,
		tablewriter.WithRenderer(renderer.NewBlueprint(tw.Rendition{
			Borders:  tw.BorderNone,
			Settings: tw.Settings{Lines: tw.LinesNone, Separators: tw.SeparatorsNone},
		})),
		tablewriter.WithConfig(tablewriter.Config{Header: cells, Row: cells}))
}

// gap stands between two columns.
const gap = "   "

// trimLines takes the spaces off the ends of lines.
func trimLines(b []byte) []byte {
	lines := bytes.Split(b, []byte("\n"))
	for i, line := range lines {
		lines[i] = bytes.TrimRight(line, " ")
	}
	return bytes.Join(lines, []byte("\n"))
}

// columnRows writes columns of known widths; a longer cell pushes the rest.
type columnRows struct {
	header []string
	out    io.Writer
	widths []int
	begun  bool
}

func (c *columnRows) item(r row) error {
	if !c.begun {
		c.begun = true
		if err := c.line(c.header); err != nil {
			return err
		}
	}
	return c.line(r.cells(shown))
}

func (c *columnRows) line(cells []string) error {
	var b strings.Builder
	for i, cell := range cells {
		b.WriteString(cell)
		if i < len(cells)-1 {
			b.WriteString(strings.Repeat(" ", max(0, c.widths[i]-twwidth.Width(cell))))
			b.WriteString(gap)
		}
	}
	_, err := io.WriteString(c.out, strings.TrimRight(b.String(), " ")+"\n")
	return err
}

func (c *columnRows) end() error { return nil }

// leastWidths are the widths that the columns are declared with.
func (l layout) leastWidths() []int {
	widths := make([]int, len(l.header))
	for i, name := range l.header {
		widths[i] = max(l.widths[i], twwidth.Width(name))
	}
	return widths
}

// columns measures all items, then writes them.
func (l layout) columns(w io.Writer, items []row) error {
	buffered := newBuffered(w)
	rows := &columnRows{header: l.header, out: buffered, widths: l.leastWidths()}
	for _, item := range items {
		for i, cell := range item.cells(shown) {
			rows.widths[i] = max(rows.widths[i], twwidth.Width(cell))
		}
	}
	for _, item := range items {
		if err := rows.item(item); err != nil {
			return err
		}
	}
	return buffered.Flush()
}

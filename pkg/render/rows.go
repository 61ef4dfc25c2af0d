package render

import (
	"bufio"
	"encoding/csv"
	"io"
	"strings"

	"github.com/redim-tools/redim/pkg/term"
)

func newBuffered(w io.Writer) *bufio.Writer { return bufio.NewWriterSize(w, 32<<10) }

// tabRows writes tab-separated lines. A tab or a line feed within a value would
// break the line, so it becomes a visible escape like every control character.
type tabRows struct{ out io.Writer }

func (t *tabRows) item(r row) error {
	_, err := io.WriteString(t.out, strings.Join(r.cells(plain), "\t")+"\n")
	return err
}

func (t *tabRows) end() error { return nil }

// csvRows writes CSV with a header line. Values are exact, save on a terminal.
type csvRows struct {
	header []string
	out    *csv.Writer
	how    func(any) string
	begun  bool
}

func newCSVRows(header []string, s *term.Streams) *csvRows {
	rows := &csvRows{header: header, out: csv.NewWriter(s.Out), how: raw}
	if s.InteractiveOut() {
		rows.how = plain
	}
	return rows
}

func (c *csvRows) item(r row) error {
	if err := c.begin(); err != nil {
		return err
	}
	return c.line(r.cells(c.how))
}

func (c *csvRows) end() error { return c.begin() }

func (c *csvRows) begin() error {
	if c.begun {
		return nil
	}
	c.begun = true
	header := make([]string, len(c.header))
	for i, name := range c.header {
		header[i] = strings.ReplaceAll(strings.ToLower(name), " ", "_")
	}
	return c.line(header)
}

func (c *csvRows) line(cells []string) error {
	if err := c.out.Write(cells); err != nil {
		return err
	}
	c.out.Flush()
	return c.out.Error()
}

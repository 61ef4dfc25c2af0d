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
type tabRows[T any] struct {
	list List[T]
	out  io.Writer
}

func (t *tabRows[T]) item(item T) error {
	_, err := io.WriteString(t.out, strings.Join(t.list.cells(item, plain), "\t")+"\n")
	return err
}

func (t *tabRows[T]) end() error { return nil }

// csvRows writes CSV with a header line. Values are exact, save on a terminal.
type csvRows[T any] struct {
	list  List[T]
	out   *csv.Writer
	how   func(any) string
	begun bool
}

func newCSVRows[T any](l List[T], s *term.Streams) *csvRows[T] {
	rows := &csvRows[T]{list: l, out: csv.NewWriter(s.Out), how: raw}
	if s.InteractiveOut() {
		rows.how = plain
	}
	return rows
}

func (c *csvRows[T]) item(item T) error {
	if err := c.begin(); err != nil {
		return err
	}
	return c.line(c.list.cells(item, c.how))
}

func (c *csvRows[T]) end() error { return c.begin() }

func (c *csvRows[T]) begin() error {
	if c.begun {
		return nil
	}
	c.begun = true
	header := c.list.header()
	for i, name := range header {
		header[i] = strings.ReplaceAll(strings.ToLower(name), " ", "_")
	}
	return c.line(header)
}

func (c *csvRows[T]) line(cells []string) error {
	if err := c.out.Write(cells); err != nil {
		return err
	}
	c.out.Flush()
	return c.out.Error()
}

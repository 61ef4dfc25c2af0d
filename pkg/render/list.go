package render

import (
	"fmt"
	"iter"

	"github.com/redim-tools/redim/pkg/term"
)

// Column is one column of a list.
type Column[T any] struct {
	Name string // the header, in upper case
	// Cell is the value of an item: text, a number, a bool, a time, a
	// duration, a list of texts, or anything that prints itself.
	Cell func(T) any
	// Width is the least width, in terminal columns, in a Stream's table,
	// which can't know what is to come. Longer cells push the rest.
	Width int
}

// List is how items of one kind are written.
type List[T any] struct {
	Columns []Column[T]
	// JSON is the item in JSON and YAML: a struct with json tags, or a map.
	JSON func(T) any
	// Empty is the note on standard error when there are no items, such as
	// "no open checkouts". JSON and YAML show an empty list instead.
	Empty string
	// Next is where the list goes on, an opaque cursor, or empty.
	Next string
}

// Write writes items in format f.
func (l List[T]) Write(s *term.Streams, f Format, items []T) error {
	if tabular(f, s) && len(items) > 0 {
		rows := make([]row, len(items))
		for i, item := range items {
			rows[i] = l.row(item)
		}
		return written(l.layout().table(s, rows))
	}
	return l.Stream(s, f, func(yield func(T, error) bool) {
		for _, item := range items {
			if !yield(item, nil) {
				return
			}
		}
	})
}

// Stream writes items as they come, in memory that does not grow with their
// number. When items yields an error, the output is ended properly, so that it
// still parses, and the error is returned.
func (l List[T]) Stream(s *term.Streams, f Format, items iter.Seq2[T, error]) error {
	return l.layout().stream(s, f, func(yield func(row, error) bool) {
		for item, err := range items {
			if !yield(l.row(item), err) {
				return
			}
		}
	})
}

// row is one item, whatever its type.
type row struct {
	cells func(how func(any) string) []string
	json  func() any
}

func (l List[T]) row(item T) row {
	return row{
		json: func() any { return l.JSON(item) },
		cells: func(how func(any) string) []string {
			texts := make([]string, len(l.Columns))
			for i, c := range l.Columns {
				texts[i] = how(c.Cell(item))
			}
			return texts
		},
	}
}

// layout is a List without the type of its items: the code that writes is the
// same for all.
type layout struct {
	header []string
	widths []int
	empty  string
	next   string
}

func (l List[T]) layout() layout {
	lay := layout{empty: l.Empty, next: l.Next}
	for _, c := range l.Columns {
		lay.header = append(lay.header, c.Name)
		lay.widths = append(lay.widths, c.Width)
	}
	return lay
}

func (l layout) stream(s *term.Streams, f Format, items iter.Seq2[row, error]) error {
	rows := l.rows(s, f)
	count := 0
	var failed error
	for item, err := range items {
		if err != nil {
			failed = err
			break
		}
		if err := rows.item(item); err != nil {
			return written(err)
		}
		count++
	}
	if err := rows.end(); err != nil && failed == nil {
		failed = written(err)
	}
	if count == 0 && failed == nil && !f.Structured() && l.empty != "" {
		_, failed = fmt.Fprintln(s.Err, term.Safe(l.empty))
	}
	return failed
}

// rows is the writer for format f.
func (l layout) rows(s *term.Streams, f Format) rowWriter {
	switch {
	case f == JSON:
		return &jsonRows{next: l.next, out: s.Out, pretty: s.InteractiveOut()}
	case f == YAML:
		return &yamlRows{next: l.next, out: s.Out}
	case f == CSV:
		return newCSVRows(l.header, s)
	case tabular(f, s):
		return &columnRows{header: l.header, out: s.Out, widths: l.leastWidths()}
	}
	return &tabRows{out: s.Out}
}

// rowWriter writes one item at a time; end comes once, also after no item.
type rowWriter interface {
	item(row) error
	end() error
}

func written(err error) error {
	if err != nil {
		return fmt.Errorf("write the result: %w", err)
	}
	return nil
}

// shown is how a terminal shows a value, plain how a pipe gets it.
func shown(v any) string { return term.Safe(friendly(v)) }
func plain(v any) string { return term.Safe(raw(v)) }

package exchange

import (
	"bytes"
	"encoding/csv"
	"errors"
	"io"
	"slices"
	"strings"

	"github.com/redim-tools/redim/pkg/pam"
)

// maxFile is the most bytes that an import reads, maxRows the most rows.
const (
	maxFile = 64 << 20
	maxRows = 1_000_000
)

// row is one line of a table: its cells by the name of their column. A cell
// that is empty is there; a column that is missing is not.
type row struct {
	line  int
	cells map[string]string
}

func (r row) text(column string) *string {
	if text, ok := r.cells[column]; ok {
		return &text
	}
	return nil
}

// readTable reads a CSV file with a line of column names. Columns that nobody
// knows are refused, for a slip of the pen would lose data silently.
func readTable(in io.Reader, known, needed []string) ([]row, error) {
	data, err := readAll(in)
	if err != nil {
		return nil, err
	}
	lines := csv.NewReader(bytes.NewReader(data))
	lines.ReuseRecord = false
	head, err := lines.Read()
	if err != nil {
		return nil, badLine(1, err)
	}
	columns, err := readHead(head, known, needed)
	if err != nil {
		return nil, err
	}
	var out []row
	for {
		cells, err := lines.Read()
		if errors.Is(err, io.EOF) {
			return out, nil
		}
		if err != nil {
			return nil, badLine(lineOf(err), err)
		}
		if len(out) == maxRows {
			return nil, pam.Failf(pam.ErrUsage, "the file has more than %d rows", maxRows).WithHint("import it in parts")
		}
		line, _ := lines.FieldPos(0)
		r := row{line: line, cells: map[string]string{}}
		for n, column := range columns {
			r.cells[column] = cells[n]
		}
		out = append(out, r)
	}
}

func readHead(head, known, needed []string) ([]string, error) {
	columns := make([]string, len(head))
	for n, name := range head {
		columns[n] = strings.ToLower(strings.TrimSpace(name))
		if !slices.Contains(known, columns[n]) || slices.Contains(columns[:n], columns[n]) {
			return nil, pam.Failf(pam.ErrUsage, "line 1: column %q is not known, or there twice", name).WithHint("the columns are %s", strings.Join(known, ", "))
		}
	}
	for _, name := range needed {
		if !slices.Contains(columns, name) {
			return nil, pam.Failf(pam.ErrUsage, "line 1: column %q is missing", name).WithHint("the columns are %s; %s must be there", strings.Join(known, ", "), strings.Join(needed, ", "))
		}
	}
	return columns, nil
}

func readAll(in io.Reader) ([]byte, error) {
	data, err := io.ReadAll(io.LimitReader(in, maxFile+1))
	if err != nil {
		return nil, pam.Failf(pam.ErrOther, "the import can not be read: %w", err).WithHint("look at the file or the pipe that it comes from")
	}
	if len(data) > maxFile {
		return nil, pam.Failf(pam.ErrUsage, "the file is longer than %d MiB", maxFile>>20).WithHint("import it in parts")
	}
	return bytes.TrimPrefix(data, []byte("\xef\xbb\xbf")), nil
}

func lineOf(err error) int {
	if e, ok := errors.AsType[*csv.ParseError](err); ok {
		return e.Line
	}
	return 1
}

// badLine names a line without quoting it: it may hold a secret.
func badLine(line int, err error) error {
	reason := "it can not be read"
	switch {
	case errors.Is(err, io.EOF):
		reason = "the file is empty"
	case errors.Is(err, csv.ErrFieldCount):
		reason = "it has another number of cells than the first line"
	case errors.Is(err, csv.ErrQuote), errors.Is(err, csv.ErrBareQuote):
		reason = "a quote stands alone"
	}
	return pam.Failf(pam.ErrUsage, "line %d: %s", line, reason).WithHint(`cells with a comma or a quote stand in quotes, and a quote in them is doubled: "say ""hi"""`)
}

func atLine(line int, err error) error {
	f := pam.Failf(pam.ErrUsage, "line %d: %w", line, err)
	if cause, ok := errors.AsType[*pam.Failure](err); ok {
		f.Class, f.Hint = cause.Class, cause.Hint
	}
	return f
}

package render

import (
	"bytes"
	"encoding/json"
	"io"
	"strings"

	"github.com/redim-tools/redim/pkg/term"
)

// Field is one line of a single thing: its name for people and its value, of
// the same kinds as a column's.
type Field struct {
	Name  string // "Checked out at"
	Value any
}

// One writes a single thing: v, which encodes as a JSON object, in JSON and
// YAML, with a "schema" member put first; else the fields, one a line.
func One(s *term.Streams, f Format, v any, fields []Field) error {
	switch {
	case f == JSON:
		return written(writeJSON(s, v))
	case f == YAML:
		return written(writeYAML(s.Out, v))
	case tabular(f, s):
		return written(drawTable(s.Out, nil, fieldRows(fields)))
	}
	var b strings.Builder
	for _, field := range fields {
		name := strings.ReplaceAll(strings.ToLower(field.Name), " ", "_")
		b.WriteString(name + "\t" + plain(field.Value) + "\n")
	}
	_, err := io.WriteString(s.Out, b.String())
	return written(err)
}

func fieldRows(fields []Field) [][]string {
	rows := make([][]string, len(fields))
	for i, field := range fields {
		rows[i] = []string{field.Name + ":", shown(field.Value)}
	}
	return rows
}

func writeJSON(s *term.Streams, v any) error {
	b, err := withSchema(v)
	if err != nil {
		return err
	}
	if s.InteractiveOut() {
		var pretty bytes.Buffer
		if err := json.Indent(&pretty, b, "", "  "); err != nil {
			return err
		}
		b = pretty.Bytes()
	}
	_, err = s.Out.Write(append(b, '\n'))
	return err
}

func writeYAML(w io.Writer, v any) error {
	b, err := withSchema(v)
	if err != nil {
		return err
	}
	text, err := toYAML(b)
	if err != nil {
		return err
	}
	_, err = w.Write(text)
	return err
}

// Problem is a failure for programs.
type Problem struct {
	Code    int    `json:"code"` // the exit code
	Class   string `json:"class"`
	Message string `json:"message"`
	Hint    string `json:"hint"`
}

// Error writes a failure as one line of JSON; it belongs on standard error.
func Error(w io.Writer, p Problem) error {
	b, err := withSchema(struct {
		Error Problem `json:"error"`
	}{p})
	if err != nil {
		return err
	}
	_, err = w.Write(append(b, '\n'))
	return err
}

// Note writes one line of talk, named what, as JSON.
func Note(w io.Writer, what, text string) error {
	b, err := withSchema(map[string]string{what: text})
	if err != nil {
		return err
	}
	_, err = w.Write(append(b, '\n'))
	return err
}

package render

import (
	"slices"
	"strings"

	"github.com/redim-tools/redim/pkg/pam"
	"github.com/redim-tools/redim/pkg/term"
)

// Format is the form of a result.
type Format string

// The formats. Auto is a table on a terminal and tab-separated lines, without
// a header and with times in RFC 3339, in a pipe.
const (
	Auto  Format = ""
	Table Format = "table"
	JSON  Format = "json"
	YAML  Format = "yaml"
	CSV   Format = "csv" // lists only
)

// Formats are the names that a user may give, for lists or for single things.
func Formats(list bool) []string {
	names := []string{string(Table), string(JSON), string(YAML)}
	if list {
		names = append(names, string(CSV))
	}
	return names
}

// ParseFormat reads the name of a format; the empty name is Auto. Anything else
// is a failure of class ErrUsage.
func ParseFormat(name string, list bool) (Format, error) {
	if name == "" || slices.Contains(Formats(list), name) {
		return Format(name), nil
	}
	return Auto, pam.Failf(pam.ErrUsage, "output format %q is not known here", name).
		WithHint("use one of: %s", strings.Join(Formats(list), ", "))
}

// Structured reports whether f is JSON or YAML.
func (f Format) Structured() bool { return f == JSON || f == YAML }

// tabular reports whether a result in f is drawn as a table.
func tabular(f Format, s *term.Streams) bool {
	return f == Table || f == Auto && s.InteractiveOut()
}

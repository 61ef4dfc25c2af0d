package ci

import (
	"bytes"
	"io"
	"strings"

	"github.com/redim-tools/redim/pkg/secret"
)

// HasMasks reports whether a system's log can be told to hide a text. GitLab and
// Jenkins hide only what their own settings hold.
func (s System) HasMasks() bool { return s == GitHub || s == Azure }

// WriteMasks writes the words that make a system's log hide a secret from then
// on, each line of it on its own too. The system reads them, and does not show
// them, where w is the output of the job's step.
func WriteMasks(w io.Writer, s System, v secret.Value) error {
	var before string
	var escape *strings.Replacer
	switch s {
	case GitHub:
		before, escape = "::add-mask::", strings.NewReplacer("%", "%25", "\r", "%0D", "\n", "%0A")
	case Azure:
		before, escape = "##vso[task.setsecret]", strings.NewReplacer("%", "%AZP25", "\r", "%0D", "\n", "%0A")
	default:
		return nil
	}
	return v.Reveal(func(b []byte) error {
		var out bytes.Buffer
		defer func() { clear(out.Bytes()[:out.Cap()]) }()
		for _, text := range maskable(b) {
			out.WriteString(before)
			_, _ = escape.WriteString(&out, string(text))
			out.WriteByte('\n')
		}
		_, err := w.Write(out.Bytes())
		return err
	})
}

// maskable are the texts to be hidden: the whole, and its lines.
func maskable(b []byte) [][]byte {
	texts := [][]byte{b}
	for line := range bytes.Lines(b) {
		line = bytes.TrimSpace(line)
		if len(line) > 0 && len(line) < len(b) {
			texts = append(texts, line)
		}
	}
	return texts
}

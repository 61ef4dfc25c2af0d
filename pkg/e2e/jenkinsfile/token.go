package jenkinsfile

import (
	"fmt"
	"strings"
	"unicode"
)

// token is a word, a text in quotes, or one sign.
type token struct {
	text   string
	quoted byte // ' or " of a text; 0: none
	line   int
}

// tokens splits a file. Comments are left out.
func tokens(file string) ([]token, error) {
	var out []token
	line := 1
	for file != "" {
		t, length, err := next(file)
		if err != nil {
			return nil, fmt.Errorf("line %d: %w", line, err)
		}
		if t.text != "" || t.quoted != 0 {
			t.line = line
			out = append(out, t)
		}
		line += strings.Count(file[:length], "\n")
		file = file[length:]
	}
	return out, nil
}

// next is the token that a text begins with, empty for a blank or a comment.
func next(text string) (token, int, error) {
	first := text[0]
	switch {
	case strings.HasPrefix(text, "//"):
		return token{}, strings.IndexByte(text+"\n", '\n'), nil
	case strings.HasPrefix(text, "'''"):
		return quoted(text, "'''")
	case first == '\'' || first == '"':
		return quoted(text, text[:1])
	case unicode.IsSpace(rune(first)):
		return token{}, 1, nil
	case strings.IndexByte("{}()[],:=", first) >= 0:
		return token{text: text[:1]}, 1, nil
	}
	end := strings.IndexFunc(text, func(r rune) bool { return !unicode.IsLetter(r) && !unicode.IsDigit(r) && r != '_' })
	if end == 0 {
		return token{}, 0, fmt.Errorf("%q is not understood", text[:1])
	}
	if end < 0 {
		end = len(text)
	}
	return token{text: text[:end]}, end, nil
}

// quoted is a text up to its closing quotes. Escapes are refused, and in double
// quotes all but variables is as it stands.
func quoted(text, quotes string) (token, int, error) {
	body, _, closed := strings.Cut(text[len(quotes):], quotes)
	switch {
	case !closed:
		return token{}, 0, fmt.Errorf("a text does not end")
	case strings.Contains(body, `\`):
		return token{}, 0, fmt.Errorf("a text has an escape")
	case len(quotes) == 1 && strings.Contains(body, "\n"):
		return token{}, 0, fmt.Errorf("a text goes over the line's end")
	}
	return token{text: body, quoted: quotes[0]}, len(body) + 2*len(quotes), nil
}

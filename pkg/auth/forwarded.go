package auth

import (
	"strings"

	"github.com/redim-tools/redim/pkg/pam"
)

// maxForwarded bounds all lines of the header together. What it quotes can hold
// commas, so it has to be read from its beginning.
const maxForwarded = 8 << 10

// forwardedNodes reads the nodes that Forwarded (RFC 7239) says something is
// for, one for each element; the empty one for an element that does not say it.
// It is strict: a quote that somebody left open before us must not swallow what
// a proxy has added.
func forwardedNodes(values []string) ([]string, error) {
	total := 0
	var nodes []string
	for _, v := range values {
		if total += len(v); total > maxForwarded {
			return nil, malformed("it has more than %d bytes", maxForwarded)
		}
		p := forwardedParser{rest: v}
		if err := p.elements(&nodes); err != nil {
			return nil, err
		}
	}
	return nodes, nil
}

func malformed(format string, args ...any) error { return pam.Failf(pam.ErrDenied, format, args...) }

type forwardedParser struct{ rest string }

func (p *forwardedParser) elements(nodes *[]string) error {
	for {
		p.blanks()
		if !p.comma() && p.rest != "" {
			node, err := p.element()
			if err != nil {
				return err
			}
			*nodes = append(*nodes, node)
			p.blanks()
			if p.rest != "" && !p.comma() {
				return malformed("something stands behind an element")
			}
		}
		if p.rest == "" {
			return nil
		}
	}
}

func (p *forwardedParser) blanks() { p.rest = strings.TrimLeft(p.rest, " \t") }

func (p *forwardedParser) comma() bool {
	rest, ok := strings.CutPrefix(p.rest, ",")
	p.rest = rest
	return ok
}

// element reads pairs with semicolons between.
func (p *forwardedParser) element() (string, error) {
	node, seen := "", false
	for {
		name, value, err := p.pair()
		if err != nil {
			return "", err
		}
		if strings.EqualFold(name, "for") {
			if seen {
				return "", malformed("an element is for two")
			}
			node, seen = value, true
		}
		rest, more := strings.CutPrefix(p.rest, ";")
		if !more {
			return node, nil
		}
		p.rest = rest
	}
}

func (p *forwardedParser) pair() (name, value string, err error) {
	if name = p.token(); name == "" {
		return "", "", malformed("a pair has no name")
	}
	rest, ok := strings.CutPrefix(p.rest, "=")
	if !ok {
		return "", "", malformed("a pair has no value")
	}
	p.rest = rest
	if strings.HasPrefix(rest, `"`) {
		value, err = p.quoted()
		return name, value, err
	}
	if value = p.token(); value == "" {
		return "", "", malformed("a value is empty")
	}
	return name, value, nil
}

func (p *forwardedParser) token() string {
	n := strings.IndexFunc(p.rest, func(r rune) bool { return !isTokenRune(r) })
	if n < 0 {
		n = len(p.rest)
	}
	token := p.rest[:n]
	p.rest = p.rest[n:]
	return token
}

func isTokenRune(r rune) bool {
	return r > ' ' && r < 0x7f && !strings.ContainsRune(`"(),/:;<=>?@[\]{}`, r)
}

// quoted reads a quoted string with its escapes.
func (p *forwardedParser) quoted() (string, error) {
	var out strings.Builder
	for i := 1; i < len(p.rest); i++ {
		switch c := p.rest[i]; {
		case c == '"':
			p.rest = p.rest[i+1:]
			return out.String(), nil
		case c == '\\' && i+1 < len(p.rest):
			i++
			out.WriteByte(p.rest[i])
		case c < ' ' && c != '\t' || c == 0x7f || c == '\\':
			return "", malformed("a quoted value holds a control character")
		default:
			out.WriteByte(c)
		}
	}
	return "", malformed("a quote is left open")
}

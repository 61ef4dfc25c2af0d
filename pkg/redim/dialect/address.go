package dialect

import (
	"fmt"
	"maps"
	"net/http"
	"net/url"
	"slices"
	"strconv"
	"strings"

	"github.com/redim-tools/redim/pkg/secret"
)

func (o *Operation) checkPath() *Wrong {
	if o.Name == "" || strings.ContainsAny(o.Path, "?#\\ ") || strings.Contains(o.Path, "..") || strings.Contains(o.Path, "//") || !printable(o.Path) {
		return o.wrong("path", "path %q is none", o.Path)
	}
	for part := range strings.SplitSeq(o.Path, "/") {
		if name, ok := strings.CutPrefix(part, "$"); ok {
			if wrong := o.checkOpen("path", name); wrong != nil {
				return wrong
			}
		}
	}
	return nil
}

// flat prepares members that are texts or numbers each: a query or headers.
func (o *Operation) flat(line string, tree map[string]any) ([]member, *Wrong) {
	var out []member
	for _, name := range slices.Sorted(maps.Keys(tree)) {
		m := member{name: name}
		text, isText := tree[name].(string)
		param, fill := strings.CutPrefix(text, "$")
		switch value := tree[name].(type) {
		case string, int, bool:
			m.literal = []byte(fmt.Sprint(value))
		default:
			return nil, o.wrong(line+"."+name, "%s: %s is no text", line, name)
		}
		if isText && fill {
			m.param, m.optional = strings.CutSuffix(param, "*")
		}
		if wrong := o.checkFlat(line, m); wrong != nil {
			return nil, wrong
		}
		out = append(out, m)
	}
	return out, nil
}

func (o *Operation) checkFlat(line string, m member) *Wrong {
	if line == "header" && !headerName(m.name) {
		return o.wrong(line, "header: %q is not a name that may be set", m.name)
	}
	if !printable(string(m.literal)) {
		return o.wrong(line, "%s: %s holds a control character", line, m.name)
	}
	switch {
	case m.param == "":
		return nil
	case line == "header" && m.param == "token":
		return o.checkParam(line, m.param)
	}
	return o.checkOpen(line, m.param)
}

// headerName reports whether an operation may set a header of that name: a
// plain word that is not the business of the connection.
func headerName(name string) bool {
	plain := strings.Trim(strings.ToLower(name), "abcdefghijklmnopqrstuvwxyz0123456789-_") == ""
	switch http.CanonicalHeaderKey(name) {
	case "Host", "Connection", "Keep-Alive", "Content-Length", "Content-Type", "Transfer-Encoding", "Te", "Trailer", "Upgrade", "Expect",
		"Cookie", "Authorization", "Proxy-Authorization", "Proxy-Connection", "Accept-Encoding", "User-Agent", "":
		return false
	}
	return plain
}

func printable(text string) bool {
	return !strings.ContainsFunc(text, func(r rune) bool { return r < ' ' || r == 0x7f })
}

// Address returns the path, below the dialect's base or with a / in front
// below the web application, and the query; both are escaped. ErrUsage when a
// value can't stand in a path.
func (o *Operation) Address(p Params) (path, query string, err error) {
	parts := strings.Split(o.Path, "/")
	for i, part := range parts {
		name, ok := strings.CutPrefix(part, "$")
		if !ok {
			continue
		}
		value := plainText(p[name])
		if value == "" || value == "." || value == ".." {
			return "", "", o.wrong("path", "path: %q can't stand for $%s", value, name).failure()
		}
		parts[i] = url.PathEscape(value)
	}
	var pairs []string
	for _, m := range o.query {
		value := string(m.literal)
		if m.param != "" {
			value = plainText(p[m.param])
		}
		if value != "" || !m.optional {
			pairs = append(pairs, escapeQuery(m.name)+"="+escapeQuery(value))
		}
	}
	return strings.Join(parts, "/"), strings.Join(pairs, "&"), nil
}

// escapeQuery writes a blank as %20, which every reader takes for one.
func escapeQuery(text string) string { return strings.ReplaceAll(url.QueryEscape(text), "+", "%20") }

func plainText(value any) string {
	switch v := value.(type) {
	case string:
		return v
	case int64:
		return strconv.FormatInt(v, 10)
	}
	return ""
}

// SetHeaders adds the operation's headers. One may hold the token, which can't
// be wiped from there. ErrProtocol when a value can't stand in a header.
func (o *Operation) SetHeaders(p Params, h http.Header) error {
	for _, m := range o.header {
		value := string(m.literal)
		switch v := p[m.param].(type) {
		case secret.Value:
			_ = v.Reveal(func(b []byte) error { value = string(b); return nil })
		case string, int64:
			value = plainText(v)
		}
		switch {
		case !printable(value):
			return o.unfit(m)
		case value != "" || !m.optional:
			h[m.name] = []string{value} // the service's own spelling
		}
	}
	return nil
}

package redimtest

import (
	"fmt"
	"html"
	"maps"
	"net/http"
	"slices"
	"strings"
	"time"
)

// helpPage is an interface's own description: one page that lists the
// operations of this installation, and one for each with a sample request.
func (s *Server) helpPage(r *http.Request, there addresses, base, rest string) reply {
	switch {
	case !s.help:
		return notFound()
	case r.Method != http.MethodGet && r.Method != http.MethodHead:
		return wrongMethod("GET, HEAD")
	}
	if strings.EqualFold(rest, "help") {
		return helpList(base, there)
	}
	name, ok := cutPrefixFold(rest, "help/operations/")
	for _, key := range slices.Sorted(maps.Keys(there)) {
		for _, a := range there[key] {
			if ok && strings.EqualFold(a.helpName(), name) {
				return helpOperation(base, a)
			}
		}
	}
	return notFound()
}

func cutPrefixFold(text, front string) (string, bool) {
	if len(text) < len(front) || !strings.EqualFold(text[:len(front)], front) {
		return text, false
	}
	return text[len(front):], true
}

// helpName names the page of one operation: it has no slash, whatever the
// address.
func (a address) helpName() string { return strings.ReplaceAll(a.name, "/", "") }

// helpList has one row for each operation; those at one address share its cell.
func helpList(base string, there addresses) reply {
	var b strings.Builder
	b.WriteString("<p>These operations are offered at this address.</p>\n<table>\n<tr><th>Uri</th><th>Method</th><th>Description</th></tr>\n")
	for _, key := range slices.Sorted(maps.Keys(there)) {
		span := ""
		if n := len(there[key]); n > 1 {
			span = fmt.Sprintf(` rowspan="%d"`, n)
		}
		for i, a := range there[key] {
			uri := html.EscapeString(a.template())
			b.WriteString("<tr>")
			if i == 0 {
				b.WriteString("<td" + span + ` title="` + html.EscapeString(base) + "/" + uri + `">` + uri + "</td>")
			}
			b.WriteString(`<td title="` + html.EscapeString(base) + "/" + uri + `"><a rel="operation" href="help/operations/` + html.EscapeString(a.helpName()) + `">` + a.method + "</a></td>" +
				"<td>Service at " + html.EscapeString(base) + "/" + uri + "</td></tr>\n")
		}
	}
	b.WriteString("</table>\n")
	return htmlReply(http.StatusOK, "Operations at "+base, b.String())
}

func helpOperation(base string, a address) reply {
	text := "<p><b>Url:</b> " + html.EscapeString(base+"/"+a.template()) + "</p>\n<p><b>HTTP Method:</b> " + a.method + "</p>\n"
	if a.method != http.MethodGet {
		sample := string(appendJSON(nil, sampleOf(a.op.shape())))
		text += "<p>A sample of the request in JSON:</p>\n<pre>" + html.EscapeString(sample) + "</pre>\n"
	}
	return htmlReply(http.StatusOK, a.path, text)
}

// sampleOf is a value of a shape, with the values that the framework's own
// help pages are known to show.
func sampleOf(s shape) any {
	switch s.kind {
	case kindString:
		return "String content"
	case kindNumber:
		return 2147483647
	case kindBool:
		return true
	case kindDate:
		return time.UnixMilli(928174800000).In(time.FixedZone("", -7*3600))
	case kindList:
		return []any{}
	}
	o := object{}
	for _, f := range s.members {
		o = append(o, member{f.name, sampleOf(f.shape)})
	}
	return o
}

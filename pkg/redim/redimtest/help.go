package redimtest

import (
	"html"
	"maps"
	"net/http"
	"slices"
	"strings"
	"time"
)

// helpPage is the service's own description: one page that lists the
// operations of this installation, and one for each with a sample request.
func (s *Server) helpPage(r *http.Request, d dialect, base, rest string) reply {
	switch {
	case !s.help:
		return notFound()
	case r.Method != http.MethodGet && r.Method != http.MethodHead:
		return wrongMethod("GET, HEAD")
	}
	if strings.EqualFold(rest, "help") {
		return s.helpList(base, d)
	}
	name, ok := cutPrefixFold(rest, "help/operations/")
	op := s.operations[strings.ToLower(name)]
	if !ok || op == nil {
		return notFound()
	}
	return helpOperation(base, d, wireName(s.renamed, op.name), op)
}

func cutPrefixFold(text, front string) (string, bool) {
	if len(text) < len(front) || !strings.EqualFold(text[:len(front)], front) {
		return text, false
	}
	return text[len(front):], true
}

func (s *Server) helpList(base string, d dialect) reply {
	var b strings.Builder
	b.WriteString("<p>These operations are offered at this address.</p>\n<table>\n<tr><th>Uri</th><th>Method</th><th>Description</th></tr>\n")
	for _, key := range slices.Sorted(maps.Keys(s.operations)) {
		name := html.EscapeString(wireName(s.renamed, s.operations[key].name))
		b.WriteString("<tr><td>" + name + `</td><td><a rel="operation" href="help/operations/` + name + `">` + d.method + "</a></td>" +
			"<td>Service at " + html.EscapeString(base) + "/" + name + "</td></tr>\n")
	}
	b.WriteString("</table>\n")
	return htmlReply(http.StatusOK, "Operations at "+base, b.String())
}

func helpOperation(base string, d dialect, name string, op *operation) reply {
	sample := string(appendJSON(nil, sampleOf(op.shape())))
	return htmlReply(http.StatusOK, name, "<p><b>Url:</b> "+html.EscapeString(base+"/"+name)+"</p>\n<p><b>HTTP Method:</b> "+d.method+"</p>\n"+
		"<p>A sample of the request in JSON:</p>\n<pre>"+html.EscapeString(sample)+"</pre>\n")
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

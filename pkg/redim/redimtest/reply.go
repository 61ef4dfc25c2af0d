package redimtest

import (
	"bytes"
	"html/template"
	"net/http"
	"strconv"
)

const (
	typeJSON = "application/json; charset=utf-8"
	typeHTML = "text/html; charset=UTF-8"
)

// reply is one answer. An empty contentType goes with an empty body.
type reply struct {
	status      int
	contentType string
	body        []byte
	header      http.Header // more of them; may be nil
}

// void is the value of an operation that answers nothing.
type void struct{}

func jsonReply(status int, v any) reply {
	if _, ok := v.(void); ok || v == nil {
		return reply{status: status}
	}
	return reply{status: status, contentType: typeJSON, body: appendJSON(nil, v)}
}

// requestError is the framework's page for a message that it does not accept.
func requestError(why string) reply {
	return page(http.StatusBadRequest, "Request Error", "The server could not work with this request: "+why+". The server log may tell more.")
}

func notFound() reply {
	return page(http.StatusNotFound, "Service", "Endpoint not found.")
}

func wrongMethod(allow string) reply {
	r := page(http.StatusMethodNotAllowed, "Service", "Method not allowed.")
	r.header = http.Header{"Allow": {allow}}
	return r
}

const pageText = `<!DOCTYPE html>
<html>
<head><title>{{.Title}}</title></head>
<body>
<h1>{{.Title}}</h1>
<p>{{.Text}}</p>
</body>
</html>
`

func page(status int, title, text string) reply {
	var b bytes.Buffer
	t := template.Must(template.New("page").Parse(pageText))
	_ = t.Execute(&b, struct{ Title, Text string }{title, text}) // a buffer takes everything
	return reply{status: status, contentType: typeHTML, body: b.Bytes()}
}

// send writes the answer with its exact length.
func (r reply) send(w http.ResponseWriter) {
	r.sendHeader(w)
	_, _ = w.Write(r.body) // a client that went away needs no answer
}

func (r reply) sendHeader(w http.ResponseWriter) {
	h := w.Header()
	for name, values := range r.header {
		h[name] = values
	}
	h["Content-Type"] = nil // keeps the server from guessing one
	if r.contentType != "" {
		h.Set("Content-Type", r.contentType)
	}
	h.Set("Content-Length", strconv.Itoa(len(r.body)))
	w.WriteHeader(r.status)
}

package redimtest

import (
	"html"
	"maps"
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

// page is one of the service's HTML answers.
func page(status int, title, text string) reply {
	return htmlReply(status, title, "<p>"+html.EscapeString(text)+"</p>\n")
}

// htmlReply makes a page of a body that is HTML already.
func htmlReply(status int, title, body string) reply {
	title = html.EscapeString(title)
	text := "<!DOCTYPE html>\n<html>\n<head><title>" + title + "</title></head>\n<body>\n<h1>" + title + "</h1>\n" + body + "</body>\n</html>\n"
	return reply{status: status, contentType: typeHTML, body: []byte(text)}
}

// send writes the answer with its exact length.
func (r reply) send(w http.ResponseWriter) {
	r.sendHeader(w)
	_, _ = w.Write(r.body) // a client that went away needs no answer
}

func (r reply) sendHeader(w http.ResponseWriter) {
	h := w.Header()
	maps.Copy(h, r.header)
	h["Content-Type"] = nil // keeps the server from guessing one
	if r.contentType != "" {
		h.Set("Content-Type", r.contentType)
	}
	h.Set("Content-Length", strconv.Itoa(len(r.body)))
	w.WriteHeader(r.status)
}

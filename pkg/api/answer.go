package api

import (
	"bytes"
	"encoding/base64"
	"encoding/json"
	"math"
	"net/http"
	"slices"
	"strconv"
	"unicode/utf8"

	"github.com/redim-tools/redim/pkg/secret"
)

// answer writes a document.
func (c *call) answer(status int, doc any) error {
	body, err := marshal(doc)
	if err != nil {
		return err
	}
	c.write(status, "application/json", body)
	return nil
}

// withSecret writes a document, as marshal makes it, with a secret as its last
// members, and leaves no copy of its own behind.
func (c *call) withSecret(status int, body []byte, name string, v secret.Value) {
	body = bytes.TrimSuffix(body, []byte("}\n"))
	body = slices.Grow(body, 6*v.Len()+len(name)+64) // so that no append leaves a copy of the secret behind
	_ = v.Reveal(func(b []byte) error {
		body = appendSecret(body, name, b)
		return nil
	})
	body = append(body, "}\n"...)
	c.write(status, "application/json", body)
	clear(body)
}

// appendSecret adds a member with a secret. One that is no text is in base64, and
// encoding tells.
func appendSecret(body []byte, name string, b []byte) []byte {
	body = append(append(append(body, `,"`...), name...), `":"`...)
	encoding := "utf-8"
	if utf8.Valid(b) {
		body = appendText(body, b)
	} else {
		body, encoding = base64.StdEncoding.AppendEncode(body, b), "base64"
	}
	return append(append(append(body, `","encoding":"`...), encoding...), '"')
}

// appendText adds valid UTF-8 as the inside of a JSON string.
func appendText(body, text []byte) []byte {
	const hex = "0123456789abcdef"
	for _, b := range text {
		switch {
		case b == '"' || b == '\\':
			body = append(body, '\\', b)
		case b < ' ' || b == 0x7f:
			body = append(body, '\\', 'u', '0', '0', hex[b>>4], hex[b&15])
		default:
			body = append(body, b)
		}
	}
	return body
}

// marshal is a document as it is sent. The one that most calls are answered with
// writes itself.
func marshal(doc any) ([]byte, error) {
	if d, ok := doc.(checkoutDoc); ok {
		return d.marshal(), nil
	}
	var b bytes.Buffer
	e := json.NewEncoder(&b)
	e.SetEscapeHTML(false)
	err := e.Encode(doc)
	return b.Bytes(), err
}

func (c *call) problem(p *problem) {
	told := *p
	told.ID = c.door.Request
	body, _ := marshal(told) // plain texts always marshal
	h := c.w.Header()
	if p.Retry > 0 {
		h.Set("Retry-After", strconv.Itoa(int(math.Ceil(p.Retry.Seconds()))))
	}
	if p.Status == http.StatusUnauthorized && h.Get("WWW-Authenticate") == "" {
		h.Set("WWW-Authenticate", `Bearer realm="vault"`)
	}
	if p.Code == errStopping.Code || p.Status == http.StatusRequestEntityTooLarge || p.Status == http.StatusRequestTimeout {
		h.Set("Connection", "close")
	}
	c.write(p.Status, "application/problem+json", body)
}

func (c *call) write(status int, contentType string, body []byte) {
	c.reading()
	h := c.w.Header()
	v := [...]string{contentType, strconv.Itoa(len(body))}
	h["Content-Type"] = v[0:1:1]
	h["Content-Length"] = v[1:2:2]
	c.status = status
	c.w.WriteHeader(status)
	if _, err := c.w.Write(body); err != nil {
		c.see("unsent", err.Error())
	}
}

func (c *call) nothing() error {
	c.reading()
	c.status = http.StatusNoContent
	c.w.WriteHeader(http.StatusNoContent)
	return nil
}

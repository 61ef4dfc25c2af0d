package api

import (
	"bytes"
	"encoding/json"
	"errors"
	"io"
	"mime"
	"net/http"
	"net/url"
	"os"
	"slices"
	"strconv"
	"strings"
	"unicode/utf8"

	"github.com/redim-tools/redim/pkg/secret"
	"github.com/redim-tools/redim/pkg/vault"
)

// maxBody is the most that a body may hold, in bytes.
const maxBody = 64 << 10

// members are those that a body may have.
type members []member

// member is one of them, and where its value goes: to a *string, a *secret.Value or
// a *json.Number.
type member struct {
	name string
	into any
	seen bool
}

// body reads the JSON object of a call. Members of other names, members that
// are there twice, values of another type and null are refused; so is what
// follows the object. The names in needed must be there.
func (c *call) body(into members, needed ...string) error {
	text, err := c.text()
	if err != nil {
		return err
	}
	defer clear(text)
	return parseObject(text, into, needed)
}

// noBody refuses a body with anything in it.
func (c *call) noBody() error {
	text, err := c.text()
	if err != nil || len(text) == 0 {
		return err
	}
	return parseObject(text, members{}, nil)
}

// text reads the body. An empty one needs no type.
func (c *call) text() ([]byte, error) {
	text, err := readAll(c.r.Body, c.r.ContentLength)
	if _, large := errors.AsType[*http.MaxBytesError](err); large {
		return nil, errTooLarge
	}
	if errors.Is(err, os.ErrDeadlineExceeded) {
		return nil, errSlow
	}
	if err != nil {
		c.see("error", err.Error())
		return nil, errMalformed.with("the body ended early")
	}
	if len(text) == 0 {
		return nil, nil
	}
	types := c.r.Header["Content-Type"]
	if len(types) != 1 || !isJSON(types[0]) || c.r.Header.Get("Content-Encoding") != "" {
		return nil, errMedia
	}
	return text, nil
}

// readAll reads what is expected to be so long, or of no known length: -1.
func readAll(from io.Reader, expected int64) ([]byte, error) {
	const most = 4 << 10 // is had before any of it has come
	text := make([]byte, 0, min(max(expected, 0), most)+1)
	for {
		n, err := from.Read(text[len(text):cap(text)])
		text = text[:len(text)+n]
		if errors.Is(err, io.EOF) {
			return text, nil
		}
		if err != nil {
			return text, err
		}
		if len(text) == cap(text) {
			text = slices.Grow(text, 512)
		}
	}
}

// isJSON reports whether a media type is JSON in UTF-8.
func isJSON(media string) bool {
	if media == "application/json" {
		return true
	}
	kind, params, err := mime.ParseMediaType(media)
	charset, given := params["charset"]
	return err == nil && kind == "application/json" && (!given || strings.EqualFold(charset, "utf-8"))
}

// parseObject reads one object of plain members.
func parseObject(text []byte, into members, needed []string) error {
	if !utf8.Valid(text) {
		return errMalformed.with("the body is not UTF-8")
	}
	if err := parsePlain(text, into); err != nil {
		return err
	}
	for _, name := range needed {
		if m := into.named(name); m == nil || !m.seen {
			return errMalformed.with("the member " + name + " is missing")
		}
	}
	return nil
}

// parsePlain reads the members.
func parsePlain(text []byte, into members) error {
	all, ok := plainMembers(text, make([]plainMember, 0, 8))
	if !ok {
		return parseAny(text, into)
	}
	for _, m := range all {
		to, err := into.admit(string(m.name))
		if err != nil {
			return err
		}
		if err := to.setPlain(m.value); err != nil {
			return err
		}
	}
	return nil
}

// parseAny reads the members of whatever the body is.
func parseAny(text []byte, into members) error {
	d := json.NewDecoder(bytes.NewReader(text))
	d.UseNumber()
	if t, err := d.Token(); err != nil || t != json.Delim('{') {
		return errMalformed.with("the body is no JSON object")
	}
	for d.More() {
		if err := parseMember(d, into); err != nil {
			return err
		}
	}
	if _, err := d.Token(); err != nil {
		return errMalformed.with("the object has no end")
	}
	if _, err := d.Token(); !errors.Is(err, io.EOF) {
		return errMalformed.with("something follows the object")
	}
	return nil
}

// parseMember reads a name and its value.
func parseMember(d *json.Decoder, into members) error {
	t, err := d.Token()
	name, ok := t.(string)
	if err != nil || !ok {
		return errMalformed.with("the body is no JSON")
	}
	to, err := into.admit(name)
	if err != nil {
		return err
	}
	var raw json.RawMessage
	if err := d.Decode(&raw); err != nil {
		return errMalformed.with("the body is no JSON")
	}
	defer clear(raw)
	return to.set(raw)
}

// named is the member of a name, or nil.
func (m members) named(name string) *member {
	for n := range m {
		if m[n].name == name {
			return &m[n]
		}
	}
	return nil
}

// admit finds where a member goes, and refuses one of another name and one that was
// there. The details name no text of the caller's but the names that the call has.
func (m members) admit(name string) (*member, error) {
	to := m.named(name)
	if to == nil {
		return nil, errMalformed.with("there is a member that this call does not have; it has " + names(m))
	}
	if to.seen {
		return nil, errMalformed.with("the member " + to.name + " is there twice")
	}
	to.seen = true
	return to, nil
}

// set takes a value as it is written in JSON.
func (m *member) set(raw []byte) error {
	_, number := m.into.(*json.Number)
	if isNumber := raw[0] == '-' || raw[0] >= '0' && raw[0] <= '9'; number != isNumber || !number && raw[0] != '"' || json.Unmarshal(raw, m.into) != nil {
		return m.otherType()
	}
	return nil
}

// setPlain takes a text without escapes, or a number, as it is written in JSON.
func (m *member) setPlain(raw []byte) error {
	into, number := m.into.(*json.Number)
	if text := raw[0] == '"'; number == text {
		return m.otherType()
	}
	if number {
		*into = json.Number(raw)
		return nil
	}
	inside := raw[1 : len(raw)-1]
	switch into := m.into.(type) {
	case *string:
		*into = string(inside)
	case *secret.Value:
		*into = secret.New(bytes.Clone(inside))
	}
	return nil
}

func (m *member) otherType() error {
	return errMalformed.with("the member " + m.name + " is of another type")
}

func names(of members) string {
	if len(of) == 0 {
		return "none"
	}
	out := make([]string, 0, len(of))
	for _, m := range of {
		out = append(out, m.name)
	}
	slices.Sort(out)
	return strings.Join(out, ", ")
}

// query reads the parameters of a call. Others than those, and those that are
// there twice, are refused.
func (c *call) query(known ...string) (map[string]string, error) {
	out := map[string]string{}
	if len(c.r.URL.RawQuery) > 4096 {
		return nil, errInvalid.with("the query is too long")
	}
	values, err := url.ParseQuery(c.r.URL.RawQuery)
	if err != nil {
		return nil, errInvalid.with("the query can't be read")
	}
	for name, all := range values {
		switch {
		case !slices.Contains(known, name):
			return nil, errInvalid.with("there is a parameter that this call does not have; it has " + strings.Join(append(known, ""), " "))
		case len(all) > 1:
			return nil, errInvalid.with("the parameter " + name + " is there twice")
		case !utf8.ValidString(all[0]):
			return nil, errInvalid.with("the parameter " + name + " is not UTF-8")
		}
		out[name] = all[0]
	}
	return out, nil
}

// idempotencyKey is the key of a call; empty: it has none. It may stand in
// quotation marks, as drafts of the header have it.
func (c *call) idempotencyKey() (string, error) {
	values := c.r.Header["Idempotency-Key"]
	if len(values) == 0 {
		return "", nil
	}
	key := values[0]
	if len(key) > 1 && key[0] == '"' && key[len(key)-1] == '"' {
		key = key[1 : len(key)-1]
	}
	if len(values) > 1 || key == "" || len(key) > 255 || strings.ContainsFunc(key, func(r rune) bool { return r <= ' ' || r > '~' }) {
		return "", errInvalid.with("Idempotency-Key takes 1 to 255 visible ASCII characters, once")
	}
	return key, nil
}

// pageOf reads the parameters that lists share.
func pageOf(q map[string]string) (vault.Paging, error) {
	if q["limit"] == "" {
		return vault.Paging{}, nil
	}
	n, err := strconv.Atoi(q["limit"])
	if err != nil || n < 1 || n > vault.MaxPage {
		return vault.Paging{}, errInvalid.with("limit takes 1 to 1000")
	}
	return vault.Paging{Limit: n}, nil
}

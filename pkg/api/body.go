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

	"github.com/redim-tools/redim/pkg/vault"
)

// maxBody is the most that a body may hold, in bytes.
const maxBody = 64 << 10

// members are those that a body may have, and where their values go: to a
// *string, a *secret.Value or a *json.Number.
type members map[string]any

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
	text, err := io.ReadAll(c.r.Body)
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
	kind, params, err := mime.ParseMediaType(c.r.Header.Get("Content-Type"))
	charset, given := params["charset"]
	if err != nil || kind != "application/json" || len(c.r.Header.Values("Content-Type")) != 1 || given && !strings.EqualFold(charset, "utf-8") ||
		c.r.Header.Get("Content-Encoding") != "" {
		return nil, errMedia
	}
	return text, nil
}

// parseObject reads one object of plain members.
func parseObject(text []byte, into members, needed []string) error {
	if !utf8.Valid(text) {
		return errMalformed.with("the body is not UTF-8")
	}
	seen, err := parsePlain(text, into)
	if err != nil {
		return err
	}
	for _, name := range needed {
		if !slices.Contains(seen, name) {
			return errMalformed.with("the member " + name + " is missing")
		}
	}
	return nil
}

// parsePlain reads the members, and returns their names.
func parsePlain(text []byte, into members) (seen []string, err error) {
	all, ok := plainMembers(text)
	if !ok {
		return parseAny(text, into)
	}
	for _, m := range all {
		name := string(m.name)
		if err := into.admits(name, seen); err != nil {
			return nil, err
		}
		if err := into.set(name, m.value); err != nil {
			return nil, err
		}
		seen = append(seen, name)
	}
	return seen, nil
}

// parseAny reads the members of whatever the body is.
func parseAny(text []byte, into members) (seen []string, err error) {
	d := json.NewDecoder(bytes.NewReader(text))
	d.UseNumber()
	if t, err := d.Token(); err != nil || t != json.Delim('{') {
		return nil, errMalformed.with("the body is no JSON object")
	}
	for d.More() {
		name, err := parseMember(d, into, seen)
		if err != nil {
			return nil, err
		}
		seen = append(seen, name)
	}
	if _, err := d.Token(); err != nil {
		return nil, errMalformed.with("the object has no end")
	}
	if _, err := d.Token(); !errors.Is(err, io.EOF) {
		return nil, errMalformed.with("something follows the object")
	}
	return seen, nil
}

// parseMember reads a name and its value.
func parseMember(d *json.Decoder, into members, seen []string) (string, error) {
	t, err := d.Token()
	name, ok := t.(string)
	if err != nil || !ok {
		return "", errMalformed.with("the body is no JSON")
	}
	if err := into.admits(name, seen); err != nil {
		return "", err
	}
	var raw json.RawMessage
	if err := d.Decode(&raw); err != nil {
		return "", errMalformed.with("the body is no JSON")
	}
	defer clear(raw)
	return name, into.set(name, raw)
}

// admits refuses a name that the call does not have, and one that was there. The
// details name no text of the caller's but the names that the call has.
func (m members) admits(name string, seen []string) error {
	if _, known := m[name]; !known {
		return errMalformed.with("there is a member that this call does not have; it has " + names(m))
	}
	if slices.Contains(seen, name) {
		return errMalformed.with("the member " + name + " is there twice")
	}
	return nil
}

// set takes a value as it is written in JSON.
func (m members) set(name string, raw []byte) error {
	_, number := m[name].(*json.Number)
	if isNumber := raw[0] == '-' || raw[0] >= '0' && raw[0] <= '9'; number != isNumber || !number && raw[0] != '"' || json.Unmarshal(raw, m[name]) != nil {
		return errMalformed.with("the member " + name + " is of another type")
	}
	return nil
}

func names(of members) string {
	if len(of) == 0 {
		return "none"
	}
	out := make([]string, 0, len(of))
	for name := range of {
		out = append(out, name)
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
	values := c.r.Header.Values("Idempotency-Key")
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

package redim

import (
	"html"
	"strings"
	"unicode"
)

// offer is one operation on a help page.
type offer struct {
	name   string // of the page that describes it
	method string // empty when the page does not say
	uri    string // below the interface, without a query
}

// What is more, or longer, is no page of the framework's.
const (
	maxOffers = 5000
	maxWord   = 300
)

const operationLink = "help/operations/"

// helpOffers reads the framework's list of operations: a table with a row for
// each, whose link leads to the operation's own page. Operations at one address
// share its cell. The page is not trusted to be one.
func helpOffers(page string) []offer {
	var all []offer
	uri := ""
	_, rows, _ := strings.Cut(page, "<tr")
	for row := range strings.SplitSeq(rows, "<tr") {
		at := strings.Index(row, operationLink)
		if at < 0 {
			continue
		}
		if cell, ok := firstCell(row[:at]); ok {
			uri, _, _ = strings.Cut(strings.Trim(cell, "/"), "?")
		}
		o := offer{name: linkName(row[at:]), method: linkText(row[at:]), uri: uri}
		if o.uri == "" {
			o.uri = o.name
		}
		if o.name != "" && len(o.uri) <= maxWord && len(all) < maxOffers {
			all = append(all, o)
		}
	}
	return all
}

// firstCell is the text of a row's first cell, unless that holds the link.
func firstCell(row string) (string, bool) {
	_, rest, ok := strings.Cut(row, "<td")
	_, rest, open := strings.Cut(rest, ">")
	text, _, closed := strings.Cut(rest, "</td")
	return strings.TrimSpace(html.UnescapeString(text)), ok && open && closed
}

// linkName is the operation that a link leads to.
func linkName(link string) string {
	name := strings.TrimPrefix(link, operationLink)
	if end := strings.IndexFunc(name, notInName); end >= 0 {
		name = name[:end]
	}
	return name[:min(len(name), maxWord)]
}

func notInName(r rune) bool { return r != '_' && !unicode.IsLetter(r) && !unicode.IsDigit(r) }

// linkText is what a person clicks on: the method.
func linkText(link string) string {
	_, text, _ := strings.Cut(link, ">")
	text, _, _ = strings.Cut(text, "<")
	if text = strings.ToUpper(strings.TrimSpace(text)); len(text) > 10 || strings.ContainsFunc(text, notInName) {
		return ""
	}
	return text
}

// samePlace compares paths without regard to case. What is filled in is the
// same as anything.
func samePlace(path, uri string) bool {
	a, b := strings.Split(path, "/"), strings.Split(uri, "/")
	if len(a) != len(b) {
		return false
	}
	for i := range a {
		if !strings.HasPrefix(a[i], "$") && !strings.HasPrefix(b[i], "{") && !strings.EqualFold(a[i], b[i]) {
			return false
		}
	}
	return true
}

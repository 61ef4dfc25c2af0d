package vault

import (
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"slices"
	"strings"
	"time"
	"unicode"

	"github.com/redim-tools/redim/pkg/audit"
	"github.com/redim-tools/redim/pkg/pam"
)

// ParseTri reads yes, no or both; empty is both.
func ParseTri(text string) (Tri, error) {
	switch Fold(strings.TrimSpace(text)) {
	case "yes", "true", "on":
		return Yes, nil
	case "no", "false", "off":
		return No, nil
	case "", "both":
		return Both, nil
	}
	return Both, pam.Failf(pam.ErrUsage, "%q is neither yes nor no nor both", text).WithHint("write yes, no or both")
}

// ParseAuth reads windows or application; both and empty are no choice.
func ParseAuth(text string) (AuthType, error) {
	switch a := AuthType(Fold(strings.TrimSpace(text))); a {
	case AuthApplication, AuthWindows:
		return a, nil
	case "", "both":
		return "", nil
	}
	return "", pam.Failf(pam.ErrUsage, "authentication %q is not known", text).WithHint("choose windows, application or both")
}

// ParseWords takes a text apart into words as descriptions are searched by.
func ParseWords(text string) ([]string, error) {
	if err := checkWords("search text", text, maxDescription); err != nil {
		return nil, err
	}
	words := strings.FieldsFunc(Fold(text), func(r rune) bool { return !isWordRune(r) })
	slices.Sort(words)
	return slices.Compact(words), nil
}

func isWordRune(r rune) bool { return unicode.IsLetter(r) || unicode.IsDigit(r) || unicode.IsMark(r) }

// HasWords reports whether each word begins a word of text. It is what a store
// must find, in whatever way.
func HasWords(text string, words []string) bool {
	have := strings.FieldsFunc(Fold(text), func(r rune) bool { return !isWordRune(r) })
	for _, w := range words {
		if !slices.ContainsFunc(have, func(h string) bool { return strings.HasPrefix(h, w) }) {
			return false
		}
	}
	return true
}

// Fits reports whether an integration is one that is searched for.
func (c IntegrationCriteria) Fits(i Integration) bool {
	return c.Name.Fits(i.Name) && HasWords(i.Description, c.Words) &&
		(c.Active == Both || (c.Active == Yes) == i.Active) && (c.Auth == "" || c.Auth == i.Auth)
}

// normalise checks limit and cursor, and gives the criteria their digest.
func (p Paging) normalise(cursor string, criteria any) (Paging, error) {
	if p.Limit == 0 {
		p.Limit = DefaultPage
	}
	if p.Limit < 0 || p.Limit > MaxPage {
		return p, pam.Failf(pam.ErrUsage, "a limit of %d is out of bounds", p.Limit).WithHint("give 1 to %d; the cursor leads to the rest", MaxPage)
	}
	text, err := json.Marshal(criteria)
	if err != nil {
		return p, pam.Failf(pam.ErrOther, "search criteria: %w", err)
	}
	sum := sha256.Sum256(text)
	p.Digest = hex.EncodeToString(sum[:6])
	p.After, err = ParseCursor(cursor, p.Digest)
	return p, err
}

// bare is p without what differs between pages of one search.
func (p Paging) bare() Paging { return Paging{} }

func (c IntegrationCriteria) normalise(cursor string) (IntegrationCriteria, error) {
	switch c.Sort {
	case SortAny, SortName, SortNameDown, SortCreated, SortCreatedDown:
	default:
		return c, pam.Failf(pam.ErrUsage, "order %q is not known", c.Sort).WithHint("sort by name, -name, created or -created")
	}
	bare := c
	bare.Paging = c.bare()
	var err error
	c.Paging, err = c.Paging.normalise(cursor, bare)
	return c, err
}

// checkSpan refuses a span of time that holds nothing.
func checkSpan(since, until time.Time) error {
	if !since.IsZero() && !until.IsZero() && !since.Before(until) {
		return pam.Failf(pam.ErrUsage, "%s is not before %s", timeOrNone(since), timeOrNone(until)).WithHint("give the earlier time as --since")
	}
	return nil
}

func (c EventCriteria) normalise(cursor string) (EventCriteria, error) {
	if err := checkSpan(c.Since, c.Until); err != nil {
		return c, err
	}
	c.Since, c.Until = roundedOrZero(c.Since), roundedOrZero(c.Until)
	c.Integration, c.Credential, c.Actor = Fold(c.Integration), Fold(c.Credential), Fold(c.Actor)
	bare := c
	bare.Paging = c.bare()
	var err error
	c.Paging, err = c.Paging.normalise(cursor, bare)
	return c, err
}

func roundedOrZero(t time.Time) time.Time {
	if t.IsZero() {
		return t
	}
	return audit.Rounded(t)
}

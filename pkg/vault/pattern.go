package vault

import (
	"strings"

	"github.com/redim-tools/redim/pkg/pam"
)

// Match is what a name is compared with: a part of it, or a whole pattern. Both
// are folded. The zero Match fits every name.
type Match struct {
	Part  string   // the name holds it
	Parts []string // the texts between the stars of a pattern; one more than stars
}

// Pattern covers credentials: system/account, where * stands for any text.
type Pattern struct {
	System  string
	Account string
}

// ParsePattern reads system/account. ErrUsage when a part is missing.
func ParsePattern(text string) (Pattern, error) {
	text = strings.TrimSpace(text)
	system, account, both := strings.Cut(text, "/")
	if !both {
		return Pattern{}, pam.Failf(pam.ErrUsage, "pattern %q has no /", text).
			WithHint("write system/account; %s", example(text))
	}
	if strings.TrimSpace(system) == "" || strings.TrimSpace(account) == "" {
		return Pattern{}, pam.Failf(pam.ErrUsage, "pattern %q has an empty part", text).WithHint("write * for any, for example web01/* or */backup")
	}
	if strings.Contains(text, "|") {
		return Pattern{}, pam.Failf(pam.ErrUsage, "pattern %q holds a |", text).WithHint("no system and no account does; give several patterns one by one")
	}
	if err := checkTold("pattern", text, 2*maxPart+1); err != nil {
		return Pattern{}, err
	}
	return Pattern{System: squeeze(system), Account: squeeze(account)}, nil
}

// example is a pattern that one without an account may have been meant for.
func example(system string) string {
	name := strings.TrimRight(system, "*")
	if name == "" {
		return "for every account of every system: */*"
	}
	return "for every account of a system: " + name + "/*"
}

// squeeze makes one star of several, which mean the same.
func squeeze(text string) string {
	parts := strings.Split(strings.TrimSpace(text), "*")
	kept := parts[:1]
	for i, part := range parts[1:] {
		if part != "" || i == len(parts)-2 {
			kept = append(kept, part)
		}
	}
	return strings.Join(kept, "*")
}

// String is the pattern as it is written.
func (p Pattern) String() string { return p.System + "/" + p.Account }

// Covers reports whether the pattern covers a credential. Case does not matter.
func (p Pattern) Covers(system, account string) bool {
	return wild(Fold(p.System), Fold(system)) && wild(Fold(p.Account), Fold(account))
}

// wild compares text with a pattern without ever trying a text twice for one star.
func wild(pattern, text string) bool {
	part, rest, more := strings.Cut(pattern, "*")
	if !more {
		return text == part
	}
	text, ok := strings.CutPrefix(text, part)
	for ok {
		if part, rest, more = strings.Cut(rest, "*"); !more {
			return strings.HasSuffix(text, part)
		}
		_, text, ok = strings.Cut(text, part)
	}
	return false
}

// fits is wild for a pattern that was taken apart.
func fits(parts []string, text string) bool {
	if len(parts) == 1 {
		return text == parts[0]
	}
	rest, ok := strings.CutPrefix(text, parts[0])
	if !ok {
		return false
	}
	last := len(parts) - 1
	for _, part := range parts[1:last] {
		_, after, found := strings.Cut(rest, part)
		if !found {
			return false
		}
		rest = after
	}
	return strings.HasSuffix(rest, parts[last])
}

// IsZero reports whether m fits every name.
func (m Match) IsZero() bool { return m.Part == "" && len(m.Parts) == 0 }

// Fits reports whether a name fits.
func (m Match) Fits(name string) bool {
	folded := Fold(name)
	if len(m.Parts) > 0 {
		return fits(m.Parts, folded)
	}
	return strings.Contains(folded, m.Part)
}

// ParseMatch reads a search word: with a * it is a pattern of the whole name,
// without one a part of it.
func ParseMatch(text string) (Match, error) {
	if err := pam.CheckText("search word", text); err != nil {
		return Match{}, err
	}
	folded := Fold(strings.TrimSpace(text))
	if !strings.Contains(folded, "*") {
		return Match{Part: folded}, nil
	}
	if strings.Trim(folded, "*") == "" {
		return Match{}, nil
	}
	return Match{Parts: strings.Split(folded, "*")}, nil
}

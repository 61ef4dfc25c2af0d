package vault

import (
	"strings"
	"unicode"
	"unicode/utf8"

	"github.com/redim-tools/redim/pkg/pam"
)

// The longest texts, in characters.
const (
	maxName        = 128
	maxDescription = 2000
	maxWords       = 1000 // reason, comment, justification
	maxTicket      = 128
	maxPart        = 256 // system, account
)

// checkName refuses names that are empty, too long, or that can't be told
// apart from others by looking.
func checkName(what, name string) error {
	if strings.TrimSpace(name) == "" {
		return pam.Failf(pam.ErrUsage, "%s is empty", what).WithHint("give it 1 to %d characters", maxName)
	}
	if strings.TrimSpace(name) != name {
		return pam.Failf(pam.ErrUsage, "%s %q begins or ends with a blank", what, name).WithHint("leave the outer blanks out")
	}
	return checkTold(what, name, maxName)
}

// checkTold refuses also the characters that join letters: words of some
// languages need them, but no name can be told by them.
func checkTold(what, name string, longest int) error {
	if printable(name) {
		return checkWords(what, name, longest)
	}
	if i := strings.IndexAny(name, "\u200c\u200d"); i >= 0 {
		r, _ := utf8.DecodeRuneInString(name[i:])
		return unseen(what, name, r, i)
	}
	return checkWords(what, name, longest)
}

// checkWords refuses what must not reach a terminal or a log line.
func checkWords(what, text string, longest int) error {
	if len(text) <= longest && printable(text) {
		return nil
	}
	return checkAny(what, text, longest)
}

// checkAny looks at every character of a text.
func checkAny(what, text string, longest int) error {
	if n := utf8.RuneCountInString(text); n > longest {
		return pam.Failf(pam.ErrUsage, "%s has %d characters", what, n).WithHint("at most %d are kept; shorten it", longest)
	}
	if !utf8.ValidString(text) {
		return pam.Failf(pam.ErrUsage, "%s is no valid UTF-8", what).WithHint("write it in UTF-8")
	}
	for i, r := range text {
		if invisible(r) {
			return unseen(what, text, r, i)
		}
	}
	return nil
}

// printable reports whether all of a text is printable ASCII, in which there is
// nothing to refuse but its length.
func printable(text string) bool {
	for n := range len(text) {
		if text[n] < ' ' || text[n] > '~' {
			return false
		}
	}
	return true
}

func unseen(what, text string, r rune, at int) error {
	return pam.Failf(pam.ErrUsage, "%s %q holds the character %U at byte %d", what, text, r, at).
		WithHint("remove it: control characters, and characters that are not seen or turn the direction of text, are refused")
}

// invisible reports whether a character controls a terminal, turns the
// direction of text, or is not seen at all.
func invisible(r rune) bool {
	switch r {
	case 0x200c, 0x200d:
		return false
	case utf8.RuneError, 0x2028, 0x2029, 0x3164, 0x115f, 0x1160, 0xffa0, 0x00ad, 0x034f:
		return true
	}
	return unicode.Is(unicode.Cc, r) || unicode.Is(unicode.Cf, r) || unicode.Is(unicode.Co, r)
}

// checkPart checks a system or an account, which * and / would make ambiguous.
func checkPart(what, text, forbidden string) error {
	if strings.TrimSpace(text) == "" {
		return pam.Failf(pam.ErrUsage, "%s is empty", what).WithHint("name a credential as system/account")
	}
	if strings.ContainsAny(text, forbidden) || strings.TrimSpace(text) != text {
		return pam.Failf(pam.ErrUsage, "%s %q holds an outer blank or one of %s", what, text, forbidden).WithHint("write it as the system itself does")
	}
	return checkTold(what, text, maxPart)
}

package pam

import (
	"strings"
	"unicode/utf8"
)

// Identity is a RED IM identity: a name, and the domain (authenticator) it
// belongs to. An empty Domain means an explicit account of the product itself.
type Identity struct {
	Domain string
	Name   string
}

// String writes the identity as RED IM does: DOMAIN\name, or the bare name.
func (i Identity) String() string {
	if i.Domain == "" {
		return i.Name
	}
	return i.Domain + `\` + i.Name
}

// Equal reports whether both name the same identity; case does not matter.
func (i Identity) Equal(o Identity) bool { return i == o || i.Fold() == o.Fold() }

// Fold returns the identity in one spelling, fit for a map key.
func (i Identity) Fold() Identity {
	return Identity{Domain: strings.ToLower(i.Domain), Name: strings.ToLower(i.Name)}
}

// ParseUser reads a session's user: alice, EX\alice or alice@example.local.
// The domain stays as given; mapping it is the look-up's business. An empty
// name or domain, or a control character, is ErrUsage.
func ParseUser(text string) (Identity, error) {
	if strings.TrimSpace(text) == "" {
		return Identity{}, Failf(ErrUsage, "user is empty").WithHint(`give a user as alice, EX\alice or alice@example.local`)
	}
	if err := checkText("user", text); err != nil {
		return Identity{}, err
	}
	user := strings.TrimSpace(text)
	id := Identity{Name: user}
	if domain, name, ok := strings.Cut(user, `\`); ok {
		id = Identity{Domain: domain, Name: name}
	} else if i := strings.LastIndexByte(user, '@'); i >= 0 {
		id = Identity{Domain: strings.TrimSuffix(user[i+1:], "."), Name: user[:i]}
		if id.Domain == "" {
			return Identity{}, Failf(ErrUsage, `user "%s" has an empty domain`, user).WithHint("write alice@example.local, or alice alone")
		}
	}
	return id, id.check(user)
}

func (i Identity) check(text string) error {
	switch {
	case i.Name == "":
		return Failf(ErrUsage, `user "%s" has a domain but no name`, text).WithHint(`give a user as alice, EX\alice or alice@example.local`)
	case strings.HasPrefix(text, `\`):
		return Failf(ErrUsage, `user "%s" has an empty domain`, text).WithHint(`write EX\alice, or alice alone`)
	case strings.ContainsAny(i.Name, `\`) || strings.TrimSpace(i.Name) != i.Name || strings.ContainsAny(i.Domain, `@/ `):
		return Failf(ErrUsage, `user "%s" is not of the form DOMAIN\name or name@domain`, text).WithHint(`give a user as alice, EX\alice or alice@example.local`)
	}
	return nil
}

// CheckText refuses, as ErrUsage, what must never reach a terminal, a log line
// or the wire: control characters, ends of lines, characters that turn the direction
// of text, broken UTF-8, and texts over 1024 bytes. The error quotes text.
func CheckText(what, text string) error { return checkText(what, text) }

// checkText refuses what must never reach a terminal, a log line or the wire.
func checkText(what, text string) error {
	if len(text) > 1024 {
		return Failf(ErrUsage, "%s is longer than 1024 bytes", what).WithHint("shorten it")
	}
	if !utf8.ValidString(text) {
		return Failf(ErrUsage, "%s %q is not UTF-8", what, text).WithHint("write it in UTF-8: check the encoding of the file that it comes from, or of the terminal")
	}
	for _, r := range text {
		if r < 0x20 || r == 0x7f || r == 0xfffd || (r >= 0x80 && r < 0xa0) || (r >= 0x2028 && r <= 0x202e) || (r >= 0x2066 && r <= 0x2069) {
			return Failf(ErrUsage, "%s %q holds a control character", what, text).WithHint("remove it")
		}
	}
	return nil
}

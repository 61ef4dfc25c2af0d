package transport

import (
	"bytes"
	"encoding/json"
	"fmt"
	"slices"
	"strings"
	"unicode"
)

// visible names the JSON members whose values a trace may show. Everything
// that is not here is hidden, whatever it is.
func visible(name string) bool {
	switch name {
	case "LoginType", "Username", "Authenticator", "SystemName", "NameType", "Namespace", "AccountName", "AssetTag",
		"TargetName", "Type", "SharedCredentialListName", "JobID", "ScheduleType", "OperationSucceeded",
		"AccountStore", "AccountIdentificationInfo", "SharedCredentialIdentifier":
		return true
	}
	return false
}

// summary describes a body of the given size whose beginning is seen.
func summary(seen []byte, size int) string {
	trimmed := bytes.TrimLeft(seen, " \t\r\n")
	switch {
	case size == 0:
		return "no body"
	case len(trimmed) > 0 && trimmed[0] == '{' && len(seen) == size:
		return fmt.Sprintf("%d bytes %s", size, object(trimmed))
	}
	return fmt.Sprintf("%d bytes [redacted]", size)
}

// object shows the visible members and counts the others.
func object(text json.RawMessage) string {
	var members map[string]json.RawMessage
	if json.Unmarshal(text, &members) != nil {
		return "[redacted]"
	}
	var shown []string
	for name, value := range members {
		if visible(name) {
			shown = append(shown, name+"="+scalar(value))
		}
	}
	slices.Sort(shown)
	if hidden := len(members) - len(shown); hidden > 0 {
		shown = append(shown, fmt.Sprintf("%d [redacted]", hidden))
	}
	return "{" + strings.Join(shown, " ") + "}"
}

func scalar(value json.RawMessage) string {
	var text string
	switch {
	case len(value) > 0 && value[0] == '{':
		return object(value)
	case len(value) > 0 && value[0] == '[':
		return "[redacted]"
	case json.Unmarshal(value, &text) == nil:
		return fmt.Sprintf("%q", clip(text))
	}
	return clip(string(value))
}

func clip(text string) string {
	if r := []rune(text); len(r) > 80 {
		return string(r[:80]) + "…"
	}
	return text
}

// printable drops what a terminal might act on.
func printable(text string) string {
	return strings.Map(func(r rune) rune {
		if unicode.IsPrint(r) {
			return r
		}
		return '·'
	}, text)
}

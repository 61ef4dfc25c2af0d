package redim

import (
	"errors"
	"net/http"
	"slices"
	"unicode/utf16"

	"github.com/redim-tools/redim/pkg/pam"
	"github.com/redim-tools/redim/pkg/redim/dialect"
)

// The framework's limits of what it reads, where nobody has set others.
const (
	maxRequest  = 64 << 10
	maxSentText = 8192 // UTF-16 units
)

// tooLarge is the hint of a request that goes beyond the framework's limits;
// empty when it does not. The framework itself says no more than "no".
func tooLarge(p dialect.Params, size int) string {
	for _, name := range []string{"comment", "account", "system", "list", "target"} {
		if text, ok := p[name].(string); ok && len(text) > maxSentText && utf16Len(text) > maxSentText {
			return "the " + name + " is longer than 8,192 characters, and the service's framework takes no more unless it was set up to: shorten it"
		}
	}
	if size > maxRequest {
		return "the request is larger than 64 KiB, and the service's framework takes no more unless it was set up to: its operator can raise maxReceivedMessageSize"
	}
	return ""
}

func utf16Len(text string) (n int) {
	for _, r := range text {
		n += utf16.RuneLen(r)
	}
	return n
}

// withLimits says so where a request may have been refused for its size.
func withLimits(err error, status int, p dialect.Params, size int) error {
	hint := tooLarge(p, size)
	f, ok := errors.AsType[*pam.Failure](err)
	if ok && hint != "" && slices.Contains([]int{http.StatusBadRequest, http.StatusRequestEntityTooLarge}, status) {
		f.Class = pam.ErrUsage
		f.Hint = hint
	}
	return err
}

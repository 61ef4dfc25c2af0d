package config

import (
	"regexp"

	"github.com/redim-tools/redim/pkg/pam"
)

// DefaultTicket is what the numbers of common trackers look like: CHG-4711,
// INC0012345.
const DefaultTicket = `(?:^|[^A-Za-z0-9])([A-Z][A-Z0-9]+-[0-9]+|(?:CHG|INC|PRB|RITM|SCTASK)[0-9]{7,})`

func checkPattern(text string) error {
	if _, err := regexp.Compile(text); err != nil {
		return pam.Failf(pam.ErrUsage, "%q is no regular expression", text).WithHint("write it like %s", "[A-Z]+-[0-9]+")
	}
	return nil
}

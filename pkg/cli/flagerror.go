package cli

import (
	"errors"
	"strconv"
	"strings"

	"github.com/spf13/cobra"
	"github.com/spf13/pflag"

	"github.com/redim-tools/redim/pkg/pam"
)

// flagError tells what is wrong with a flag.
func flagError(cmd *cobra.Command, err error) error {
	f := pam.Failf(pam.ErrUsage, "%w", err)
	if bad, ok := errors.AsType[*pflag.InvalidValueError](err); ok {
		f = badValue(f, bad)
	}
	if none, ok := errors.AsType[*pflag.NotExistError](err); ok {
		name := none.GetSpecifiedName()
		if letters := none.GetSpecifiedShortnames(); letters != "" {
			f = pam.Failf(pam.ErrUsage, "unknown flag: -%s", name) // what follows may be a password, as some programs take it
			name, _, _ = strings.Cut(letters, "=")
		}
		if near := nearestFlag(cmd, name); near != "" {
			return f.WithHint("did you mean --%s?", near)
		}
	}
	return f.WithHint("see: %s --help", cmd.CommandPath())
}

// badValue says in our words what pflag says in those of Go's parsers, and leaves
// alone what our own flags say.
func badValue(f *pam.Failure, bad *pflag.InvalidValueError) *pam.Failure {
	name, value := bad.GetFlag().Name, bad.GetValue()
	takes := map[string]string{"int": "a whole number", "int64": "a whole number", "bool": "true or false", "duration": "a duration, such as 90s or 1h30m", "stringSlice": "a list, with commas between and quotation marks in pairs"}[bad.GetFlag().Value.Type()]
	switch {
	case takes == "":
		return f
	case errors.Is(bad, strconv.ErrRange):
		return pam.Failf(pam.ErrUsage, "--%s: %q is beyond the numbers that it takes", name, value)
	}
	return pam.Failf(pam.ErrUsage, "--%s takes %s, not %q", name, takes, value)
}

package helper

import (
	"slices"
	"strings"

	"github.com/redim-tools/redim/pkg/cli/handout"
	"github.com/redim-tools/redim/pkg/pam"
)

// variable is a path of summon: a credential and a field of it.
type variable struct {
	pam.Selector
	field string
}

// parseVariable reads ENDPOINT/ACCOUNT, perhaps with ?list=LIST and #FIELD.
func parseVariable(text string) (variable, error) {
	rest, field := text, "password"
	if i := strings.LastIndexByte(text, '#'); i >= 0 {
		rest, field = text[:i], text[i+1:]
	}
	if !slices.Contains(handout.Fields(), field) {
		return variable{}, pam.Failf(pam.ErrUsage, "%q has no field %q", rest, field).WithHint("after the # stands one of: %s", strings.Join(handout.Fields(), ", "))
	}
	s, err := pam.ParseSelector(rest)
	return variable{Selector: s, field: field}, err
}

// released reports whether the field is known only after a check-out.
func (v variable) released() bool { return v.field == "password" || v.field == "id" }

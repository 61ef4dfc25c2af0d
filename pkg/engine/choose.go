package engine

import (
	"slices"
	"strings"

	"github.com/redim-tools/redim/pkg/pam"
)

// Choose picks the credential that account and list name; both may be empty.
// Account is an account name, or a reference as Credential.Ref writes it. Nothing
// that fits is ErrNotFound; several that fit are an *AmbiguousError.
func Choose(creds []pam.Credential, account, list string) (pam.Credential, error) {
	fits := slices.DeleteFunc(slices.Clone(creds), func(c pam.Credential) bool {
		return (account != "" && !named(c, account)) || (list != "" && !equalFold(c.List, list))
	})
	switch len(fits) {
	case 1:
		return fits[0], nil
	case 0:
		return pam.Credential{}, pam.Failf(pam.ErrNotFound, "no credential fits %s", wanted(account, list)).
			WithHint("there is %s", strings.Join(refs(creds), "; "))
	}
	return pam.Credential{}, &AmbiguousError{Choices: fits}
}

func named(c pam.Credential, account string) bool {
	return equalFold(c.Account, account) || equalFold(c.Ref(), account) || equalFold(c.Namespace+`\`+c.Account, account)
}

func wanted(account, list string) string {
	switch {
	case list == "":
		return "account " + account
	case account == "":
		return "list " + list
	}
	return "account " + account + " of list " + list
}

func refs(creds []pam.Credential) []string {
	out := make([]string, 0, len(creds))
	for _, c := range creds {
		out = append(out, c.Ref())
	}
	return out
}

// AmbiguousError says that more than one credential fits: the caller must
// choose. It is of class ErrUsage.
type AmbiguousError struct{ Choices []pam.Credential }

// Error lists the choices.
func (e *AmbiguousError) Error() string {
	return "more than one credential fits: " + strings.Join(refs(e.Choices), "; ")
}

// Is reports whether target is pam.ErrUsage.
func (e *AmbiguousError) Is(target error) bool { return target == error(pam.ErrUsage) }

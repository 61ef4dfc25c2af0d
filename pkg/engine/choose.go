package engine

import (
	"slices"
	"strings"

	"github.com/redim-tools/redim/pkg/pam"
)

// Choose picks the credential that account and list name; both may be empty.
// Account is an account name, or any text that Labels or Credential.Ref writes.
// Nothing that fits is ErrNotFound; several that fit are an *AmbiguousError.
func Choose(creds []pam.Credential, account, list string) (pam.Credential, error) {
	fits := slices.DeleteFunc(slices.Clone(creds), func(c pam.Credential) bool {
		return (account != "" && !named(c, account)) || (list != "" && !equalFold(c.List, list))
	})
	switch {
	case len(fits) == 1:
		return fits[0], nil
	case len(fits) > 1:
		return pam.Credential{}, &AmbiguousError{Choices: fits}
	case len(creds) == 0:
		return pam.Credential{}, pam.Failf(pam.ErrNoCredentials, "there is no credential to choose").
			WithHint("check the user's permissions on this system, and the endpoint's name")
	}
	return pam.Credential{}, pam.Failf(pam.ErrNotFound, "no credential fits %s", wanted(account, list)).
		WithHint("there is %s", strings.Join(Labels(creds), "; "))
}

func named(c pam.Credential, account string) bool {
	return slices.ContainsFunc(names(c), func(name string) bool { return equalFold(name, account) })
}

// names are all the texts that Choose takes for c.
func names(c pam.Credential) []string {
	all := append(forms(c), c.Account)
	if c.Namespace != "" {
		all = append(all, c.Namespace+`\`+c.Account)
	}
	return all
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

// forms are the names by which a credential is shown, from the usual to the fullest: two data
// bases of one system, say, differ only in the second.
func forms(c pam.Credential) []string {
	place, account := c.System, c.Account
	if c.Target != "" {
		place = c.Target
	}
	if c.List != "" {
		place = c.List + ": " + place
	}
	if c.Namespace != "" {
		account = c.Namespace + `\` + account
	}
	return []string{c.Ref(), place + "/" + c.Account, place + "/" + account, place + "/" + account + " (" + c.Kind.String() + ", " + c.Type.String() + ")"}
}

// Labels names each credential so that a person and Choose can tell it from
// the others: by its Ref where that is enough.
func Labels(creds []pam.Credential) []string {
	bearers := map[string]map[int]bool{} // name -> which credentials have it
	for i, c := range creds {
		for _, name := range names(c) {
			name = strings.ToLower(name)
			if bearers[name] == nil {
				bearers[name] = map[int]bool{}
			}
			bearers[name][i] = true
		}
	}
	labels := make([]string, 0, len(creds))
	for _, c := range creds {
		all := forms(c)
		i := slices.IndexFunc(all, func(form string) bool { return len(bearers[strings.ToLower(form)]) == 1 })
		labels = append(labels, all[max(i, 0)])
	}
	return labels
}

// AmbiguousError says that more than one credential fits: the caller must
// choose. It is of class ErrUsage.
type AmbiguousError struct{ Choices []pam.Credential }

// Error lists the choices.
func (e *AmbiguousError) Error() string {
	return "more than one credential fits: " + strings.Join(Labels(e.Choices), "; ")
}

// Is reports whether target is pam.ErrUsage.
func (e *AmbiguousError) Is(target error) bool { return target == error(pam.ErrUsage) }

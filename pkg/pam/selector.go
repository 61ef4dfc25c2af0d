package pam

import "strings"

// Selector names one credential in one text, before it is looked up. The text is
// ENDPOINT/ACCOUNT, or ENDPOINT/ACCOUNT?list=LIST for an entry of a shared
// credential list.
type Selector struct {
	Endpoint string // host name, FQDN or address
	Account  string // an account name, or any text that a look-up shows for a credential
	List     string // empty: not said
}

const selectorList = "?list="

// ParseSelector reads one. ErrUsage for any other text.
func ParseSelector(text string) (Selector, error) {
	text = strings.TrimSpace(text)
	if err := checkText("credential", text); err != nil {
		return Selector{}, err
	}
	rest, list, listed := strings.Cut(text, selectorList)
	endpoint, account, _ := strings.Cut(rest, "/")
	s := Selector{Endpoint: strings.TrimSpace(endpoint), Account: strings.TrimSpace(account), List: strings.TrimSpace(list)}
	if s.Endpoint == "" || s.Account == "" || listed && s.List == "" {
		return Selector{}, Failf(ErrUsage, "%q does not name a credential", text).
			WithHint("write it like web01/svc-web, or web01/ilo-admin?list=Network gear")
	}
	if _, err := ParseEndpoint(s.Endpoint, ""); err != nil {
		return Selector{}, err
	}
	return s, nil
}

// String is the text that ParseSelector reads.
func (s Selector) String() string {
	if s.List == "" {
		return s.Endpoint + "/" + s.Account
	}
	return s.Endpoint + "/" + s.Account + selectorList + s.List
}

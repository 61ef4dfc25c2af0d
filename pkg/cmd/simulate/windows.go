package simulate

import (
	"net/http"

	"github.com/redim-tools/redim/pkg/negotiate"
	"github.com/redim-tools/redim/pkg/pam"
)

// windowsAuthentication is that of a web server which takes Kerberos tickets;
// nil without a keytab.
func windowsAuthentication(opts *Options) (func(http.Header, *http.Request) string, error) {
	if opts.Keytab == "" {
		if opts.SPN != "" {
			return nil, pam.Failf(pam.ErrUsage, "--spn is of no use without --keytab").WithHint("name the keytab that holds the keys of %s", opts.SPN)
		}
		return nil, nil
	}
	acceptor, err := negotiate.NewAcceptor(negotiate.AcceptorConfig{Keytab: opts.Keytab, SPN: opts.SPN, Warn: func(text string) { opts.Say("%s", text) }})
	if err != nil {
		return nil, err
	}
	return func(answer http.Header, r *http.Request) string {
		token := negotiate.Token(r)
		if token == nil {
			negotiate.Challenge(answer, nil)
			return ""
		}
		caller, reply, err := acceptor.Accept(r.Context(), token)
		negotiate.Challenge(answer, reply)
		if err != nil {
			opts.Say("refused a ticket: %v", err)
			return ""
		}
		return caller.String()
	}, nil
}

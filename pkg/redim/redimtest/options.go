package redimtest

import (
	"net/http"
	"time"

	"github.com/redim-tools/redim/pkg/pam"
	"github.com/redim-tools/redim/pkg/secret"
)

// Options say what a stand-in server is like. The zero value is the sample
// estate over TLS on a free port of 127.0.0.1.
type Options struct {
	Estate      *Estate          // nil: SampleEstate
	Listen      string           // loopback address and port; empty: 127.0.0.1:0
	PlainHTTP   bool             // http instead of https
	TLS         TLSMode          // what is wrong with the certificate
	Dialect     string           // the only interface; the settings name it. Empty: the estate's, which are all when it says nothing
	Errors      ErrorProfile     // empty: the estate's, which is C when it says nothing
	JobDuration time.Duration    // 0: the estate's
	APIPassword secret.Value     // of the delegation identity; empty: the estate's, or a new one
	Faults      []string         // as for SetFaults
	Now         func() time.Time // nil: time.Now

	// Windows is the Windows authentication of the web server in front. It
	// tells who sends a request, as NAME@REALM, and adds what belongs into the
	// answer's header. Who is nobody gets 401. Nil is none, so that anybody may
	// ask.
	Windows func(answer http.Header, r *http.Request) (principal string)
	SPN     string // of that web server, for the settings that WriteDir writes
}

// TLSMode says what is wrong with the server's certificate.
type TLSMode string

// The certificates that a client has to refuse, besides the good one.
const (
	TLSGood      TLSMode = ""
	TLSWrongName TLSMode = "wrong-name" // made for another host
	TLSExpired   TLSMode = "expired"
	TLSOtherCA   TLSMode = "other-ca" // CAPEM is not the issuer
)

// check refuses a mode that there is not.
func (m TLSMode) check() error {
	switch m {
	case TLSGood, TLSWrongName, TLSExpired, TLSOtherCA:
		return nil
	}
	return pam.Failf(pam.ErrUsage, "there is no certificate fault %q", string(m)).WithHint("use one of %s, %s, %s, or none", TLSWrongName, TLSExpired, TLSOtherCA)
}

// apiUser is the delegation identity of an estate: the one that the settings
// name, else the first that may impersonate.
func (o Options) apiUser(e *Estate) string {
	if e.Settings.APIUser != "" {
		return e.Settings.APIUser
	}
	for _, id := range e.Identities {
		if len(id.Impersonates) > 0 {
			return numbered(id.Name, id.Repeat, 0)
		}
	}
	return ""
}

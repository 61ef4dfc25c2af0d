package negotiate

import (
	"encoding/base64"
	"net/http"
	"strings"

	"github.com/redim-tools/redim/pkg/pam"
)

// RoundTripper puts a proof on each request to a host, given as in URL.Host.
// Requests to other hosts, and those that a redirect led to, go on without one.
// It must stand inside of what repeats requests: each one needs a new proof.
//
// A service that answers 401 and asks for a proof again has refused it, which is
// ErrDelegationRefused; a 401 with an answer to the proof is one of the
// application's own.
func (c *Client) RoundTripper(next http.RoundTripper, hosts ...string) http.RoundTripper {
	known := map[string]bool{}
	for _, host := range hosts {
		known[strings.ToLower(host)] = true
	}
	return &prover{next: next, client: c, hosts: known}
}

type prover struct {
	next   http.RoundTripper
	client *Client
	hosts  map[string]bool
}

func (p *prover) RoundTrip(req *http.Request) (*http.Response, error) {
	if !p.hosts[strings.ToLower(req.URL.Host)] || req.Response != nil {
		return p.next.RoundTrip(req)
	}
	proof, err := p.client.Prove(req.Context(), req.URL.Host)
	if err != nil {
		if req.Body != nil {
			_ = req.Body.Close()
		}
		return nil, err
	}
	proven := req.Clone(req.Context())
	proven.Header.Set("Authorization", Scheme+" "+base64.StdEncoding.EncodeToString(proof.Token))
	resp, err := p.next.RoundTrip(proven)
	if err != nil {
		return nil, err
	}
	if err := proof.judge(resp); err != nil {
		_ = resp.Body.Close()
		return nil, err
	}
	return resp, nil
}

func (p Proof) judge(resp *http.Response) error {
	offers := resp.Header.Values("WWW-Authenticate")
	answer := tokenOf(offers)
	if resp.StatusCode == http.StatusUnauthorized && answer == nil {
		for _, offer := range offers {
			if scheme, _, _ := strings.Cut(offer, " "); strings.EqualFold(scheme, Scheme) {
				return p.refused()
			}
		}
	}
	return p.Check(answer)
}

func (p Proof) refused() *pam.Failure {
	return pam.Failf(pam.ErrDelegationRefused, "the service refuses the Kerberos ticket of %s for %s", p.Client, p.SPN).WithHint("%s", serverRefuses)
}

package transport

import (
	"context"
	"errors"
	"net/http"

	"github.com/redim-tools/redim/pkg/pam"
)

// proving puts prove around next, and marks the failures after which the
// service has certainly done nothing.
func proving(prove func(http.RoundTripper) http.RoundTripper, next http.RoundTripper) http.RoundTripper {
	return &prover{next: prove(&sentNote{next: next})}
}

type prover struct{ next http.RoundTripper }

func (p *prover) RoundTrip(req *http.Request) (*http.Response, error) {
	var note requestNote
	resp, err := p.next.RoundTrip(req.WithContext(context.WithValue(req.Context(), noteKey{}, &note)))
	f, ok := errors.AsType[*pam.Failure](err)
	switch {
	case ok && !note.sent:
		f.Err = errors.Join(f.Err, errNoProof)
		return nil, unsent(f)
	case ok && note.status == http.StatusUnauthorized:
		return nil, unsent(f)
	}
	return resp, err
}

var errNoProof = errors.New("there is no proof to send")

// NotProven reports whether a request failed because Options.Prove had nothing
// to prove with: that says nothing about the service.
func NotProven(err error) bool { return errors.Is(err, errNoProof) }

// requestNote is what became of one attempt.
type requestNote struct {
	sent   bool
	status int
}

type noteKey struct{}

// sentNote fills a request's note in.
type sentNote struct{ next http.RoundTripper }

func (s *sentNote) RoundTrip(req *http.Request) (*http.Response, error) {
	note, _ := req.Context().Value(noteKey{}).(*requestNote)
	if note != nil {
		note.sent = true
	}
	resp, err := s.next.RoundTrip(req)
	if note != nil && err == nil {
		note.status = resp.StatusCode
	}
	return resp, err
}

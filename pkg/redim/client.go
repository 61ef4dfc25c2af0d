package redim

import (
	"context"
	"net/http"
	"net/url"
	"slices"
	"sync"
	"time"

	"github.com/redim-tools/redim/pkg/pam"
	"github.com/redim-tools/redim/pkg/redim/dialect"
	"github.com/redim-tools/redim/pkg/secret"
	"github.com/redim-tools/redim/pkg/transport"
)

// Config is what a Client needs to know.
type Config struct {
	ServiceURL    string   // of any of the service's interfaces
	FallbackURLs  []string // of the same service, tried in order where that one does not answer
	APIUser       string
	Authenticator string // empty for an explicit account

	// SignIn is how the delegation identity proves who it is; empty is
	// SignInPassword. For the other ways HTTP has to carry the proof.
	SignIn SignIn

	// APIPassword is asked only when the delegation identity really signs in.
	// What it returns stays its own: it is not wiped.
	APIPassword func(ctx context.Context) (secret.Value, error)

	// MFACode is asked for a one-time code at each log-in with a password. Nil
	// is none. What it returns stays its own too.
	MFACode func(ctx context.Context) (secret.Value, error)

	Dialect    string         // empty is auto
	Operations map[string]any // the setting dialect_operations
	Dialects   DialectMemory  // of auto; nil remembers in this Client only
	Tokens     TokenStore     // nil keeps tokens in this Client only
	HTTP       *http.Client   // nil is transport.New with default options
	Outages    Outages        // nil remembers nothing; asked only where there are fallbacks
	Warn       func(string)   // of a move to another address; nil is nobody
	Now        func() time.Time
}

// TokenStore keeps tokens beyond this process. It is safe for concurrent use.
type TokenStore interface {
	// Token returns the live token of id, or obtains one by login, at most
	// once at a time for one identity however many processes ask.
	Token(ctx context.Context, id pam.Identity, login func(context.Context) (pam.Token, error)) (pam.Token, error)
	// Drop forgets the token of id if it still is the one that was refused.
	Drop(ctx context.Context, id pam.Identity, refused secret.Value) error
}

// SignIn is a way to sign in.
type SignIn string

// The ways to sign in.
const (
	SignInPassword    SignIn = "password"    // of an explicit account, or of an authenticator's
	SignInCertificate SignIn = "certificate" // of the TLS connection
	SignInWindows     SignIn = "windows"     // as whom the web server has authenticated
)

// Client speaks to one service. It is safe for concurrent use.
type Client struct {
	root       *url.URL // of the web application, as messages name it
	places     *places  // where that is to be found
	delegation pam.Identity
	signIn     SignIn
	password   func(ctx context.Context) (secret.Value, error)
	mfaCode    func(ctx context.Context) (secret.Value, error)
	speech     *speech
	tokens     TokenStore
	memo       *memo
	http       *http.Client
	skew       *transport.Skew
	now        func() time.Time

	mu         sync.Mutex
	unattested []string
}

// New makes a Client. It does no input or output. ErrUsage when the address,
// the dialect or an operation's override is wrong.
func New(cfg Config) (*Client, error) {
	places, err := newPlaces(cfg)
	if err != nil {
		return nil, err
	}
	speech, err := newSpeech(cfg)
	if err != nil {
		return nil, err
	}
	if cfg.APIUser == "" {
		return nil, pam.Failf(pam.ErrUsage, "api_user is empty").WithHint("set api_user to the delegation identity")
	}
	c := &Client{
		root: places.roots[0], places: places, speech: speech, tokens: cfg.Tokens, now: cfg.Now,
		signIn: cfg.SignIn, password: cfg.APIPassword, mfaCode: cfg.MFACode,
		delegation: pam.Identity{Domain: cfg.Authenticator, Name: cfg.APIUser},
		memo:       newMemo(), skew: &transport.Skew{},
	}
	err = c.fill(cfg.HTTP)
	speech.ask, speech.now = c.answersAs, c.now
	return c, err
}

func (c *Client) fill(given *http.Client) error {
	if c.now == nil {
		c.now = time.Now //nolint:forbidigo // the default of a clock that is handed in
	}
	if c.tokens == nil {
		c.tokens = noStore{}
	}
	if given == nil {
		var err error
		if given, err = transport.New(transport.Options{}); err != nil {
			return err
		}
	}
	observed := *given
	if observed.Transport == nil {
		observed.Transport = http.DefaultTransport
	}
	observed.Transport = transport.RecordSkew(observed.Transport, c.skew, c.now)
	c.http = &observed
	return nil
}

// ClockOffset is how far the service's clock is ahead of ours, to about a
// second; known is false before the first answer.
func (c *Client) ClockOffset() (offset time.Duration, known bool) { return c.skew.Offset() }

// Unattested names, in order, the operations used so far that no public
// material attests.
func (c *Client) Unattested() []string {
	c.mu.Lock()
	defer c.mu.Unlock()
	return slices.Sorted(slices.Values(c.unattested))
}

// operation finds an operation and notes its use.
func (c *Client) operation(d *dialect.Dialect, key string) (*dialect.Operation, error) {
	op, err := d.Operation(key)
	if err != nil {
		return nil, err
	}
	if !op.Attested.Public() {
		c.mu.Lock()
		defer c.mu.Unlock()
		if !slices.Contains(c.unattested, op.Name) {
			c.unattested = append(c.unattested, op.Name)
		}
	}
	return op, nil
}

// Dialect opens a dialect for showing, with an operator's overrides.
func Dialect(name string, operations map[string]any) (*dialect.Dialect, error) {
	return dialect.Open(name, operations)
}

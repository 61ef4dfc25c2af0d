package api

import (
	"context"
	"crypto/rand"
	"encoding/hex"
	"errors"
	"log/slog"
	"net/http"
	"net/netip"
	"runtime/debug"
	"strings"
	"time"

	"github.com/redim-tools/redim/pkg/pam"
	"github.com/redim-tools/redim/pkg/secret"
	"github.com/redim-tools/redim/pkg/vault"
)

// call is one call while it is answered.
type call struct {
	api    *API
	w      http.ResponseWriter
	r      *http.Request
	route  string // the path as the table has it
	door   vault.Door
	who    *vault.Integration // nil: not known, or not yet
	known  vault.Known        // how who was recognised
	lease  *vault.Lease       // that the path names, when the call needs one; the zero Lease: there is none
	began  time.Time
	moved  bool          // the deadline of the answer is not the server's own
	waited time.Duration // for an approval
	status int           // that was answered; 0: nothing yet
	code   string        // of the problem that was
	saw    []slog.Attr   // for the log only
}

// maxHeaders bounds the names and values of all headers in bytes. Beyond what the
// server reads at all it answers by itself, and without a document.
const maxHeaders = 16 << 10

func (a *API) serve(r route) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, req *http.Request) {
		if a.counting() {
			a.inFlight.Add(1)
			defer a.inFlight.Add(-1)
		}
		c := &call{api: a, w: w, r: req, route: r.path, began: started(), door: vault.Door{Request: newRequestID()}}
		c.commonHeaders()
		defer c.finish()
		defer c.recovered()
		if err := c.run(r); err != nil {
			c.fail(err)
		}
	})
}

// started is for how long something takes, and for deadlines of the network,
// which are in real time.
func started() time.Time { return time.Now() }

func newRequestID() string {
	var b [10]byte
	_, _ = rand.Read(b[:]) // never fails: it ends the process instead
	var text [2 * len(b)]byte
	hex.Encode(text[:], b[:])
	return string(text[:])
}

// commonHeaders are those of every answer. Nothing may be kept by anybody. The names
// stand as http.Header keeps them.
func (c *call) commonHeaders() {
	h := c.w.Header()
	v := [...]string{"no-store", "default-src 'none'; frame-ancestors 'none'", "max-age=31536000", "nosniff", c.door.Request}
	h["Cache-Control"] = v[0:1:1]
	h["Content-Security-Policy"] = v[1:2:2]
	h["Strict-Transport-Security"] = v[2:3:3]
	h["X-Content-Type-Options"] = v[3:4:4]
	h["X-Request-Id"] = v[4:5:5]
}

// run takes the call through the door and answers it.
func (c *call) run(r route) error {
	if r.method != "" && c.r.Method != r.method {
		c.w.Header().Set("Allow", r.allow)
		return errMethod
	}
	if c.api.stopped.Load() && r.needs != needNear {
		return errStopping
	}
	if err := c.sizes(); err != nil {
		return err
	}
	switch r.needs {
	case needNear:
		if !c.near() {
			return errNoCall
		}
	case needSource, needToken, needLease, needKnown:
		if err := c.source(); err != nil {
			return err
		}
	}
	if r.needs == needToken || r.needs == needLease {
		if err := c.authenticate(r.needs); err != nil {
			return err
		}
	}
	if r.needs == needKnown {
		return c.recognised(r.answer)
	}
	return r.answer(c)
}

// recognised answers somebody who is only recognised, if that can be: the answer
// asks the store in the end. Whoever is refused anything is authenticated before; what may
// have been done was not refused, and has to be told, and a body that does not come is
// anybody's.
func (c *call) recognised(answer func(*call) error) error {
	token, err := c.bearer()
	if err != nil {
		return err
	}
	who, known, ok := c.api.Vault.Recognise(c.door, token)
	token.Wipe()
	if !ok {
		if err := c.authenticate(needToken); err != nil {
			return err
		}
		return answer(c)
	}
	c.who, c.known = who, known
	err = answer(c)
	if err != nil && !c.known.Sure() && !errors.Is(err, pam.ErrUncertain) && !errors.Is(err, errSlow) {
		if e := c.confirm(); e != nil {
			return e
		}
	}
	return err
}

// confirm authenticates who was only recognised.
func (c *call) confirm() error {
	c.who, c.known = nil, vault.Known{}
	return c.authenticate(needToken)
}

func (c *call) sizes() error {
	total := len(c.r.RequestURI)
	for name, values := range c.r.Header {
		for _, v := range values {
			total += len(name) + len(v)
		}
	}
	if total > maxHeaders {
		return errHeaders
	}
	if c.r.ContentLength > maxBody {
		return errTooLarge
	}
	if len(c.r.TransferEncoding) > 0 {
		// Where such a body ends, somebody before us may have read otherwise.
		c.w.Header().Set("Connection", "close")
	}
	c.r.Body = http.MaxBytesReader(c.w, c.r.Body, maxBody)
	return nil
}

func (c *call) source() error {
	from, err := c.api.Source(c.r)
	if err != nil {
		c.see("source", err.Error())
		return errForbidden
	}
	c.door.From = from
	return nil
}

// near reports whether both the peer and whom it speaks for are this machine.
func (c *call) near() bool {
	peer, err := netip.ParseAddrPort(c.r.RemoteAddr)
	if err != nil || !peer.Addr().Unmap().IsLoopback() || c.source() != nil {
		return false
	}
	return c.door.From.Unmap().IsLoopback()
}

// authenticate finds out whose token the call brings, and reads the lease that it
// is about in the same question.
func (c *call) authenticate(needs need) error {
	token, err := c.bearer()
	if err != nil {
		return err
	}
	defer token.Wipe()
	lease := ""
	if needs == needLease {
		lease = c.r.PathValue("id")
	}
	who, known, found, err := c.api.Vault.AuthenticateFor(c.r.Context(), c.door, token, lease)
	if err != nil {
		return err
	}
	c.who, c.known, c.lease = &who, known, &found
	return nil
}

// bearer is the token of the one Authorization header.
func (c *call) bearer() (secret.Value, error) {
	values := c.r.Header["Authorization"]
	if len(values) == 0 {
		return secret.Value{}, errUnauthenticated
	}
	scheme, text, _ := strings.Cut(values[0], " ")
	if len(values) > 1 || !strings.EqualFold(scheme, "Bearer") || text == "" {
		return secret.Value{}, errUnauthenticated
	}
	return secret.FromString(text), nil
}

func (c *call) actor() vault.Actor { return c.door.Actor(*c.who) }

// holder is the caller as what it holds is searched by: the same in every call.
func (c *call) holder() *vault.Actor {
	return &vault.Actor{Kind: vault.ActorIntegration, ID: c.who.ID}
}

// see notes something for the log.
func (c *call) see(key, value string) { c.saw = append(c.saw, slog.String(key, value)) }

// releaseTime bounds what changes something: it goes on when the caller hangs
// up, so that what became of it is known.
const releaseTime = 25 * time.Second

// lasting is a context for what is to be ended once it has begun.
func (c *call) lasting() (context.Context, context.CancelFunc) {
	c.enough(releaseTime)
	return context.WithTimeout(context.WithoutCancel(c.r.Context()), releaseTime)
}

func (c *call) recovered() {
	switch p := recover(); {
	case p == nil:
	case p == http.ErrAbortHandler: //nolint:errorlint // the very value that net/http panics with
		panic(p)
	default:
		c.api.Log.Error("panic", "id", c.door.Request, "route", c.route, "panic", p, "stack", string(debug.Stack()))
		if c.status == 0 {
			c.fail(pam.Failf(pam.ErrOther, "panic"))
		}
	}
}

// finish writes the line of the log and counts the call.
func (c *call) finish() {
	ended := started()
	took := ended.Sub(c.began)
	method := knownMethod(c.r.Method)
	c.api.counts.done(c, method, took)
	level := slog.LevelInfo
	switch {
	case c.status >= http.StatusInternalServerError && c.code != errStopping.Code:
		level = slog.LevelError
	case strings.HasPrefix(c.route, "/v1/"):
	default:
		level = slog.LevelDebug
	}
	attrs := append(make([]slog.Attr, 0, 12),
		slog.String("id", c.door.Request), slog.String("method", method), slog.String("route", c.route), slog.Int("status", c.status),
		slog.Float64("ms", float64(took.Microseconds())/1e3), slog.String("peer", c.r.RemoteAddr),
	)
	if c.door.From.IsValid() {
		attrs = append(attrs, slog.String("from", c.door.From.String()))
	}
	if c.who != nil {
		attrs = append(attrs, slog.String("integration", c.who.Name))
	}
	if c.code != "" {
		attrs = append(attrs, slog.String("code", c.code))
	}
	c.log(ended, level, append(attrs, c.saw...))
}

// log writes a line without the place in the program, which costs to find and which
// no handler here shows.
func (c *call) log(at time.Time, level slog.Level, attrs []slog.Attr) {
	h := c.api.Log.Handler()
	if !h.Enabled(c.r.Context(), level) {
		return
	}
	line := slog.NewRecord(at, level, "call", 0)
	line.AddAttrs(attrs...)
	_ = h.Handle(c.r.Context(), line) // as the logger: who can't log can't say so
}

// knownMethod keeps strangers from making up methods for the log and the metrics.
func knownMethod(method string) string {
	switch method {
	case http.MethodGet, http.MethodHead, http.MethodPost, http.MethodPut, http.MethodPatch, http.MethodDelete, http.MethodOptions:
		return method
	}
	return "other"
}

// fail answers with a problem, and tells the log what was behind it.
func (c *call) fail(err error) {
	p := problemOf(err)
	if c.r.Context().Err() != nil && p.Code == errStopping.Code && !c.api.stopped.Load() {
		p = errMalformed.with("the caller hung up") // which is no fault of ours
	}
	if r, ok := errors.AsType[*vault.Refusal](err); ok {
		c.saw = append(c.saw, slog.String("cause", string(r.Cause)), slog.String("detail", r.Detail))
		if r.Integration != "" && c.who == nil {
			c.see("integration", r.Integration)
		}
		if r.Unrecorded != nil {
			c.see("unrecorded", r.Unrecorded.Error())
		}
	} else if _, ours := errors.AsType[*problem](err); !ours {
		c.see("error", err.Error())
	}
	c.code = p.Code
	c.problem(p)
}

package redim

import (
	"bytes"
	"context"
	"errors"
	"mime"
	"net/http"
	"net/url"

	"github.com/redim-tools/redim/pkg/pam"
	"github.com/redim-tools/redim/pkg/redim/dialect"
	"github.com/redim-tools/redim/pkg/redim/wcf"
	"github.com/redim-tools/redim/pkg/transport"
)

// call is one question to the service.
type call struct {
	key    string // of the operation
	params dialect.Params
	// read takes the reply, which is valid JSON or empty and is wiped
	// afterwards. Of an operation that answers nothing it may be any text.
	read func(op *dialect.Operation, reply []byte) error
}

// do puts a question in the dialect that the service speaks. Where it turns
// out to speak another one, the question is put in that.
func (c *Client) do(ctx context.Context, k call) error {
	d, err := c.speech.dialect(ctx)
	if err != nil {
		return err
	}
	op, err := c.operation(d, k.key)
	if err != nil {
		return err
	}
	err = c.once(ctx, op, k)
	if errors.Is(err, errNoOperation) && c.speech.mistaken(ctx, d, k.key) {
		return c.do(ctx, k)
	}
	return err
}

// once sends a call once and reads its answer. A failure of something that may
// have been done all the same is marked uncertain.
func (c *Client) once(ctx context.Context, op *dialect.Operation, k call) error {
	err := c.exchange(ctx, op, k)
	f, ok := errors.AsType[*pam.Failure](err)
	if !ok {
		return err
	}
	if maybeDone(op, f) {
		return f.Uncertain()
	}
	return f
}

// maybeDone reports whether the act may have been done in spite of f: the
// request may have arrived, and no answer denies it.
func maybeDone(op *dialect.Operation, f *pam.Failure) bool {
	if op.Idempotent || dialect.IsLogIn(op.Key) || op.Key == "log_out" || transport.NotSent(f) || errors.Is(f, errDenial) {
		return false
	}
	return f.Class != pam.ErrUsage
}

// exchange puts a question to the first address of the service that answers.
func (c *Client) exchange(ctx context.Context, op *dialect.Operation, k call) error {
	return c.places.ask(ctx, op.Idempotent, func(root *url.URL) error { return c.exchangeAt(ctx, root, op, k) })
}

func (c *Client) exchangeAt(ctx context.Context, root *url.URL, op *dialect.Operation, k call) error {
	text, err := op.Encode(k.params)
	if err != nil {
		return err
	}
	body := &requestBody{text: text}
	defer body.wipe()
	req, err := request(ctx, root, op, k.params, body)
	if err != nil {
		return err
	}
	resp, err := c.http.Do(req)
	if err != nil {
		return plain(err)
	}
	defer func() { _ = resp.Body.Close() }()
	reply, err := readReply(resp)
	defer clear(reply)
	if resp.StatusCode/100 != 2 {
		return withLimits(c.refusal(op, resp), resp.StatusCode, k.params, len(text))
	}
	if err != nil {
		return named(op, err)
	}
	return c.answer(op, k, resp, reply)
}

func request(ctx context.Context, root *url.URL, op *dialect.Operation, p dialect.Params, body *requestBody) (*http.Request, error) {
	path, query, err := op.Address(p)
	if err != nil {
		return nil, err
	}
	if op.Idempotent {
		ctx = transport.Idempotent(ctx)
	}
	req := (&http.Request{
		Method: op.Method, URL: at(root, op, path), Host: root.Host,
		Proto: "HTTP/1.1", ProtoMajor: 1, ProtoMinor: 1,
		Header: http.Header{"Content-Type": {"application/json"}, "Accept": {"application/json"}, "User-Agent": {"redim"}},
	})
	req.URL.RawQuery = query
	if len(body.text) > 0 {
		req.Body, _ = body.open()
		req.GetBody, req.ContentLength = body.open, int64(len(body.text))
	}
	return req.WithContext(ctx), op.SetHeaders(p, req.Header)
}

// answer reads a reply of status 200.
func (c *Client) answer(op *dialect.Operation, k call, resp *http.Response, reply []byte) error {
	if len(bytes.TrimSpace(reply)) == 0 {
		return k.read(op, nil)
	}
	value, valid := wcf.Valid(reply)
	if op.Reply.Kind == "none" && !valid && !isHTML(resp) {
		return k.read(op, reply)
	}
	if !valid {
		return notJSON(op, resp)
	}
	if dialect.Refused(value) {
		return c.denial(op, "other", resp)
	}
	return k.read(op, value)
}

func notJSON(op *dialect.Operation, resp *http.Response) error {
	what := "not JSON but " + mediaType(resp)
	if isJSON(resp) {
		what = "called JSON, but is none"
	}
	return pam.Failf(pam.ErrProtocol, "the answer to %s is %s", op.Name, what).
		WithHint("a log-in page or a proxy may answer in the service's place; check endpoint_url")
}

func isHTML(resp *http.Response) bool { return mediaType(resp) == "text/html" }

// mediaType is the declared type of a body, without parameters.
func mediaType(resp *http.Response) string {
	text := resp.Header.Get("Content-Type")
	if text == "" {
		return "of no declared type"
	}
	if t, _, err := mime.ParseMediaType(text); err == nil {
		return t
	}
	return "of an unreadable type"
}

// plain takes off what http.Client puts around an error: it repeats the
// address.
func plain(err error) error {
	if f, ok := errors.AsType[*pam.Failure](err); ok {
		return f
	}
	if errors.Is(err, context.Canceled) {
		return pam.Failf(pam.ErrInterrupted, "interrupted while waiting for the service")
	}
	inner := err
	for next := errors.Unwrap(inner); next != nil; next = errors.Unwrap(inner) {
		inner = next
	}
	return pam.Failf(pam.ErrUnreachable, "the service can't be reached: %w", inner).WithHint("check endpoint_url and the network")
}

// named puts the operation's name before a failure to read its answer.
func named(op *dialect.Operation, err error) error {
	err = plain(err)
	if f, ok := errors.AsType[*pam.Failure](err); ok {
		f.Message = op.Name + ": " + f.Message
	}
	return err
}

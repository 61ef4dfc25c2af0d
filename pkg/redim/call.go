package redim

import (
	"bytes"
	"context"
	"errors"
	"mime"
	"net/http"

	"github.com/redim-tools/redim/pkg/pam"
	"github.com/redim-tools/redim/pkg/redim/dialect"
	"github.com/redim-tools/redim/pkg/redim/wcf"
	"github.com/redim-tools/redim/pkg/transport"
)

// call is one question to the service.
type call struct {
	op     *dialect.Operation
	params dialect.Params
	// read takes the reply, which is valid JSON or empty and is wiped
	// afterwards.
	read func(reply []byte) error
}

// do sends a call once and reads its answer. A failure of something that may
// have been done all the same is marked uncertain.
func (c *Client) do(ctx context.Context, k call) error {
	err := c.exchange(ctx, k)
	f, ok := errors.AsType[*pam.Failure](err)
	if !ok {
		return err
	}
	if maybeDone(k.op, f) {
		return f.Uncertain()
	}
	return f
}

// maybeDone reports whether the act may have been done in spite of f: the
// request may have arrived, and no answer denies it.
func maybeDone(op *dialect.Operation, f *pam.Failure) bool {
	if op.Idempotent || op.Key == "log_in" || op.Key == "log_out" || transport.NotSent(f) || errors.Is(f, errDenial) {
		return false
	}
	return f.Class != pam.ErrUsage
}

func (c *Client) exchange(ctx context.Context, k call) error {
	text, err := k.op.Encode(k.params)
	if err != nil {
		return err
	}
	body := &requestBody{text: text}
	defer body.wipe()
	resp, err := c.http.Do(c.request(ctx, k.op, body))
	if err != nil {
		return plain(err)
	}
	defer func() { _ = resp.Body.Close() }()
	reply, err := readReply(resp)
	defer clear(reply)
	if resp.StatusCode/100 != 2 {
		return c.refusal(k.op, resp)
	}
	if err != nil {
		return named(k.op, err)
	}
	return c.answer(k, resp, reply)
}

func (c *Client) request(ctx context.Context, op *dialect.Operation, body *requestBody) *http.Request {
	if op.Idempotent {
		ctx = transport.Idempotent(ctx)
	}
	reader, _ := body.open()
	req := (&http.Request{
		Method: op.Method, URL: c.address(op), Host: c.root.Host,
		Proto: "HTTP/1.1", ProtoMajor: 1, ProtoMinor: 1,
		Header:        http.Header{"Content-Type": {"application/json"}, "Accept": {"application/json"}, "User-Agent": {"redim"}},
		Body:          reader,
		GetBody:       body.open,
		ContentLength: int64(len(body.text)),
	})
	return req.WithContext(ctx)
}

// answer reads a reply of status 200.
func (c *Client) answer(k call, resp *http.Response, reply []byte) error {
	if len(bytes.TrimSpace(reply)) == 0 {
		return k.read(nil)
	}
	value, valid := wcf.Valid(reply)
	if k.op.Reply.Kind == "none" && !valid && !isHTML(resp) {
		return nil
	}
	if !valid {
		return notJSON(k.op, resp)
	}
	if dialect.Refused(value) {
		return c.denial(k.op, "other", resp)
	}
	return k.read(value)
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

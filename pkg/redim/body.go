package redim

import (
	"io"
	"net/http"
	"sync"

	"github.com/redim-tools/redim/pkg/pam"
)

// requestBody is a request's bytes, which hold secrets. The connection may go
// on reading after the call has ended, so reading and wiping take turns.
type requestBody struct {
	mu   sync.Mutex
	text []byte
}

func (b *requestBody) wipe() {
	b.mu.Lock()
	defer b.mu.Unlock()
	clear(b.text)
	b.text = nil
}

// open starts to read from the beginning.
func (b *requestBody) open() (io.ReadCloser, error) { return &bodyReader{body: b}, nil }

type bodyReader struct {
	body *requestBody
	at   int
}

func (r *bodyReader) Read(p []byte) (int, error) {
	r.body.mu.Lock()
	defer r.body.mu.Unlock()
	if r.at >= len(r.body.text) {
		return 0, io.EOF
	}
	n := copy(p, r.body.text[r.at:])
	r.at += n
	return n, nil
}

func (r *bodyReader) Close() error { return nil }

// maxReply bounds a reply, in bytes.
const maxReply = 8 << 20

// readReply reads a whole body. The caller wipes it.
func readReply(resp *http.Response) ([]byte, error) {
	buf := make([]byte, 0, replySize(resp.ContentLength))
	for {
		n, err := resp.Body.Read(buf[len(buf):cap(buf)])
		buf = buf[:len(buf)+n]
		if len(buf) > maxReply { // also when that is where it ends
			clear(buf)
			return nil, pam.Failf(pam.ErrProtocol, "the answer is longer than %d MiB", maxReply>>20).
				WithHint("ask for less at a time; if it is no RED IM that answers, check endpoint_url")
		}
		if err == io.EOF {
			return buf, nil
		}
		if err != nil {
			clear(buf)
			return nil, err
		}
		if len(buf) == cap(buf) {
			buf = grow(buf)
		}
	}
}

// replySize is room for a reply of the announced length and one byte more, in
// which its end is seen.
func replySize(announced int64) int64 {
	if announced < 0 {
		return 4 << 10
	}
	return min(announced, maxReply) + 1
}

// grow moves bytes to more room and wipes where they were.
func grow(old []byte) []byte {
	grown := append(make([]byte, 0, 2*cap(old)), old...)
	clear(old)
	return grown
}

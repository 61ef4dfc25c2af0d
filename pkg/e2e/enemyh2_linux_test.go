package e2e

import (
	"bytes"
	"crypto/tls"
	"errors"
	"fmt"
	"io"
	"net"
	"slices"
	"strings"
	"testing"
	"time"

	"golang.org/x/net/http2"
	"golang.org/x/net/http2/hpack"
)

// frames is a connection of HTTP/2, frame by frame.
type frames struct {
	*siege
	*http2.Framer
	conn    *tls.Conn
	encoder *hpack.Encoder
	block   bytes.Buffer
	stream  uint32 // the last one that was opened
}

func (s *siege) frames(settings ...http2.Setting) *frames {
	s.Helper()
	c := s.handshake("h2")
	f := &frames{siege: s, conn: c, Framer: http2.NewFramer(c, c)}
	f.AllowIllegalWrites, f.AllowIllegalReads = true, true
	f.encoder = hpack.NewEncoder(&f.block)
	_, err := io.WriteString(c, http2.ClientPreface)
	soundly(s.T, err, f.WriteSettings(settings...))
	return f
}

// encode packs header fields, names and values in turns.
func (f *frames) encode(method, path, token string, more ...string) []byte {
	f.block.Reset()
	fields := append([]string{":method", method, ":scheme", "https", ":authority", f.host(), ":path", path, "authorization", "Bearer " + token, "content-type", "application/json"}, more...)
	for n := 0; n < len(fields); n += 2 {
		_ = f.encoder.WriteField(hpack.HeaderField{Name: fields[n], Value: fields[n+1]})
	}
	return bytes.Clone(f.block.Bytes())
}

// open begins a request with all of its headers.
func (f *frames) open(end bool, block []byte) error {
	if f.stream += 2; f.stream == 2 {
		f.stream = 1
	}
	return f.WriteHeaders(http2.HeadersFrameParam{StreamID: f.stream, BlockFragment: block, EndStream: end, EndHeaders: true})
}

// untilEnd reads frames until the connection ends, or one of the kind comes, and
// says how it went wrong.
func (f *frames) untilEnd(kinds ...http2.FrameType) string {
	_ = f.conn.SetDeadline(time.Now().Add(patience))
	for {
		frame, err := f.ReadFrame()
		if timeout, ok := errors.AsType[net.Error](err); ok && timeout.Timeout() {
			return fmt.Sprintf("it was not cut off in %s", patience)
		}
		if err != nil {
			return ""
		}
		if ping, ok := frame.(*http2.PingFrame); ok && !ping.IsAck() {
			_ = f.WritePing(true, ping.Data) // somebody is there
		}
		if slices.Contains(kinds, frame.Header().Type) {
			return ""
		}
	}
}

// saysNothingInHTTP2 sends no preface.
func saysNothingInHTTP2(s *siege, _ string) string { return isEnded(s.handshake("h2")) }

// dribblesContinuations never ends its headers.
func dribblesContinuations(s *siege, token string) string {
	f := s.frames()
	soundly(s.T, f.WriteHeaders(http2.HeadersFrameParam{StreamID: 1, BlockFragment: f.encode("POST", "/v1/checkouts", token)}))
	var one bytes.Buffer
	soundly(s.T, http2.NewFramer(&one, nil).WriteContinuation(1, false, f.field("x-a", "b")))
	defer dribble(f.conn, one.Bytes())()
	return f.untilEnd()
}

func (f *frames) field(name, value string) []byte {
	f.block.Reset()
	_ = f.encoder.WriteField(hpack.HeaderField{Name: name, Value: value, Sensitive: true}) // no entry in the table
	return bytes.Clone(f.block.Bytes())
}

// dribblesData never ends its body, and is told that it is too slow.
func dribblesData(s *siege, token string) string {
	f := s.frames()
	soundly(s.T, f.open(false, f.encode("POST", "/v1/checkouts", token, "content-length", "60000")))
	var one bytes.Buffer
	soundly(s.T, http2.NewFramer(&one, nil).WriteData(1, false, []byte(" ")))
	defer dribble(f.conn, one.Bytes())()
	_ = f.conn.SetDeadline(time.Now().Add(patience))
	for {
		frame, err := f.ReadFrame()
		if err != nil {
			return "no answer: " + err.Error()
		}
		if data, ok := frame.(*http2.DataFrame); ok {
			if !bytes.Contains(data.Data(), []byte(`"too_slow"`)) {
				return string(data.Data())
			}
			return ""
		}
	}
}

// opensNoWindow asks for answers that it never lets be sent. Streams that wait for
// it are reset.
func opensNoWindow(s *siege, token string) string {
	f := s.frames(http2.Setting{ID: http2.SettingInitialWindowSize, Val: 0})
	for range 50 {
		soundly(s.T, f.open(true, f.encode("GET", "/openapi.json", token)))
	}
	return f.untilEnd(http2.FrameRSTStream, http2.FrameGoAway)
}

// wave is one turn of a flood.
type wave func(f *frames, n int) error

// TestFloodsOfHTTP2HurtTheirSenderAlone sends thousands of frames of each kind that
// costs a server more than a client. Whatever becomes of the connection, the
// server stays up and small, and the application is served meanwhile.
func TestFloodsOfHTTP2HurtTheirSenderAlone(t *testing.T) {
	t.Parallel()
	s := besiege(t)
	token := s.from(enemyHome).signIn(s.credential).token
	friend := s.friend()
	before := s.metric("process_resident_memory_bytes")
	for name, w := range resets(token) {
		f := s.frames()
		sent, err := f.flood(w)
		if how := f.untilEnd(); how != "" {
			t.Errorf("%s: %s, after %d: %v", name, how, sent, err)
		}
		friend.isServed()
	}
	for _, w := range floods(token) {
		f := s.frames()
		_, _ = f.flood(w)
		friend.isServed()
		_ = f.conn.Close()
	}
	s.isSmall(before, 96)
	s.calms("redim_api_calls_in_flight", 1)
	friend.isServed()
}

// flood sends many frames and reads nothing, until the server hangs up.
func (f *frames) flood(one wave) (sent int, err error) {
	_ = f.conn.SetWriteDeadline(time.Now().Add(5 * time.Second))
	for sent = range 20000 {
		if err = one(f, sent); err != nil {
			break
		}
	}
	return sent, err
}

// takeBack begins a call and takes it back at once.
func takeBack(end bool, method, path, token string) wave {
	return func(f *frames, _ int) error {
		return errors.Join(f.open(end, f.encode(method, path, token)), f.WriteRSTStream(f.stream, http2.ErrCodeCancel))
	}
}

// resets take calls back that cost more to answer than to begin. They end the
// connection.
func resets(token string) map[string]wave {
	return map[string]wave{
		"reads": takeBack(true, "GET", "/v1/credentials", token),
		"windows that are none": func(f *frames, _ int) error {
			return errors.Join(f.open(false, f.encode("POST", "/v1/checkouts", token)), f.WriteWindowUpdate(f.stream, 0))
		},
	}
}

// floods are what else costs more than it should. Calls that are refused without a
// look into the store may be answered as fast as they are taken back, and then their
// connection stays.
func floods(token string) []wave {
	unended := func(n int, f *frames, then func() error) error {
		if n == 0 {
			return f.WriteHeaders(http2.HeadersFrameParam{StreamID: 1, BlockFragment: f.encode("POST", "/v1/checkouts", token)})
		}
		return then()
	}
	return []wave{
		takeBack(true, "GET", "/", ""), takeBack(true, "GET", "/v1/credentials", "x"),
		takeBack(false, "POST", "/v1/checkouts", token), takeBack(false, "POST", "/v1/login", ""),
		func(f *frames, _ int) error { return f.open(false, f.encode("POST", "/v1/checkouts", token)) },
		func(f *frames, n int) error {
			return unended(n, f, func() error { return f.WriteContinuation(1, false, f.field("x-long", strings.Repeat("x", 8<<10))) })
		},
		func(f *frames, n int) error {
			return unended(n, f, func() error { return f.WriteContinuation(1, false, nil) })
		},
		func(f *frames, _ int) error { // the last entry of the table, again and again
			block := f.encode("GET", "/v1/credentials", token, "x-bomb", strings.Repeat("x", 3000))
			return f.open(true, append(block, bytes.Repeat([]byte{0xbe}, 16000)...))
		},
		func(f *frames, _ int) error {
			return f.WriteSettings(http2.Setting{ID: http2.SettingHeaderTableSize, Val: 4096})
		},
		func(f *frames, _ int) error { return f.WritePing(false, [8]byte{}) },
		func(f *frames, n int) error {
			return f.WritePriority(uint32(n)*2+1, http2.PriorityParam{StreamDep: 1})
		},
		func(f *frames, n int) error {
			if n == 0 {
				return f.open(false, f.encode("POST", "/v1/checkouts", token))
			}
			return f.WriteData(1, false, nil)
		},
		func(f *frames, _ int) error { return f.WriteRawFrame(0xfa, 0, 0, make([]byte, 1000)) },
	}
}

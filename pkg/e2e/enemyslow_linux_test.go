package e2e

import (
	"bufio"
	"context"
	"fmt"
	"io"
	"net"
	"net/http"
	"strings"
	"sync"
	"testing"
	"time"
)

// patience is how long a slow caller may last here. What is promised is at most
// 50 seconds; this machine may have much to do.
const patience = 90 * time.Second

// TestWhoIsSlowIsCutOffAndOthersAreServed dribbles at every stage of a connection.
// Each has to be ended by the server, and while they last the application is
// served.
func TestWhoIsSlowIsCutOffAndOthersAreServed(t *testing.T) {
	t.Parallel()
	s := besiege(t)
	token := s.from(enemyHome).signIn(s.credential).token
	var slow sync.WaitGroup
	for name, attack := range map[string]func(*siege, string) string{
		"no handshake": saysNothing, "half a handshake": stopsInTheHandshake, "headers": dribblesHeaders, "an unfinished body": dribblesABody, "an unread answer": readsNoAnswer,
		"no preface": saysNothingInHTTP2, "h2: half of the headers": dribblesContinuations, "h2: an unfinished body": dribblesData, "h2: an unread answer": opensNoWindow,
	} {
		slow.Go(func() {
			if how := attack(s, token); how != "" {
				t.Errorf("%s: %s", name, how)
			}
		})
	}
	over := make(chan struct{})
	go func() { slow.Wait(); close(over) }()
	friend := s.friend()
	for served := 0; ; served++ {
		friend.isServed()
		select {
		case <-over:
			if n := s.released(); n != served+1 {
				t.Errorf("%d secrets were released, %d to the application", n, served+1)
			}
			return
		case <-time.After(100 * time.Millisecond):
		}
	}
}

// isEnded reads until the other side ends the connection, and says what else
// happened.
func isEnded(c net.Conn) string {
	_ = c.SetReadDeadline(time.Now().Add(patience))
	_, err := io.Copy(io.Discard, c)
	if timeout, ok := err.(net.Error); ok && timeout.Timeout() {
		return fmt.Sprintf("it was not cut off in %s", patience)
	}
	return ""
}

// dribble writes a piece every half second until the connection is ended.
func dribble(c net.Conn, piece []byte) (stop func()) {
	ctx, cancel := context.WithCancel(context.Background())
	go func() {
		for ctx.Err() == nil {
			if _, err := c.Write(piece); err != nil {
				return
			}
			select {
			case <-ctx.Done():
			case <-time.After(500 * time.Millisecond):
			}
		}
	}()
	return cancel
}

func saysNothing(s *siege, _ string) string { return isEnded(dial(s.T, enemyHome, s.host())) }

func stopsInTheHandshake(s *siege, _ string) string {
	c := dial(s.T, enemyHome, s.host())
	defer dribble(c, []byte{0x16, 0x03, 0x01, 0x02, 0x00, 0x01}[:1])()
	return isEnded(c)
}

func dribblesHeaders(s *siege, token string) string {
	c := s.handshake("http/1.1")
	_, _ = io.WriteString(c, "POST /v1/checkouts HTTP/1.1\r\nHost: x\r\nAuthorization: Bearer "+token+"\r\n")
	defer dribble(c, []byte("X: y\r\n"))()
	return isEnded(c)
}

// dribblesABody is told that it is too slow, and then cut off.
func dribblesABody(s *siege, token string) string {
	c := s.handshake("http/1.1")
	_, _ = io.WriteString(c, "POST /v1/checkouts HTTP/1.1\r\nHost: x\r\nContent-Type: application/json\r\nContent-Length: 60000\r\nAuthorization: Bearer "+token+"\r\n\r\n{")
	defer dribble(c, []byte(" "))()
	_ = c.SetReadDeadline(time.Now().Add(patience))
	res, err := http.ReadResponse(bufio.NewReader(c), nil)
	if err != nil {
		return "no answer: " + err.Error()
	}
	body, _ := io.ReadAll(res.Body)
	_ = res.Body.Close()
	if r := (reply{res.StatusCode, res.Header, body}); r.code() != "too_slow" {
		return fmt.Sprintf("%d %s", r.status, r.body)
	}
	return isEnded(c)
}

// readsNoAnswer asks again and again, and lets the answers pile up.
func readsNoAnswer(s *siege, token string) string {
	c := s.handshake("http/1.1")
	ask := strings.Repeat("GET /openapi.json HTTP/1.1\r\nHost: x\r\nAuthorization: Bearer "+token+"\r\n\r\n", 50)
	_ = c.SetWriteDeadline(time.Now().Add(patience))
	for {
		_, err := io.WriteString(c, ask)
		if timeout, ok := err.(net.Error); ok && timeout.Timeout() {
			return "the server still keeps the connection"
		}
		if err != nil {
			return ""
		}
	}
}

// TestManyConnectionsOfOneAddressLeaveRoomForOthers opens more than one address may
// have, and holds them.
func TestManyConnectionsOfOneAddressLeaveRoomForOthers(t *testing.T) {
	t.Parallel()
	s := besiege(t)
	friend := s.friend()
	var held []net.Conn
	var ended sync.WaitGroup
	cut := make(chan struct{}, 2000)
	for range cap(cut) {
		c, err := (&net.Dialer{LocalAddr: &net.TCPAddr{IP: net.ParseIP(enemyHome)}}).DialContext(t.Context(), "tcp", s.host())
		soundly(t, err)
		held = append(held, c)
		ended.Go(func() {
			_, _ = c.Read(make([]byte, 1))
			cut <- struct{}{}
		})
		if len(cut) > 10 {
			break
		}
	}
	<-cut
	if len(held) < 1000 {
		t.Errorf("one address may have %d connections only", len(held))
	}
	friend.isServed()
	s.friend().isServed() // over a connection of its own
	if open := s.metric("process_open_fds"); open > 1200 {
		t.Errorf("the server has %.0f files open", open)
	}
	for _, c := range held {
		_ = c.Close()
	}
	ended.Wait()
	for end := time.Now().Add(patience); ; { // the server sees one after the other end
		p := s.from(enemyHome)
		r, err := p.try(http.MethodPost, "/v1/login", nil)
		if err == nil && r.code() == "unauthenticated" {
			break
		}
		if time.Now().After(end) {
			t.Fatalf("who has closed its connections is not let in: %d, %v", r.status, err)
		}
	}
	s.sawInLog(`"msg":"too many connections","from":"127.0.0.1/32"`)
}

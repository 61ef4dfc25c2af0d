package e2e

import (
	"bufio"
	"bytes"
	"crypto/tls"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net"
	"net/http"
	"os"
	"path/filepath"
	"strconv"
	"strings"
	"syscall"
	"testing"
	"time"

	"github.com/redim-tools/redim/pkg/e2e/canary"
	"github.com/redim-tools/redim/pkg/vault"
)

// The machine has many addresses of its own, and the application of a siege may
// come from each of these. Enemies come from the first.
const (
	enemyHome  = "127.0.0.1"
	friendHome = "127.0.0.2"
)

// siege is one vault serve with an application that may have much, and enemies
// around it who may have nothing.
type siege struct {
	vaultHome
	server     *member
	credential string
	log        string
}

// besiege serves a vault with web01/root and web02/root.
func besiege(t *testing.T, settings ...string) *siege {
	t.Helper()
	h := newVaultHome(t, "sqlite:"+filepath.Join(t.TempDir(), "vault.db"), "web01/root", "web02/root")
	s := &siege{vaultHome: h, credential: h.generate("nightly"), log: filepath.Join(h.env["HOME"], "serve.log")}
	h.must("admin", "integrations", "edit", "nightly", "--add-ip", friendHome)
	s.server = h.serve(settings...)
	t.Cleanup(func() {
		text, _ := os.ReadFile(s.log)
		if found := canary.Find(text); found != "" || strings.Contains(string(text), s.credential) {
			t.Errorf("the log holds a secret, encoding: %q", found)
		}
		if t.Failed() {
			t.Logf("the server said: %s", text[max(0, len(text)-4000):])
		}
	})
	return s
}

// serve starts a server with some settings and waits until it is ready.
func (h vaultHome) serve(settings ...string) *member {
	h.Helper()
	args := []string{"serve", "--dev", "--listen", "127.0.0.1:0"}
	for _, text := range settings {
		args = append(args, "--set", text)
	}
	cmd := h.command("admin", args...)
	out, err := cmd.StdoutPipe()
	soundly(h.T, err)
	log, err := os.OpenFile(filepath.Join(h.env["HOME"], "serve.log"), os.O_CREATE|os.O_APPEND|os.O_WRONLY, 0o600)
	soundly(h.T, err)
	defer log.Close()
	cmd.Stderr = log
	soundly(h.T, cmd.Start())
	h.Cleanup(func() { _ = cmd.Process.Signal(syscall.SIGTERM); _ = cmd.Wait() })
	line, err := bufio.NewReader(out).ReadString('\n')
	url, ready := strings.CutPrefix(strings.TrimSpace(line), "ready ")
	if !ready {
		text, _ := os.ReadFile(log.Name())
		h.Fatalf("vault serve said %q, %v: %s", line, err, text)
	}
	return &member{url: url, cmd: cmd}
}

func (s *siege) host() string { return strings.TrimPrefix(s.server.url, "https://") }

// dial opens a connection from an address of this machine.
func dial(t *testing.T, from, to string) net.Conn {
	t.Helper()
	c, err := (&net.Dialer{LocalAddr: &net.TCPAddr{IP: net.ParseIP(from)}, Timeout: time.Minute}).DialContext(t.Context(), "tcp", to)
	soundly(t, err)
	t.Cleanup(func() { _ = c.Close() })
	return c
}

// handshake opens a connection up to where the protocol begins: h2 or http/1.1.
func (s *siege) handshake(protocol string) *tls.Conn {
	s.Helper()
	c := tls.Client(dial(s.T, enemyHome, s.host()), &tls.Config{InsecureSkipVerify: true, MinVersion: tls.VersionTLS12, NextProtos: []string{protocol}})
	soundly(s.T, c.SetDeadline(time.Now().Add(3*time.Minute)), c.HandshakeContext(s.Context()))
	if got := c.ConnectionState().NegotiatedProtocol; got != protocol {
		s.Fatalf("the server speaks %q", got)
	}
	return c
}

// reply is an answer as it came.
type reply struct {
	status int
	header http.Header
	body   []byte
}

// code is that of a problem document; empty: it is none.
func (r reply) code() string {
	var doc struct {
		Code   string `json:"code"`
		Status int    `json:"status"`
	}
	if r.header.Get("Content-Type") != "application/problem+json" || json.Unmarshal(r.body, &doc) != nil || doc.Status != r.status {
		return ""
	}
	return doc.Code
}

// text is a member of the document.
func (r reply) text(name string) string {
	var doc map[string]any
	_ = json.Unmarshal(r.body, &doc)
	text, _ := doc[name].(string)
	return text
}

// last is a request that ends its connection.
const last = "GET /openapi.json HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\n\r\n"

// raw sends bytes over a connection of their own, and reads all answers up to its
// end. The bytes have to end it.
func (s *siege) raw(text string) []reply {
	s.Helper()
	c := s.handshake("http/1.1")
	defer func() { _ = c.Close() }()
	go func() { _, _ = io.WriteString(c, text) }()
	method, _, _ := strings.Cut(text, " ")
	var all []reply
	for in := bufio.NewReader(c); ; {
		res, err := http.ReadResponse(in, &http.Request{Method: method})
		if errors.Is(err, os.ErrDeadlineExceeded) {
			s.Fatalf("the connection was left open after %.100q", text)
		}
		if err != nil {
			return all
		}
		body, err := io.ReadAll(res.Body)
		_ = res.Body.Close()
		if err != nil {
			return all
		}
		all = append(all, reply{res.StatusCode, res.Header, body})
	}
}

// person is an application, or somebody who poses as one.
type person struct {
	*siege
	client *http.Client
	token  string
}

func (s *siege) from(address string) *person {
	dialer := &net.Dialer{LocalAddr: &net.TCPAddr{IP: net.ParseIP(address)}}
	config := &tls.Config{InsecureSkipVerify: true, MinVersion: tls.VersionTLS12} // which certificate that is, is not what is tried
	transport := &http.Transport{DialContext: dialer.DialContext, TLSClientConfig: config, ForceAttemptHTTP2: true, MaxIdleConnsPerHost: 16}
	s.Cleanup(transport.CloseIdleConnections)
	return &person{siege: s, client: &http.Client{Transport: transport, Timeout: 2 * time.Minute}}
}

// friend is the application, signed in from an address where no enemy is.
func (s *siege) friend() *person { s.Helper(); return s.from(friendHome).signIn(s.credential) }

func (p *person) signIn(credential string) *person {
	p.Helper()
	r := p.post("/v1/login", map[string]string{"name": "nightly", "credential": credential})
	if r.status != http.StatusOK {
		p.Fatalf("log-in: %d %s", r.status, r.body)
	}
	return &person{p.siege, p.client, r.text("token")}
}

func (p *person) post(path string, body any, headers ...string) reply {
	p.Helper()
	text, err := json.Marshal(body)
	soundly(p.T, err)
	return p.call(http.MethodPost, path, bytes.NewReader(text), append([]string{"Content-Type", "application/json"}, headers...)...)
}

// call makes one call; headers are names and values in turns.
func (p *person) call(method, path string, body io.Reader, headers ...string) reply {
	p.Helper()
	r, err := p.try(method, path, body, headers...)
	soundly(p.T, err)
	return r
}

func (p *person) try(method, path string, body io.Reader, headers ...string) (reply, error) {
	req, err := http.NewRequestWithContext(p.Context(), method, p.server.url+path, body)
	if err != nil {
		return reply{}, err
	}
	for n := 0; n < len(headers); n += 2 {
		req.Header.Add(headers[n], headers[n+1])
	}
	if p.token != "" && req.Header.Get("Authorization") == "" {
		req.Header.Set("Authorization", "Bearer "+p.token)
	}
	res, err := p.client.Do(req)
	if err != nil {
		return reply{}, err
	}
	defer res.Body.Close()
	text, err := io.ReadAll(res.Body)
	return reply{res.StatusCode, res.Header, text}, err
}

// theRoot asks for web01/root.
func theRoot(more ...any) map[string]any {
	ask := map[string]any{"system": "web01", "account": "root"}
	for n := 0; n < len(more); n += 2 {
		ask[fmt.Sprint(more[n])] = more[n+1]
	}
	return ask
}

// isRefused wants a problem document that holds no secret.
func (p *person) isRefused(what string, r reply, status int, code string) {
	p.Helper()
	if r.status != status || r.code() != code || canary.Find(r.body) != "" {
		p.Errorf("%s: %d %s %v, want %d %s", what, r.status, r.body, r.header, status, code)
	}
}

// isServed checks out and in, as one who may.
func (p *person) isServed() {
	p.Helper()
	out := p.post("/v1/checkouts", theRoot())
	if out.status != http.StatusCreated || out.text("secret") != "c4nary-web01/root" {
		p.Fatalf("check-out: %d %s", out.status, out.code())
	}
	if in := p.call(http.MethodPost, "/v1/checkouts/"+out.text("id")+"/checkin", nil); in.status != http.StatusOK {
		p.Fatalf("check-in: %d %s", in.status, in.body)
	}
}

// released counts the secrets that are on record as released, and checks that the
// record is sound.
func (s *siege) released() int {
	s.Helper()
	v := s.open()
	defer func() { _ = v.Close() }()
	s.sound(v)
	page, err := v.Leases(s.Context(), vault.LeaseCriteria{Paging: vault.Paging{Limit: vault.MaxPage}}, "")
	soundly(s.T, err)
	events := 0
	for _, list := range s.releases(v) {
		events += len(list)
	}
	if events != len(page.Items) {
		s.Errorf("%d events of releases, %d leases", events, len(page.Items))
	}
	return events
}

// untouched wants that nothing was released, and that who may is served all the same.
func (s *siege) untouched() {
	s.Helper()
	if n := s.released(); n != 0 {
		s.Errorf("%d secrets were released", n)
	}
	s.friend().isServed()
}

// metric reads a number that the server tells of itself.
func (s *siege) metric(name string) float64 {
	s.Helper()
	r := s.from(friendHome).call(http.MethodGet, "/metrics", nil)
	for line := range strings.Lines(string(r.body)) {
		if text, ok := strings.CutPrefix(line, name+" "); ok {
			value, err := strconv.ParseFloat(strings.TrimSpace(text), 64)
			soundly(s.T, err)
			return value
		}
	}
	s.Fatalf("there is no %s in %d %s", name, r.status, r.body)
	return 0
}

// calms waits until a number is small.
func (s *siege) calms(name string, most float64) {
	s.Helper()
	for end := time.Now().Add(patience); s.metric(name) > most; time.Sleep(10 * time.Millisecond) {
		if time.Now().After(end) {
			s.Fatalf("%s is still %v", name, s.metric(name))
		}
	}
}

// sawInLog wants a line of the log.
func (s *siege) sawInLog(what string) {
	s.Helper()
	text, err := os.ReadFile(s.log)
	soundly(s.T, err)
	if !strings.Contains(string(text), what) {
		s.Errorf("the log does not tell %s", what)
	}
}

// isSmall wants that the server has grown by so many MiB at most since it had so
// many bytes.
func (s *siege) isSmall(before float64, most int) {
	s.Helper()
	if grown := s.metric("process_resident_memory_bytes") - before; grown > float64(most*weight<<20) {
		s.Errorf("the server has grown by %.0f bytes", grown)
	}
}

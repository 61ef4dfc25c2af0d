package bench

import (
	"bufio"
	"context"
	"crypto/tls"
	"crypto/x509"
	"encoding/json"
	"fmt"
	"io"
	"net/http"
	"os"
	"os/exec"
	"path/filepath"
	"strconv"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/redim-tools/redim/pkg/server"
)

// BenchmarkServe asks vault serve over TLS, in turn with a bare server that
// answers a constant: a check-out is read, an integration signs in, a credential
// is checked out. docs/load measures the same with wrk, with a larger store.
func BenchmarkServe(b *testing.B) {
	s := startServe(b)
	for _, callers := range []int{1, 8, 64} {
		for _, call := range []string{"read", "log-in", "checkout"} {
			b.Run(fmt.Sprintf("%s/%d", call, callers), func(b *testing.B) {
				bare := s.measure(b, s.bare, callers, s.hello)
				ours := s.measure(b, s.vault, callers, s.calls()[call])
				b.ReportMetric(ours.rate, "calls/s")
				b.ReportMetric(ours.cpu, "cpu-us/call")
				b.ReportMetric(bare.rate/ours.rate, "x-bare")
				b.ReportMetric(ours.cpu/bare.cpu, "x-bare-cpu")
			})
		}
	}
}

// serving is both servers, and a client that trusts them.
type serving struct {
	client     *http.Client
	vault      process
	bare       process
	credential string
	token      string
	checkout   string // the id of one
	run        string
}

// process is a server that runs.
type process struct {
	pid int
	url string
}

// rates are what one side did.
type rates struct{ rate, cpu float64 }

// serveCredentials is how many are checked out in turn.
const serveCredentials = 1000

func startServe(b *testing.B) *serving {
	b.Helper()
	dir := b.TempDir()
	made, err := server.MakeCertificate(dir, time.Now())
	if err != nil {
		b.Fatal(err)
	}
	vault := build(b, "../../cmd/vault")
	env := append(os.Environ(), "REDIM_STORE=sqlite:"+filepath.Join(dir, "vault.db"), "REDIM_KEY=file:"+filepath.Join(dir, "master.key"),
		"REDIM_CONFIG="+filepath.Join(dir, "settings.yaml"), "REDIM_DATA_DIR="+dir)
	s := &serving{run: strconv.FormatInt(time.Now().UnixNano(), 36)}
	s.fill(b, func(stdin string, args ...string) string { return output(b, vault, env, stdin, args...) })
	s.vault = serve(b, env, vault, "serve", "--listen", "127.0.0.1:0", "--set", "tls.cert_file="+made.Cert, "--set", "tls.key_file="+made.Key)
	s.bare = serve(b, env, build(b, "./testdata/bareserver"), "-cert", made.Cert, "-key", made.Key)
	s.client = trusting(b, made.Cert)
	s.token = s.member(b, "token", s.post("/v1/login", s.login()))
	s.checkout = s.member(b, "id", s.post("/v1/checkouts", `{"system":"web00000","account":"svc"}`))
	return s
}

// fill makes an integration, and credentials that anybody may share.
func (s *serving) fill(b *testing.B, vault func(stdin string, args ...string) string) {
	b.Helper()
	vault("", "policies", "new", "shared", "--exclusive", "no")
	rows := "system,account,policy,secret\n"
	for n := range serveCredentials {
		rows += fmt.Sprintf("web%05d,svc,shared,c4nary of the load %d\n", n, n)
	}
	vault(rows, "credentials", "import", "-")
	s.credential = strings.TrimSpace(vault("", "integrations", "new", "app", "--allow-ip", "127.0.0.1", "--grant", "web*/*", "--generate", "--field", "credential"))
}

func output(b *testing.B, path string, env []string, stdin string, args ...string) string {
	b.Helper()
	cmd := exec.CommandContext(b.Context(), path, args...)
	cmd.Env, cmd.Stdin = env, strings.NewReader(stdin)
	out, err := cmd.Output()
	if err != nil {
		b.Fatalf("%s: %v", args[0], err)
	}
	return string(out)
}

// serve starts a server, and waits until it says where it is.
func serve(b *testing.B, env []string, path string, args ...string) process {
	b.Helper()
	cmd := exec.CommandContext(context.WithoutCancel(b.Context()), path, args...)
	cmd.Env = env
	out, err := cmd.StdoutPipe()
	if err != nil {
		b.Fatal(err)
	}
	if err := cmd.Start(); err != nil {
		b.Fatal(err)
	}
	b.Cleanup(func() {
		_ = cmd.Process.Signal(os.Interrupt)
		_ = cmd.Wait()
	})
	line, err := bufio.NewReader(out).ReadString('\n')
	url, ok := strings.CutPrefix(strings.TrimSpace(line), "ready ")
	if err != nil || !ok {
		b.Fatalf("it says %q, %v", line, err)
	}
	return process{cmd.Process.Pid, url}
}

func trusting(b *testing.B, cert string) *http.Client {
	b.Helper()
	text, err := os.ReadFile(cert)
	if err != nil {
		b.Fatal(err)
	}
	pool := x509.NewCertPool()
	pool.AppendCertsFromPEM(text)
	t := &http.Transport{TLSClientConfig: &tls.Config{RootCAs: pool, MinVersion: tls.VersionTLS12}, MaxIdleConnsPerHost: 64}
	b.Cleanup(t.CloseIdleConnections)
	return &http.Client{Transport: t, Timeout: 30 * time.Second}
}

// asking makes the request of the n-th call.
type asking func(n int64) (*http.Request, error)

func (s *serving) hello(int64) (*http.Request, error) {
	return http.NewRequest(http.MethodGet, s.bare.url+"/hello", nil)
}

func (s *serving) login() string { return `{"name":"app","credential":"` + s.credential + `"}` }

func (s *serving) calls() map[string]asking {
	return map[string]asking{
		"read":   s.get("/v1/checkouts/" + s.checkout),
		"log-in": s.post("/v1/login", s.login()),
		"checkout": func(n int64) (*http.Request, error) {
			r, err := s.post("/v1/checkouts", fmt.Sprintf(`{"system":"web%05d","account":"svc"}`, n%serveCredentials))(n)
			if err == nil {
				r.Header.Set("Idempotency-Key", fmt.Sprintf("%s-%d", s.run, n))
			}
			return r, err
		},
	}
}

func (s *serving) get(path string) asking { return s.asking(http.MethodGet, path, "") }

func (s *serving) post(path, body string) asking { return s.asking(http.MethodPost, path, body) }

func (s *serving) asking(method, path, body string) asking {
	return func(int64) (*http.Request, error) {
		r, err := http.NewRequest(method, s.vault.url+path, strings.NewReader(body))
		if err == nil && body != "" {
			r.Header.Set("Content-Type", "application/json")
		}
		if err == nil && s.token != "" && path != "/v1/login" {
			r.Header.Set("Authorization", "Bearer "+s.token)
		}
		return r, err
	}
}

// ask makes one call, and returns the body of its answer.
func (s *serving) ask(ask asking, n int64) ([]byte, error) {
	r, err := ask(n)
	if err != nil {
		return nil, err
	}
	answer, err := s.client.Do(r)
	if err != nil {
		return nil, err
	}
	defer func() { _ = answer.Body.Close() }()
	body, err := io.ReadAll(answer.Body)
	if err == nil && answer.StatusCode >= http.StatusBadRequest {
		err = fmt.Errorf("%s: %s", answer.Status, body)
	}
	return body, err
}

// member makes a call, and returns one member of its answer.
func (s *serving) member(b *testing.B, name string, ask asking) string {
	b.Helper()
	body, err := s.ask(ask, 0)
	if err != nil {
		b.Fatal(err)
	}
	var doc map[string]any
	if err := json.Unmarshal(body, &doc); err != nil {
		b.Fatal(err)
	}
	text, _ := doc[name].(string)
	return text
}

// measure makes b.N calls of one server among so many callers.
func (s *serving) measure(b *testing.B, of process, callers int, ask asking) rates {
	b.Helper()
	var next atomic.Int64
	next.Store(time.Now().UnixNano()) // no key may come twice
	last := next.Load() + int64(b.N)
	before, begin := ticks(b, of.pid), time.Now()
	var wg sync.WaitGroup
	for range callers {
		wg.Go(func() {
			for n := next.Add(1); n <= last; n = next.Add(1) {
				if _, err := s.ask(ask, n); err != nil {
					b.Error(err)
					return
				}
			}
		})
	}
	wg.Wait()
	took := time.Since(begin)
	return rates{rate: float64(b.N) / took.Seconds(), cpu: float64((ticks(b, of.pid) - before).Microseconds()) / float64(b.N)}
}

// ticks is the processor time of a process, in steps of 10 ms.
func ticks(b *testing.B, pid int) time.Duration {
	b.Helper()
	text, err := os.ReadFile(fmt.Sprintf("/proc/%d/stat", pid))
	if err != nil {
		b.Fatal(err)
	}
	_, after, _ := strings.Cut(string(text), ") ")
	fields := strings.Fields(after)
	user, err1 := strconv.Atoi(fields[11])
	system, err2 := strconv.Atoi(fields[12])
	if err1 != nil || err2 != nil {
		b.Fatalf("%s", text)
	}
	return time.Duration(user+system) * 10 * time.Millisecond
}

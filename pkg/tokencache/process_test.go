package tokencache

import (
	"bufio"
	"context"
	"errors"
	"fmt"
	"io"
	"maps"
	"net"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/redim-tools/redim/pkg/pam"
	"github.com/redim-tools/redim/pkg/seal"
	"github.com/redim-tools/redim/pkg/secret"
)

// The tests of many processes run this binary again; what a child is to do
// stands in its environment.
const (
	envAddress = "REDIM_TEST_CACHE_SERVICE"
	envDir     = "REDIM_TEST_CACHE_DIR"
	envUser    = "REDIM_TEST_CACHE_USER"
)

func TestMain(m *testing.M) {
	if address := os.Getenv(envAddress); address != "" {
		os.Exit(child(address))
	}
	os.Exit(m.Run())
}

// child asks for its user's token as a command would: the key from the default
// key file, an impersonated log-in by way of the delegation identity. It prints
// the token or the class of the failure.
func child(address string) int {
	dir := os.Getenv(envDir)
	source, err := seal.ParseKeySource("", seal.Env{Dir: filepath.Join(dir, "state")})
	if err != nil {
		return 2
	}
	s := Open(Options{Dir: filepath.Join(dir, "cache"), Fingerprint: "fp", Key: source.Key,
		Warn: func(m string) { fmt.Fprintln(os.Stderr, m) }})
	if _, err := ask(address, "ready"); err != nil {
		return 3
	}
	user := os.Getenv(envUser)
	token, err := s.Token(context.Background(), pam.Identity{Name: user}, func(ctx context.Context) (pam.Token, error) {
		if _, err := s.Token(ctx, delegation(), func(context.Context) (pam.Token, error) { return ask(address, "delegation") }); err != nil {
			return pam.Token{}, err
		}
		return ask(address, user)
	})
	if f, ok := errors.AsType[*pam.Failure](err); ok {
		fmt.Println(f.Class)
		return 1
	}
	_ = token.Value.Reveal(func(b []byte) error { _, err := fmt.Printf("%s\n", b); return err })
	return 0
}

// ask puts one question to the service of the test.
func ask(address, question string) (pam.Token, error) {
	conn, err := net.DialTimeout("tcp", address, time.Minute)
	if err != nil {
		return pam.Token{}, pam.Failf(pam.ErrUnreachable, "%w", err)
	}
	defer conn.Close()
	_ = conn.SetDeadline(time.Now().Add(time.Minute))
	if _, err := fmt.Fprintln(conn, question); err != nil {
		return pam.Token{}, pam.Failf(pam.ErrUnreachable, "%w", err)
	}
	answer, err := bufio.NewReader(conn).ReadString('\n')
	if err != nil {
		return pam.Token{}, pam.Failf(pam.ErrUnreachable, "%w", err)
	}
	if answer == "refused\n" {
		return pam.Token{}, pam.Failf(pam.ErrDelegationRefused, "wrong password").WithHint("mend it")
	}
	return pam.Token{Value: secret.FromString(strings.TrimSpace(answer))}, nil
}

// service counts log-ins. It lets children start together: a child says that
// it is ready, and is answered when as many as wanted are.
type service struct {
	net.Listener
	refuse bool
	mu     sync.Mutex
	counts map[string]int
	start  chan struct{}
	once   sync.Once
	wanted int
}

func newService(t *testing.T, wanted int) *service {
	t.Helper()
	return serve(t, &service{wanted: wanted})
}

func serve(t *testing.T, s *service) *service {
	t.Helper()
	l, err := net.Listen("tcp", "127.0.0.1:0")
	must(t, err)
	s.Listener, s.counts, s.start = l, map[string]int{}, make(chan struct{})
	t.Cleanup(func() { _ = l.Close() })
	go func() {
		for {
			conn, err := l.Accept()
			if err != nil {
				return
			}
			go s.answer(conn)
		}
	}()
	return s
}

func (s *service) answer(conn net.Conn) {
	defer conn.Close()
	_ = conn.SetDeadline(time.Now().Add(time.Minute))
	question, err := bufio.NewReader(conn).ReadString('\n')
	if err != nil {
		return
	}
	question = strings.TrimSpace(question)
	if n := s.count(question); question == "ready" {
		if n >= s.wanted {
			s.open()
		}
		<-s.start
	}
	if s.refuse && question == "delegation" {
		question = "refused"
	}
	_, _ = io.WriteString(conn, question+"\n")
}

func (s *service) count(question string) int {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.counts[question]++
	return s.counts[question]
}

// open lets the children go.
func (s *service) open() { s.once.Do(func() { close(s.start) }) }

func (s *service) logins() map[string]int {
	s.mu.Lock()
	defer s.mu.Unlock()
	logins := maps.Clone(s.counts)
	delete(logins, "ready")
	return logins
}

func (s *service) command(t *testing.T, dir, user string) *exec.Cmd {
	cmd := exec.CommandContext(t.Context(), os.Args[0])
	cmd.Env = append(os.Environ(), envAddress+"="+s.Addr().String(), envDir+"="+dir, envUser+"="+user, "GORACE=atexit_sleep_ms=0")
	return cmd
}

// run starts a child per user, all at once, and returns what each said.
func (s *service) run(t *testing.T, dir string, users ...string) []string {
	t.Helper()
	said := make([]string, len(users))
	var wg sync.WaitGroup
	for i, user := range users {
		wg.Go(func() {
			cmd := s.command(t, dir, user)
			var stderr strings.Builder
			cmd.Stderr = &stderr
			out, err := cmd.Output()
			said[i] = strings.TrimSpace(string(out))
			if stderr.Len() != 0 || (said[i] == "" && err != nil) {
				t.Errorf("process %d: %v, %s", i, err, stderr.String())
			}
		})
	}
	wg.Wait()
	return said
}

func repeat(user string, n int) []string {
	users := make([]string, n)
	for i := range users {
		users[i] = user
	}
	return users
}

func TestFiftyProcessesOfOneUserSignInOnce(t *testing.T) {
	t.Parallel()
	s, dir := newService(t, 50), t.TempDir()
	for i, said := range s.run(t, dir, repeat("alice", 50)...) {
		if said != "alice" {
			t.Errorf("process %d got %q", i, said)
		}
	}
	if got := s.logins(); !maps.Equal(got, map[string]int{"delegation": 1, "alice": 1}) {
		t.Fatalf("log-ins %v", got)
	}
	for sub, want := range map[string]int{"cache/tokens": 2, "cache/locks": 2, "state": 1} {
		if left, err := os.ReadDir(filepath.Join(dir, sub)); err != nil || len(left) != want {
			t.Errorf("%s holds %v, %v", sub, left, err)
		}
	}
}

func TestFiftyUsersTakeOneDelegationLoginAndFiftyOfTheirOwn(t *testing.T) {
	t.Parallel()
	s, want := newService(t, 50), map[string]int{"delegation": 1}
	users := repeat("", 50)
	for i := range users {
		users[i] = fmt.Sprint("user", i)
		want[users[i]] = 1
	}
	s.run(t, t.TempDir(), users...)
	if got := s.logins(); !maps.Equal(got, want) {
		t.Fatalf("log-ins %v", got)
	}
}

func TestFiftyProcessesTryAWrongPasswordOnce(t *testing.T) {
	t.Parallel()
	s := serve(t, &service{wanted: 50, refuse: true})
	users := append(repeat("alice", 25), repeat("bob", 25)...)
	for i, said := range s.run(t, t.TempDir(), users...) {
		if said != string(pam.ErrDelegationRefused) {
			t.Errorf("process %d got %q", i, said)
		}
	}
	if got := s.logins(); !maps.Equal(got, map[string]int{"delegation": 1}) {
		t.Fatalf("log-ins %v", got)
	}
}

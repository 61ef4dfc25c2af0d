package e2e

import (
	"bufio"
	"context"
	"fmt"
	"math/rand/v2"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"sync"
	"syscall"
	"testing"
	"time"

	"github.com/redim-tools/redim/pkg/store/storetest"
)

// TestAFleetOutlivesItsServersAndItsPrimary lets applications check credentials
// out and in at three servers over one PostgreSQL, one of which is killed every
// few seconds; then the primary is stopped and its standby promoted. No answer
// may be without its event and its lease, and nobody may share a credential.
// REDIM_FLEET says for how long, 60s is the full length.
func TestAFleetOutlivesItsServersAndItsPrimary(t *testing.T) {
	primary := storetest.Start(t)
	standby := primary.Standby(t)
	long := duration(t, "REDIM_FLEET", 6*time.Second)
	f, credential := newFleet(t, primary.EitherURL(standby, "postgres"), 3)
	stop := f.load(credential)
	for end := time.Now().Add(long); time.Now().Before(end); {
		time.Sleep(min(long/3, 5*time.Second))
		f.replace(rand.IntN(3))
	}
	f.calm()
	primary.Kill()
	time.Sleep(time.Second)
	standby.Promote(t)
	f.recovers(10 * time.Second)
	time.Sleep(long / 3)
	stop()
	f.settle()
}

// newFleet launches servers over one store with three credentials, and an
// integration whose own credential it returns.
func newFleet(t *testing.T, address string, servers int) (*fleet, string) {
	t.Helper()
	h := newVaultHome(t, address, "web01/root", "web02/root", "web03/root")
	f := &fleet{vaultHome: h, client: h.trusting(), codes: map[string]int{}, holders: map[string]string{}, told: map[string]string{}}
	t.Cleanup(func() {
		if text, _ := os.ReadFile(filepath.Join(h.env["HOME"], "serve.log")); t.Failed() {
			t.Logf("the servers said: %s", text[max(0, len(text)-4000):])
		}
	})
	credential := h.generate("fleet")
	for range servers {
		f.servers = append(f.servers, f.launch())
	}
	return f, credential
}

// load has six applications at work until stop is called, and returned.
func (f *fleet) load(credential string) (stop func()) {
	ctx, cancel := context.WithCancel(f.Context())
	var all sync.WaitGroup
	for n := range 6 {
		all.Go(func() { f.application(ctx, fmt.Sprint("app", n), credential) })
	}
	return func() {
		cancel()
		all.Wait()
	}
}

// fleet is some servers over one store, and what their callers were told.
type fleet struct {
	vaultHome
	client *caller

	pace     time.Duration // how long an application rests between two check-outs
	mu       sync.Mutex
	servers  []*member
	outage   bool              // nothing may be able to answer now
	last     time.Time         // of the last check-out
	holders  map[string]string // by credential: the lease, while a caller holds it
	told     map[string]string // by comment: the lease of a secret that was handed out
	answered int
	said     string         // the last answer, in words
	codes    map[string]int // how often each problem was the answer
}

// member is one server.
type member struct {
	url string
	cmd *exec.Cmd
}

// launch starts a server and waits until it is ready.
func (f *fleet) launch() *member {
	f.Helper()
	cmd := f.command("admin", "serve", "--dev", "--listen", "127.0.0.1:0")
	out, err := cmd.StdoutPipe()
	if err != nil {
		f.Fatal(err)
	}
	log, err := os.OpenFile(filepath.Join(f.env["HOME"], "serve.log"), os.O_CREATE|os.O_APPEND|os.O_WRONLY, 0o600)
	if err != nil {
		f.Fatal(err)
	}
	defer log.Close()
	cmd.Stderr = log
	if err := cmd.Start(); err != nil {
		f.Fatal(err)
	}
	f.Cleanup(func() { _ = cmd.Process.Signal(syscall.SIGTERM); _ = cmd.Wait() })
	line, err := bufio.NewReader(out).ReadString('\n')
	url, ready := strings.CutPrefix(strings.TrimSpace(line), "ready ")
	if !ready {
		f.Fatalf("vault serve said %q, %v", line, err)
	}
	return &member{url: url, cmd: cmd}
}

// replace kills a server without a word, and starts another.
func (f *fleet) replace(n int) {
	f.Helper()
	f.mu.Lock()
	was := f.servers[n]
	f.mu.Unlock()
	_ = was.cmd.Process.Kill()
	_ = was.cmd.Wait()
	fresh := f.launch()
	f.mu.Lock()
	f.servers[n] = fresh
	f.mu.Unlock()
}

func (f *fleet) any() string {
	f.mu.Lock()
	defer f.mu.Unlock()
	return f.servers[rand.IntN(len(f.servers))].url
}

// calm lets answers be refused from now on, as nothing can answer.
func (f *fleet) calm() {
	f.mu.Lock()
	defer f.mu.Unlock()
	if f.answered == 0 {
		f.Errorf("nobody got anything; the last answer was %s", f.said)
	}
	f.outage = true
}

// recovers waits for a check-out that began after now.
func (f *fleet) recovers(within time.Duration) {
	f.Helper()
	began := time.Now()
	for time.Since(began) < within {
		f.mu.Lock()
		if f.last.After(began) {
			f.outage = false
			f.mu.Unlock()
			f.Logf("the first check-out after the promotion came after %s; %d before", time.Since(began).Round(time.Millisecond), f.answered)
			return
		}
		f.mu.Unlock()
		time.Sleep(10 * time.Millisecond)
	}
	f.Fatalf("no check-out within %s of the promotion; the last answer was %s", within, f.said)
}

// settle compares what callers were told with what is on record.
func (f *fleet) settle() {
	f.Helper()
	v := f.open()
	defer func() { _ = v.Close() }()
	f.sound(v)
	events := f.releases(v)
	for comment, lease := range f.told {
		list := events[comment]
		if len(list) == 0 || list[0].Lease != lease {
			f.Errorf("check-out %s was told lease %s, and has %d events", comment, lease, len(list))
		}
	}
	open := map[string]string{}
	for _, l := range f.held(v) {
		open[l.Credential] = l.ID
	}
	for credential, lease := range f.holders {
		if open[credential] != lease {
			f.Errorf("%s is held as %s, and open as %q", credential, lease, open[credential])
		}
	}
	f.Logf("%d secrets were handed out", len(f.told))
}

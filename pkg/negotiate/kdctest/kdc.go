//go:build linux

package kdctest

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"net"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"syscall"
	"testing"
	"time"
)

// KDC is a running service that gives tickets. It is for one goroutine.
type KDC struct {
	Realm  string
	Dir    string // everything is in it
	Config string // krb5.conf, for KRB5_CONFIG
	Port   int

	env     []string
	ahead   time.Duration
	start   func(*KDC) *exec.Cmd
	running *exec.Cmd
	exited  chan struct{}
	output  *bytes.Buffer
}

// ErrMissing is wrapped by the error that names a missing program.
var ErrMissing = errors.New("is not installed")

// find looks for a program, also where only root's path leads.
func find(name, pkg string) (string, error) {
	for _, dir := range append(filepath.SplitList(os.Getenv("PATH")), "/usr/sbin", "/sbin") {
		path := filepath.Join(dir, name)
		if info, err := os.Stat(path); err == nil && info.Mode()&0o111 != 0 {
			return path, nil
		}
	}
	return "", fmt.Errorf("%s %w: it is in Debian's package %s", name, ErrMissing, pkg)
}

// need skips or fails a test.
func need(tb testing.TB, err error) {
	tb.Helper()
	switch {
	case errors.Is(err, ErrMissing):
		tb.Skip(err)
	case err != nil:
		tb.Fatal(err)
	}
}

// freePort is a port that nothing listens on at the moment.
func freePort() (int, error) {
	l, err := (&net.ListenConfig{}).Listen(context.Background(), "tcp", "127.0.0.1:0")
	if err != nil {
		return 0, err
	}
	defer func() { _ = l.Close() }()
	_, port, err := net.SplitHostPort(l.Addr().String())
	if err != nil {
		return 0, err
	}
	var n int
	_, err = fmt.Sscan(port, &n)
	return n, err
}

// writeConfig writes krb5.conf. Further lines may be added to [libdefaults].
func (k *KDC) writeConfig() error {
	host := strings.ToLower(k.Realm)
	return os.WriteFile(k.Config, fmt.Appendf(nil, `[libdefaults]
	default_realm = %s
	dns_lookup_kdc = false
	dns_lookup_realm = false
	rdns = false
	dns_canonicalize_hostname = false
	udp_preference_limit = 1
	default_ccache_name = FILE:%s/cc
[realms]
	%s = {
		kdc = 127.0.0.1:%d
	}
[domain_realm]
	localhost = %s
	.%s = %s
`, k.Realm, k.Dir, k.Realm, k.Port, k.Realm, host, k.Realm), 0o644)
}

// Env is the environment of programs that use this realm.
func (k *KDC) Env() []string { return append(os.Environ(), k.env...) }

// run runs a program with input.
func (k *KDC) run(input, name string, args ...string) error {
	ctx, cancel := context.WithTimeout(context.Background(), 5*time.Minute)
	defer cancel()
	cmd := k.command(ctx, name, args...)
	cmd.Stdin = strings.NewReader(input)
	out, err := cmd.CombinedOutput()
	if err != nil {
		return fmt.Errorf("%s: %w: %s", filepath.Base(name), err, out)
	}
	return nil
}

// command makes a command in the realm's environment and time.
func (k *KDC) command(ctx context.Context, name string, args ...string) *exec.Cmd {
	cmd := exec.CommandContext(ctx, name, args...)
	cmd.Env, cmd.Dir = k.Env(), k.Dir
	if k.ahead != 0 {
		cmd.Env = append(cmd.Env, "LD_PRELOAD="+fakeTime(), fmt.Sprintf("FAKETIME=%+ds", int(k.ahead.Seconds())), "FAKETIME_DONT_RESET=1")
	}
	cmd.SysProcAttr = &syscall.SysProcAttr{Pdeathsig: syscall.SIGKILL}
	return cmd
}

// fakeTime is the library that puts a program's clock forward.
func fakeTime() string {
	found, _ := filepath.Glob("/usr/lib/*/faketime/libfaketime.so.1")
	if len(found) == 0 {
		return ""
	}
	return found[0]
}

// up starts the service and waits until it listens.
func (k *KDC) up() error {
	k.output = &bytes.Buffer{}
	cmd := k.start(k)
	cmd.Stdout, cmd.Stderr = k.output, k.output
	if err := cmd.Start(); err != nil {
		return err
	}
	exited := make(chan struct{})
	go func() { _ = cmd.Wait(); close(exited) }()
	k.running, k.exited = cmd, exited
	return k.listens()
}

func (k *KDC) listens() error {
	dialer := net.Dialer{Timeout: time.Second}
	for deadline := time.Now().Add(time.Minute); time.Now().Before(deadline); {
		conn, err := dialer.DialContext(context.Background(), "tcp", fmt.Sprintf("127.0.0.1:%d", k.Port))
		if err == nil {
			return conn.Close()
		}
		select {
		case <-k.exited:
			return fmt.Errorf("the KDC ended at once: %s", k.output)
		case <-time.After(20 * time.Millisecond):
		}
	}
	k.Stop()
	return fmt.Errorf("the KDC does not listen on port %d: %s", k.Port, k.output)
}

// Stop ends the service, so that nobody answers any more.
func (k *KDC) Stop() {
	if k.running == nil {
		return
	}
	_ = k.running.Process.Signal(syscall.SIGTERM)
	select {
	case <-k.exited:
	case <-time.After(5 * time.Second):
		_ = k.running.Process.Kill()
		<-k.exited
	}
	k.running = nil
}

// Restart starts the service again, with its clock put forward by ahead (or
// back). What is run through the KDC from then on lives in that time too.
func (k *KDC) Restart(ahead time.Duration) error {
	if ahead != 0 && fakeTime() == "" {
		return fmt.Errorf("libfaketime %w: it is in Debian's package libfaketime", ErrMissing)
	}
	k.Stop()
	k.ahead = ahead
	return k.up()
}

// Kinit gets a ticket into a new credential cache and returns its path. Flags
// are those of kinit, such as -l 1h.
func (k *KDC) Kinit(user, password string, flags ...string) (string, error) {
	f, err := os.CreateTemp(k.Dir, "cc-")
	if err != nil {
		return "", err
	}
	_ = f.Close()
	err = k.run(password+"\n", "kinit", append(append([]string{"-c", "FILE:" + f.Name()}, flags...), user)...)
	return f.Name(), err
}

package e2e

import (
	"fmt"
	"net"
	"net/http"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"syscall"
	"testing"
	"time"
)

// unit is vault-serve.service as systemd would run it, on a socket that this
// process holds as systemd does.
type unit struct {
	*siege
	socket  *os.File
	notify  *net.UnixConn
	env     []string
	command []string

	credentials string // the directory of what systemd hands over
}

// newUnit reads the unit that the packages bring, with other directories.
func newUnit(t *testing.T) *unit {
	t.Helper()
	h := newVaultHome(t, "sqlite:"+filepath.Join(t.TempDir(), "vault.db"), "web01/root", "web02/root")
	credentials := filepath.Join(h.env["HOME"], "credentials")
	soundly(t, os.Mkdir(credentials, 0o700))
	u := &unit{credentials: credentials, siege: &siege{vaultHome: h, credential: h.generate("nightly"), log: filepath.Join(h.env["HOME"], "serve.log")}}
	u.must("admin", "integrations", "edit", "nightly", "--add-ip", friendHome)
	dev := u.serve() // makes a certificate
	soundly(t, dev.cmd.Process.Kill())
	for name, from := range map[string]string{"master.key": "master.key", "server.pem": "dev/dev-cert.pem", "server.key": "dev/dev-key.pem"} {
		text, err := os.ReadFile(filepath.Join(h.env["REDIM_DATA_DIR"], from))
		soundly(t, err, os.WriteFile(filepath.Join(credentials, name), text, 0o400))
	}
	soundly(t, os.Rename(filepath.Join(h.env["REDIM_DATA_DIR"], "master.key"), filepath.Join(h.env["HOME"], "root.key")))
	h.must("admin", "config", "set", "store", h.env["REDIM_STORE"])
	h.must("admin", "config", "set", "key", "file:"+filepath.Join(h.env["HOME"], "root.key"))
	delete(h.env, "REDIM_STORE")
	text, err := os.ReadFile(filepath.Join(root, "docs/systemd/vault-serve.service"))
	soundly(t, err)
	state := strings.NewReplacer("${CREDENTIALS_DIRECTORY}", credentials, "/etc/redim/settings.yaml", h.env["REDIM_CONFIG"], "/var/lib/redim", h.env["REDIM_DATA_DIR"], "/var/cache/redim", h.env["REDIM_CACHE_DIR"])
	for line := range strings.Lines(string(text)) {
		key, value, _ := strings.Cut(strings.TrimSpace(line), "=")
		switch key {
		case "ExecStart":
			u.command = strings.Fields(state.Replace(value))
		case "Environment":
			u.env = strings.Fields(state.Replace(value))
		}
	}
	return u
}

// listen opens the sockets that systemd would.
func (u *unit) listen() {
	u.Helper()
	l, err := (&net.ListenConfig{}).Listen(u.Context(), "tcp", "127.0.0.1:0")
	soundly(u.T, err)
	tcp, _ := l.(*net.TCPListener)
	u.socket, err = tcp.File()
	soundly(u.T, err)
	u.Cleanup(func() { _, _ = u.socket.Close(), tcp.Close() })
	u.server = &member{url: "https://" + l.Addr().String()}
	dir, err := os.MkdirTemp("", "n") // the path of a socket is short
	soundly(u.T, err)
	u.Cleanup(func() { _ = os.RemoveAll(dir) })
	u.notify, err = net.ListenUnixgram("unixgram", &net.UnixAddr{Name: filepath.Join(dir, "s"), Net: "unixgram"})
	soundly(u.T, err)
	u.Cleanup(func() { _ = u.notify.Close() })
}

// start runs the command of the unit with an inherited socket. The shell is
// there because LISTEN_PID is the id of the very process.
func (u *unit) start() {
	u.Helper()
	cmd := exec.CommandContext(u.Context(), "sh", append([]string{"-c", `LISTEN_PID=$$; export LISTEN_PID; exec vault "$@"`, "sh"}, u.command[1:]...)...)
	cmd.Env = os.Environ()
	for name, value := range u.vaultHome.env {
		cmd.Env = append(cmd.Env, name+"="+value)
	}
	cmd.Env = append(append(cmd.Env, u.env...), "CREDENTIALS_DIRECTORY="+u.credentials, "LISTEN_FDS=1", "LISTEN_FDNAMES=vault-serve.socket", "NOTIFY_SOCKET="+u.notify.LocalAddr().String(), "WATCHDOG_USEC=200000")
	cmd.ExtraFiles = []*os.File{u.socket}
	log, err := os.OpenFile(u.log, os.O_CREATE|os.O_APPEND|os.O_WRONLY, 0o600)
	soundly(u.T, err)
	cmd.Stderr = log
	soundly(u.T, cmd.Start(), log.Close())
	u.server.cmd = cmd
	u.Cleanup(func() { _ = cmd.Process.Kill(); _ = cmd.Wait() })
}

// hears waits until the service has said these.
func (u *unit) hears(words ...string) {
	u.Helper()
	soundly(u.T, u.notify.SetReadDeadline(time.Now().Add(time.Minute)))
	for b := make([]byte, 100); len(words) > 0; {
		n, err := u.notify.Read(b)
		if err != nil {
			text, _ := os.ReadFile(u.log)
			u.Fatalf("the service does not say %q: %v; %s", words, err, text)
		}
		words = slices.DeleteFunc(words, func(w string) bool { return w == string(b[:n]) })
	}
}

// TestTheServiceRunsAsItsUnitSays plays systemd: the command line, environment and
// credentials of the unit, an inherited socket, and what the service tells. Who
// calls while it is stopped is answered by its successor.
func TestTheServiceRunsAsItsUnitSays(t *testing.T) {
	t.Parallel()
	u := newUnit(t)
	u.listen()
	u.start()
	u.hears("READY=1", "WATCHDOG=1")
	u.friend().isServed()
	soundly(t, u.server.cmd.Process.Signal(syscall.SIGTERM))
	u.hears("STOPPING=1")
	soundly(t, u.server.cmd.Wait())
	answer := make(chan error, 1)
	go func() {
		r, err := u.from(enemyHome).try(http.MethodGet, "/openapi.json", nil)
		if err == nil && r.status != http.StatusOK {
			err = fmt.Errorf("%d %s", r.status, r.body)
		}
		answer <- err
	}()
	u.start()
	u.hears("READY=1")
	soundly(t, <-answer)
	u.friend().isServed()
	if n := u.released(); n != 2 {
		t.Errorf("%d secrets were released", n)
	}
}

// TestDevTakesNoSocketButALoopbackOne hands over one of another kind: what --dev
// would refuse to listen at, it does not take either.
func TestDevTakesNoSocketButALoopbackOne(t *testing.T) {
	t.Parallel()
	u := newUnit(t)
	u.listen()
	dir, err := os.MkdirTemp("", "n")
	soundly(t, err)
	t.Cleanup(func() { _ = os.RemoveAll(dir) })
	l, err := net.ListenUnix("unix", &net.UnixAddr{Name: filepath.Join(dir, "s"), Net: "unix"})
	soundly(t, err)
	t.Cleanup(func() { _ = l.Close() })
	u.socket, err = l.File()
	soundly(t, err)
	u.command = append(u.command, "--dev")
	u.start()
	if err := u.server.cmd.Wait(); u.server.cmd.ProcessState.ExitCode() != 2 {
		t.Error(err)
	}
	u.sawInLog("none of a loopback address")
}

// TestSystemdHandsItsSocketOver lets the program of systemd itself listen and run
// the service at the first connection.
func TestSystemdHandsItsSocketOver(t *testing.T) {
	t.Parallel()
	activate, err := exec.LookPath("systemd-socket-activate")
	if err != nil {
		t.Skip("systemd-socket-activate is not installed (Debian: systemd)")
	}
	s := besiege(t)
	free, err := (&net.ListenConfig{}).Listen(t.Context(), "tcp", "127.0.0.1:0")
	soundly(t, err)
	s.server = &member{url: "https://" + free.Addr().String()}
	args := []string{"--listen=" + s.host(), "--setenv=PATH"}
	for name, value := range s.env {
		args = append(args, "--setenv="+name+"="+value)
	}
	soundly(t, free.Close())
	person, err := exec.LookPath("person")
	soundly(t, err)
	cmd := exec.CommandContext(t.Context(), activate, append(args, person, "admin", "serve", "--dev", "--listen", "127.0.0.1:1")...)
	log, err := os.OpenFile(s.log, os.O_CREATE|os.O_APPEND|os.O_WRONLY, 0o600)
	soundly(t, err)
	cmd.Stderr = log
	soundly(t, cmd.Start(), log.Close())
	t.Cleanup(func() { _ = cmd.Process.Signal(syscall.SIGTERM); _ = cmd.Wait() })
	for end := time.Now().Add(time.Minute); ; { // until it listens
		r, err := s.from(friendHome).try(http.MethodGet, "/healthz", nil)
		if err == nil && r.status == http.StatusOK {
			break
		}
		if time.Now().After(end) {
			t.Fatalf("%d, %v", r.status, err)
		}
		time.Sleep(10 * time.Millisecond)
	}
	s.friend().isServed()
}

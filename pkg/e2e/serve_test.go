package e2e

import (
	"bufio"
	"context"
	"flag"
	"io"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"syscall"
	"time"

	"github.com/rogpeppe/go-internal/testscript"
)

// serving starts vault serve --dev with the script's settings, waits until it is
// ready, and stops it at the end of the script. SERVER is its address and CA its
// certificate; what it logs is in serve.log. "serving stop" ends it before, and
// "serving kill" does so without a word.
func serving(ts *testscript.TestScript, args []string) {
	switch strings.Join(args, " ") {
	case "stop":
		stopServing(ts, syscall.SIGTERM)
		return
	case "kill":
		stopServing(ts, syscall.SIGKILL)
		return
	}
	f := flag.NewFlagSet("serving", flag.ContinueOnError)
	f.SetOutput(io.Discard)
	log := f.String("log", "serve.log", "where its log goes")
	ts.Check(f.Parse(args))
	line := background(ts, *log, "ready ", append([]string{"serve", "--dev", "--listen", "127.0.0.1:0"}, f.Args()...))
	ts.Setenv("SERVER", strings.TrimPrefix(line, "ready "))
	ts.Setenv("CA", filepath.Join(ts.Getenv("XDG_DATA_HOME"), "redim", "dev", "dev-cert.pem"))
}

// demo starts vault demo, and sets CURL to the command that it tells.
func demo(ts *testscript.TestScript, args []string) {
	ts.Setenv("CURL", background(ts, "demo.log", "curl ", append([]string{"demo", "--listen", "127.0.0.1:0"}, args...)))
}

// background starts a command of vault, which ends with the script, and returns
// the first line of its output that begins so.
func background(ts *testscript.TestScript, log, begins string, args []string) string {
	path, err := exec.LookPath("vault")
	ts.Check(err)
	cmd := exec.CommandContext(context.Background(), path, args...)
	cmd.Dir = ts.MkAbs(".")
	for _, name := range serverVars() {
		cmd.Env = append(cmd.Env, name+"="+ts.Getenv(name))
	}
	out, err := cmd.StdoutPipe()
	ts.Check(err)
	file, err := os.OpenFile(ts.MkAbs(log), os.O_CREATE|os.O_APPEND|os.O_WRONLY, 0o600)
	ts.Check(err)
	cmd.Stderr = file
	ts.Check(cmd.Start())
	watchOf(ts).serving = func(how os.Signal) {
		_ = cmd.Process.Signal(how)
		hung := time.AfterFunc(time.Minute, func() { _ = cmd.Process.Kill() })
		_ = cmd.Wait()
		hung.Stop()
		_ = file.Close()
	}
	ts.Defer(func() { stopServing(ts, syscall.SIGTERM) })
	lines := bufio.NewScanner(out)
	for lines.Scan() {
		if strings.HasPrefix(lines.Text(), begins) {
			go func() { _, _ = io.Copy(io.Discard, out) }()
			return lines.Text()
		}
	}
	stopServing(ts, syscall.SIGTERM)
	ts.Fatalf("vault %s ended before it was ready; its log: %s", args[0], ts.ReadFile(log))
	return ""
}

func stopServing(ts *testscript.TestScript, how os.Signal) {
	w := watchOf(ts)
	if stop := w.serving; stop != nil {
		w.serving = nil
		stop(how)
	}
}

// serverVars are the variables of a script that a server has to have too.
func serverVars() []string {
	return []string{
		"HOME", "PATH", "TMPDIR", "XDG_CONFIG_HOME", "XDG_CACHE_HOME", "XDG_STATE_HOME", "XDG_DATA_HOME", "LANG", "TZ", "GORACE", "GOCOVERDIR",
		"REDIM_CONFIG", "REDIM_STORE", "REDIM_KEY", "REDIM_PROFILE",
	}
}

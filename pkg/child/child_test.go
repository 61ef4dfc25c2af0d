//go:build unix

package child_test

import (
	"bytes"
	"errors"
	"io"
	"os"
	"path/filepath"
	"strings"
	"syscall"
	"testing"
	"time"

	"github.com/redim-tools/redim/pkg/child"
)

// shell runs a script and returns how it ended and what it wrote.
func shell(t *testing.T, script string, env ...string) (child.Status, string) {
	t.Helper()
	var out bytes.Buffer
	status, err := run(t, child.Command{Args: []string{"sh", "-c", script}, Env: append(env, "PATH="+os.Getenv("PATH")), Out: &out, Err: &out})
	if err != nil {
		t.Error(err)
	}
	return status, out.String()
}

func run(t *testing.T, c child.Command) (child.Status, error) {
	t.Helper()
	path, err := child.Find(c.Args[0])
	if err != nil {
		t.Fatal(err)
	}
	c.Path = path
	signals := child.Watch()
	defer signals.Stop()
	return child.Run(c, signals)
}

func TestAProgramEndsAsItEnds(t *testing.T) {
	t.Parallel()
	tests := map[string]child.Status{
		"true":                   {},
		"exit 7":                 {Code: 7},
		"exit 255":               {Code: 255},
		"kill -TERM $$; sleep 9": {Code: 143, Signal: syscall.SIGTERM},
		"kill -KILL $$":          {Code: 137, Signal: syscall.SIGKILL},
	}
	for script, want := range tests {
		if got, _ := shell(t, script); got != want {
			t.Errorf("%s: %+v, want %+v", script, got, want)
		}
	}
}

func TestAProgramGetsItsEnvironmentAndNoOther(t *testing.T) {
	t.Parallel()
	if _, out := shell(t, "echo $A$HOME", "A=b"); out != "b\n" {
		t.Errorf("%q", out)
	}
}

func TestAProgramReadsWhatIsGiven(t *testing.T) {
	t.Parallel()
	var out bytes.Buffer
	status, err := run(t, child.Command{Args: []string{"cat"}, In: strings.NewReader("words"), Out: &out, Err: io.Discard})
	if err != nil || status.Code != 0 || out.String() != "words" {
		t.Error(status, err, out.String())
	}
	if _, out := shell(t, "cat; echo end"); out != "end\n" {
		t.Errorf("%q", out)
	}
}

func TestWhatIsNoProgramHasTheShellsCodes(t *testing.T) {
	t.Parallel()
	dir := t.TempDir()
	text := filepath.Join(dir, "text")
	if err := os.WriteFile(text, []byte("no program"), 0o600); err != nil {
		t.Fatal(err)
	}
	for name, code := range map[string]int{"no-such-program": child.CodeNotFound, filepath.Join(dir, "absent"): child.CodeNotFound, text: child.CodeNotRun, dir: child.CodeNotRun} {
		_, err := child.Find(name)
		failed, ok := errors.AsType[*child.NotRunError](err)
		if !ok || failed.Code != code || !strings.HasPrefix(failed.Error(), name) || failed.Unwrap() == nil {
			t.Errorf("%s: %v", name, err)
		}
	}
	if err := os.Chmod(text, 0o700); err != nil {
		t.Fatal(err)
	}
	_, err := run(t, child.Command{Args: []string{text}, Out: io.Discard, Err: io.Discard})
	if failed, ok := errors.AsType[*child.NotRunError](err); !ok || failed.Code != child.CodeNotRun {
		t.Error(err)
	}
}

// TestWhatAProgramLeavesBehindIsNotWaitedFor has a background process keep the
// pipe open, which would otherwise be read until the test's time is over.
func TestWhatAProgramLeavesBehindIsNotWaitedFor(t *testing.T) {
	t.Parallel()
	lots := strings.Repeat("x", 60_000) // fits into the pipe
	_, out := shell(t, "printf %s \"$LOTS\"; sleep 1000 & echo $!", "LOTS="+lots)
	pid, ok := strings.CutPrefix(out, lots)
	if !ok {
		t.Fatalf("%d bytes came", len(out))
	}
	_, _ = shell(t, "kill "+strings.TrimSpace(pid))
}

// slow takes what it gets only after a while, and in pieces.
type slow struct{ bytes.Buffer }

func (s *slow) Write(b []byte) (int, error) {
	<-time.After(time.Millisecond)
	return s.Buffer.Write(b)
}

func TestASlowReaderGetsEverything(t *testing.T) {
	t.Parallel()
	var out slow
	var pid bytes.Buffer
	status, err := run(t, child.Command{Args: []string{"sh", "-c", "i=0; while [ $i -lt 9999 ]; do echo 0123456789012345678; i=$((i+1)); done; sleep 1000 & echo $! >&2"}, Out: &out, Err: &pid})
	if err != nil || status.Code != 0 || out.Len() != 9999*20 {
		t.Error(status, err, out.Len())
	}
	_, _ = shell(t, "kill "+strings.TrimSpace(pid.String()), "PATH="+os.Getenv("PATH"))
}

type broken struct{ err error }

func (b broken) Write([]byte) (int, error) { return 0, b.err }

func TestOutputThatCanNotBeWrittenEndsTheProgramAsAClosedPipeDoes(t *testing.T) {
	t.Parallel()
	full := errors.New("no space left")
	status, err := run(t, child.Command{Args: []string{"yes"}, Out: broken{full}, Err: io.Discard})
	if status.Signal != syscall.SIGPIPE || !errors.Is(err, full) {
		t.Errorf("%+v, %v", status, err)
	}
}

func TestAFileIsHandedOnAsItIs(t *testing.T) {
	t.Parallel()
	file, err := os.Create(filepath.Join(t.TempDir(), "out"))
	if err != nil {
		t.Fatal(err)
	}
	if status, err := run(t, child.Command{Args: []string{"sh", "-c", "test -f /dev/stdout && echo to a file"}, Env: []string{"PATH=" + os.Getenv("PATH")}, Out: file, Err: file}); err != nil || status.Code != 0 {
		t.Error(status, err)
	}
	if err := file.Close(); err != nil {
		t.Fatal(err)
	}
	if text, err := os.ReadFile(file.Name()); err != nil || string(text) != "to a file\n" {
		t.Errorf("%q, %v", text, err)
	}
}

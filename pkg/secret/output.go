package secret

import (
	"bytes"
	"errors"
	"fmt"
	"os/exec"
	"time"
)

// Output runs a command that prints a secret, and returns what it wrote to
// standard output, with the newline at its end taken off; at most MaxLen bytes.
// What it writes to standard error is dropped, for that may hold the secret.
//
// The command runs in a process group of its own. When the context that it was
// made with ends, the whole group is killed.
func Output(cmd *exec.Cmd) (Value, error) {
	b, err := output(cmd)
	if err != nil {
		return Value{}, err
	}
	text := bytes.TrimSuffix(bytes.TrimSuffix(b, []byte("\n")), []byte("\r"))
	if len(text) > MaxLen {
		clear(b)
		return Value{}, errTooLong
	}
	return New(text), nil
}

// output takes a command that can be changed, and returns a buffer of the
// caller's.
func output(cmd *exec.Cmd) ([]byte, error) {
	cmd.WaitDelay = time.Second
	ownGroup(cmd)
	out := &boundedBuffer{}
	cmd.Stdout = out
	err := cmd.Run()
	if err == nil || errors.Is(err, exec.ErrWaitDelay) && cmd.ProcessState.Success() {
		return out.b, nil
	}
	clear(out.b)
	if out.full {
		err = errTooLong
	}
	return nil, err
}

// WhyNoOutput tells in a few words why Output failed, and nothing of what the
// command printed.
func WhyNoOutput(err error) string {
	var exit *exec.ExitError
	switch {
	case errors.As(err, &exit) && exit.ExitCode() >= 0:
		return fmt.Sprintf("the command ended with code %d", exit.ExitCode())
	case errors.As(err, &exit):
		return "the command was killed"
	case errors.Is(err, errTooLong):
		return "the command prints more than 64 KiB"
	}
	return "the command can't be run"
}

// boundedBuffer takes MaxLen bytes and a newline, then refuses.
type boundedBuffer struct {
	b    []byte
	full bool
}

func (w *boundedBuffer) Write(p []byte) (int, error) {
	if w.b == nil {
		w.b = make([]byte, 0, MaxLen+2)
	}
	if len(w.b)+len(p) > cap(w.b) {
		w.full = true
		return 0, errTooLong
	}
	w.b = append(w.b, p...)
	return len(p), nil
}

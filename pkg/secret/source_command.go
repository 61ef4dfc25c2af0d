package secret

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"os/exec"
	"runtime"
	"time"
)

// CommandTimeout bounds how long the command of a cmd: source may take, unless
// the Resolver says otherwise.
const CommandTimeout = 30 * time.Second

func (r Resolver) command(ctx context.Context, s Source) ([]byte, error) {
	run := r.Run
	if run == nil {
		run = runShell
	}
	limited, cancel := context.WithTimeout(ctx, r.timeout())
	defer cancel()
	b, err := run(limited, s.Arg)
	switch {
	case err == nil:
		return b, nil
	case ctx.Err() != nil:
		return nil, ctx.Err()
	case limited.Err() != nil:
		return nil, s.failed(fmt.Sprintf("the command took longer than %s", r.timeout()), "it must not wait for an answer; run it by hand to see")
	}
	return nil, s.failed(commandReason(err), "run the command by hand to see what it says")
}

func (r Resolver) timeout() time.Duration { return cmp.Or(r.Timeout, CommandTimeout) }

// runShell hands the line to the system's shell and returns what it prints to
// standard output. What it prints to standard error is dropped: it may hold
// the secret. Standard input is empty.
func runShell(ctx context.Context, line string) ([]byte, error) {
	cmd := exec.CommandContext(ctx, "/bin/sh", "-c", line)
	if runtime.GOOS == "windows" {
		cmd = exec.CommandContext(ctx, "cmd.exe", "/C", line)
	}
	cmd.WaitDelay = time.Second
	out := &boundedBuffer{}
	cmd.Stdout = out
	err := cmd.Run()
	if err == nil || errors.Is(err, exec.ErrWaitDelay) && ctx.Err() == nil {
		return out.b, nil
	}
	clear(out.b)
	if out.full {
		err = errTooLong
	}
	return nil, err
}

// commandReason tells the exit code and nothing of the output.
func commandReason(err error) string {
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

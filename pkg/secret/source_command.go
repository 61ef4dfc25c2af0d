package secret

import (
	"cmp"
	"context"
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
	return nil, s.failed(WhyNoOutput(err), "run the command by hand to see what it says")
}

func (r Resolver) timeout() time.Duration { return cmp.Or(r.Timeout, CommandTimeout) }

// runShell hands the line to the system's shell and returns what it prints to
// standard output. Standard input is empty.
func runShell(ctx context.Context, line string) ([]byte, error) {
	if runtime.GOOS == "windows" {
		return output(exec.CommandContext(ctx, "cmd.exe", "/C", line))
	}
	return output(exec.CommandContext(ctx, "/bin/sh", "-c", line))
}

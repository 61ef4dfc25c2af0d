package child

import (
	"errors"
	"io"
	"os"
	"os/exec"
	"os/signal"
	"time"
)

// Signals keeps Ctrl-C from ending this process; the console sends it to the
// program as well.
type Signals struct{ c chan os.Signal }

// Watch begins to do so.
func Watch() *Signals {
	s := &Signals{c: make(chan os.Signal, 32)}
	signal.Notify(s.c, os.Interrupt)
	return s
}

// Stop lets Ctrl-C end the process again.
func (s *Signals) Stop() { signal.Stop(s.c) }

// patience is how long output is waited for that others keep open.
const patience = time.Second

// Run runs a program and waits until it has ended. There are no pseudo-terminals
// here: with a Terminal, it gets the console itself and its output a pipe. The
// error is a NotRunError when it could not be started; any other stands beside a
// Status and says that output was lost.
func Run(c Command, _ *Signals) (Status, error) {
	cmd := &exec.Cmd{Path: c.Path, Args: c.Args, Env: c.Env, Stdin: c.In, Stdout: c.Out, Stderr: c.Err, WaitDelay: patience}
	if c.Terminal != nil {
		cmd.Stdin, cmd.Stdout, cmd.Stderr = c.Terminal.Person, orElse(c.Out, c.Terminal.Screen), orElse(c.Err, c.Terminal.Screen)
	}
	if err := cmd.Start(); err != nil {
		return Status{}, c.started(err)
	}
	err := cmd.Wait()
	if _, exited := errors.AsType[*exec.ExitError](err); exited || errors.Is(err, exec.ErrWaitDelay) {
		err = nil
	}
	return Status{Code: cmd.ProcessState.ExitCode()}, err
}

func orElse(w, other io.Writer) io.Writer {
	if w == nil {
		return other
	}
	return w
}

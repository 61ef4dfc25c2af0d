//go:build unix

package child

import (
	"errors"
	"io"
	"os"
	"os/exec"
	"runtime"
	"syscall"
)

// Run runs a program and waits until it has ended. Signals that s collects are
// passed on to it. The error is a NotRunError when it could not be started; any
// other stands beside a Status and says that output was lost.
func Run(c Command, s *Signals) (Status, error) {
	runtime.LockOSThread() // its end would be that of its parent to the program
	defer runtime.UnlockOSThread()
	w, err := c.wire()
	if err != nil {
		return Status{}, err
	}
	cmd := &exec.Cmd{Path: c.Path, Args: c.Args, Env: c.Env, Stdin: c.In, Stdout: w.out, Stderr: w.err, SysProcAttr: &syscall.SysProcAttr{}, WaitDelay: patience}
	if w.terminal != nil {
		cmd.Stdin = w.terminal.slave
	}
	to := w.arrange(cmd.SysProcAttr, s)
	err = cmd.Start()
	w.closeTheirs()
	if err != nil {
		w.abandon()
		return Status{}, c.started(err)
	}
	to.pid = cmd.Process.Pid
	w.begin()
	ended := make(chan struct{})
	go func() {
		_ = cmd.Wait() // the status tells all
		close(ended)
	}()
	s.until(ended, to, w.terminal)
	return statusOf(cmd.ProcessState), w.finish()
}

func statusOf(p *os.ProcessState) Status {
	const bySignal = 128
	if w, ok := p.Sys().(syscall.WaitStatus); ok && w.Signaled() {
		return Status{Code: bySignal + int(w.Signal()), Signal: w.Signal()}
	}
	return Status{Code: p.ExitCode()}
}

// wiring is what lies between a program's output and where it goes.
type wiring struct {
	out, err *os.File // the program's own
	theirs   []*os.File
	drains   []*drain
	terminal *terminal // nil: none
}

// wire makes the pipes and the terminal.
func (c Command) wire() (*wiring, error) {
	w := &wiring{}
	if c.Terminal != nil {
		t, err := openTerminal(c.Terminal)
		if err != nil {
			return nil, c.started(err)
		}
		w.terminal = t
		w.theirs = append(w.theirs, t.slave)
		w.drains = append(w.drains, newDrain(t.master, c.Terminal.Screen, true))
	}
	var failed error
	w.out, failed = w.output(c.Out)
	if c.Err != nil && c.Err == c.Out {
		w.err = w.out
	} else if failed == nil {
		w.err, failed = w.output(c.Err)
	}
	if failed != nil {
		w.closeTheirs()
		w.abandon()
		return nil, c.started(failed)
	}
	return w, nil
}

// output is the program's end of one output.
func (w *wiring) output(to io.Writer) (*os.File, error) {
	if f, ok := to.(*os.File); ok {
		return f, nil
	}
	if to == nil && w.terminal != nil {
		return w.terminal.slave, nil
	}
	ours, theirs, err := os.Pipe()
	if err != nil {
		return nil, err
	}
	w.theirs = append(w.theirs, theirs)
	w.drains = append(w.drains, newDrain(ours, to, false))
	return theirs, nil
}

// arrange says which process group the program is in, and who gets signals.
func (w *wiring) arrange(attr *syscall.SysProcAttr, s *Signals) target {
	dieTogether(attr)
	switch {
	case w.terminal != nil:
		attr.Setsid, attr.Setctty = true, true // of its standard input
		s.also(syscall.SIGTSTP)
		return target{group: true}
	case s.inFront:
		return target{both: true}
	}
	attr.Setpgid = true
	s.also(syscall.SIGTSTP)
	return target{group: true}
}

func (w *wiring) closeTheirs() {
	for _, f := range w.theirs {
		_ = f.Close()
	}
}

// abandon is for a program that was not started.
func (w *wiring) abandon() {
	for _, d := range w.drains {
		_ = d.from.Close()
	}
}

// begin puts the person's terminal into raw mode before anything is shown there:
// until then it ends lines in its own way, on top of what the program's does.
func (w *wiring) begin() {
	w.terminal.attach()
	for _, d := range w.drains {
		go d.run()
	}
}

// finish gets what the program has left in pipes and terminal.
func (w *wiring) finish() error {
	var failed error
	for _, d := range w.drains {
		failed = errors.Join(failed, d.finish())
	}
	w.terminal.detach()
	return failed
}

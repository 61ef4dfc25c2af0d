//go:build unix

package child

import (
	"os"
	"os/signal"
	"slices"
	"syscall"

	"golang.org/x/sys/unix"
)

// Signals collects the signals of this process, to pass them on. While it does,
// none of them ends the process.
type Signals struct {
	c chan os.Signal
	// inFront: this process is in the foreground of a terminal, which sends its
	// own signals to all processes there.
	inFront bool
}

// Watch begins to collect signals, but for those that the process was told to
// ignore.
func Watch() *Signals {
	s := &Signals{c: make(chan os.Signal, 32), inFront: inFront()}
	s.also(syscall.SIGHUP, syscall.SIGINT, syscall.SIGQUIT, syscall.SIGTERM, syscall.SIGUSR1, syscall.SIGUSR2, syscall.SIGWINCH, syscall.SIGCONT)
	return s
}

// Stop lets signals do again what the system does with them.
func (s *Signals) Stop() { signal.Stop(s.c) }

func (s *Signals) also(list ...os.Signal) {
	list = slices.DeleteFunc(list, signal.Ignored)
	if len(list) > 0 {
		signal.Notify(s.c, list...)
	}
}

// inFront reports whether this process is in the foreground of its terminal.
func inFront() bool {
	tty, err := os.OpenFile("/dev/tty", os.O_RDWR, 0)
	if err != nil {
		return false
	}
	defer func() { _ = tty.Close() }()
	return isInFront(tty)
}

func isInFront(tty *os.File) bool {
	group := 0
	conn, err := tty.SyscallConn()
	if err == nil {
		err = conn.Control(func(fd uintptr) { group, _ = unix.IoctlGetInt(int(fd), unix.TIOCGPGRP) })
	}
	return err == nil && group == unix.Getpgrp()
}

// target is the processes that get the signals.
type target struct {
	pid   int
	group bool // all of its process group, which it leads
	// asks leaves out what the terminal has sent to the program as well.
	both bool
}

func (t target) pass(s os.Signal) {
	number, ok := s.(syscall.Signal)
	if !ok || t.both && (number == syscall.SIGINT || number == syscall.SIGQUIT) {
		return
	}
	pid := t.pid
	if t.group {
		pid = -pid
	}
	_ = syscall.Kill(pid, number) // it may just have ended
}

// until passes signals on until the program has ended.
func (s *Signals) until(ended <-chan struct{}, to target, t *terminal) {
	for {
		select {
		case <-ended:
			return
		case got := <-s.c:
			s.handle(got, to, t)
		}
	}
}

func (s *Signals) handle(got os.Signal, to target, t *terminal) {
	switch {
	case got == syscall.SIGWINCH && t != nil:
		t.resize() // the system tells the program
	case got == syscall.SIGTSTP:
		to.pass(got)
		t.detach()
		_ = syscall.Kill(os.Getpid(), syscall.SIGSTOP) // until somebody sends SIGCONT
	case got == syscall.SIGCONT:
		t.attach()
		to.pass(got)
	default:
		to.pass(got)
	}
}

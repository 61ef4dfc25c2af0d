package child

import (
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"os/exec"
	"syscall"
)

// Command is a program to be run.
type Command struct {
	Path string   // where Find found it
	Args []string // its name first
	Env  []string // NAME=VALUE; all that it gets

	// In is its standard input; nil is none. Out and Err are where its output
	// goes; nil is the terminal. A file is handed on as it is, all else goes
	// through a pipe; the same Out and Err through the same pipe.
	In       io.Reader
	Out, Err io.Writer

	// Terminal gives the program a pseudo-terminal of its own, which In is then.
	Terminal *Terminal
}

// Terminal is where a person sits. A program that runs at it gets a
// pseudo-terminal with its modes and its size; the person's is in raw mode
// meanwhile.
type Terminal struct {
	Person *os.File
	// Screen gets what is written to the pseudo-terminal. When it can Release
	// what it holds back, it is told to when nothing has come for a moment.
	Screen io.Writer
}

// Status is how a program ended.
type Status struct {
	Code   int            // 128 and the signal's number, if that ended it
	Signal syscall.Signal // 0: none did
}

// The codes of programs that can't be run, as shells have them.
const (
	CodeNotRun   = 126
	CodeNotFound = 127
)

// NotRunError says why a program can't be run.
type NotRunError struct {
	Name string
	Code int // CodeNotRun or CodeNotFound
	Err  error
}

// Error names the program and the reason.
func (e *NotRunError) Error() string {
	reason := e.Err
	if cause, ok := errors.AsType[*fs.PathError](e.Err); ok {
		reason = cause.Err
	}
	if cause, ok := errors.AsType[*exec.Error](e.Err); ok {
		reason = cause.Err
	}
	if errors.Is(reason, exec.ErrNotFound) {
		return e.Name + ": command not found"
	}
	return fmt.Sprintf("%s can't be run: %v", e.Name, reason)
}

// Unwrap returns the cause.
func (e *NotRunError) Unwrap() error { return e.Err }

// Find finds a program as a shell does. The error is a NotRunError.
func Find(name string) (string, error) {
	path, err := exec.LookPath(name)
	switch {
	case err == nil:
		return path, nil
	case errors.Is(err, exec.ErrNotFound), errors.Is(err, fs.ErrNotExist):
		return "", &NotRunError{Name: name, Code: CodeNotFound, Err: err}
	}
	return "", &NotRunError{Name: name, Code: CodeNotRun, Err: err}
}

// started makes the error of a program that could not be started.
func (c Command) started(err error) error {
	if err == nil {
		return nil
	}
	return &NotRunError{Name: c.Args[0], Code: CodeNotRun, Err: err}
}

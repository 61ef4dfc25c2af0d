package cli

import (
	"errors"
	"fmt"
	"strings"
	"syscall"

	"github.com/spf13/cobra"

	"github.com/redim-tools/redim/pkg/render"
	"github.com/redim-tools/redim/pkg/term"
)

// SilentError ends a command with a code after it has said all there is to say.
type SilentError struct{ Code int }

// Error names the code.
func (e *SilentError) Error() string { return fmt.Sprintf("exit %d", e.Code) }

// EndedError ends a command as the program ended that it ran. There is nothing to
// tell: the program has told it.
type EndedError struct {
	Code   int
	Signal syscall.Signal // that ended it; 0: none did
}

// Error names the code.
func (e *EndedError) Error() string { return fmt.Sprintf("the program ended with %d", e.Code) }

// CodeError is a failure with an exit code that is not its class's.
type CodeError struct {
	Code int
	Err  error
}

// Error is that of the failure.
func (e *CodeError) Error() string { return e.Err.Error() }

// Unwrap returns the failure.
func (e *CodeError) Unwrap() error { return e.Err }

// ownBand marks the commands that run a program.
const ownBand = "own exit codes"

// RunsProgram says that a command runs a program and ends with its exit code. Its
// own failures end with 100 to 119 then, never with 1 or 2.
func RunsProgram(cmd *cobra.Command) {
	if cmd.Annotations == nil {
		cmd.Annotations = map[string]string{}
	}
	cmd.Annotations[ownBand] = "yes"
}

// Own gives the failure of a command that runs a program a code of its own.
func Own(cmd *cobra.Command, err error) error {
	if err == nil || cmd.Annotations[ownBand] == "" {
		return err
	}
	switch codeOf(err) {
	case ExitOther:
		return &CodeError{Code: ExitOwnOther, Err: err}
	case ExitUsage:
		return &CodeError{Code: ExitOwnUsage, Err: err}
	}
	return err
}

func codeOf(err error) int {
	if coded, ok := errors.AsType[*CodeError](err); ok {
		return coded.Code
	}
	return CodeOf(classOf(err))
}

// Report tells a command's failure on standard error and returns the exit
// code: as JSON when the command was asked for JSON, else as one line with a
// hint below. A closed pipe at standard output is nobody's failure to tell.
func Report(app *App, err error) int {
	var silent *SilentError
	var ended *EndedError
	switch {
	case err == nil:
		return ExitOK
	case errors.As(err, &silent):
		return silent.Code
	case errors.As(err, &ended):
		return ended.Code
	case errors.Is(err, syscall.EPIPE):
		return ExitOther
	}
	class, message, hint := Describe(err)
	code := codeOf(err)
	if app.JSON {
		_ = render.Error(app.Streams.Err, render.Problem{Code: code, Class: string(class), Message: message, Hint: hint})
		return code
	}
	_, _ = fmt.Fprintf(app.Streams.Err, "%s: %s\n", app.Name, term.Safe(message))
	if hint != "" {
		_, _ = fmt.Fprintf(app.Streams.Err, "hint: %s\n", term.Safe(hint))
	}
	return code
}

// Say writes one line of talk to standard error; where the result is JSON, the
// line is too, so that standard error can be parsed as a whole.
func (a *App) Say(format string, args ...any) {
	if a.JSON {
		_ = render.Note(a.Streams.Err, "note", fmt.Sprintf(format, args...))
		return
	}
	_, _ = fmt.Fprintln(a.Streams.Err, term.Safe(fmt.Sprintf(format, args...)))
}

// Warn writes one line of warning to standard error, as Say does.
func (a *App) Warn(message string) {
	if a.JSON {
		_ = render.Note(a.Streams.Err, "warning", message)
		return
	}
	a.Say("%s: warning: %s", a.Name, message)
}

// WantsJSON looks for -o json in arguments that may not have parsed.
func WantsJSON(args []string) bool {
	for i, arg := range args {
		switch {
		case arg == "--":
			return false
		case arg == "-ojson", arg == "-o=json", arg == "--output=json":
			return true
		case (arg == "-o" || arg == "--output") && i+1 < len(args) && strings.EqualFold(args[i+1], "json"):
			return true
		}
	}
	return false
}

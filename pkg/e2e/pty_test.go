package e2e

import (
	"context"
	"errors"
	"flag"
	"fmt"
	"os"
	"os/exec"
	"strings"
	"time"

	"github.com/creack/pty"

	"github.com/redim-tools/redim/pkg/e2e/dialogue"
)

// ptyFailed is the exit code when a dialogue goes otherwise than written.
const ptyFailed = 99

// ptyMain is the program pty: it runs another at a terminal, plays a dialogue
// with it, shows what the terminal showed, and ends with its exit code.
func ptyMain(args []string) int {
	f := flag.NewFlagSet("pty", flag.ContinueOnError)
	out := f.String("out", "", "file for standard output, which else is the terminal")
	if err := f.Parse(args); err != nil || f.NArg() < 2 {
		_, _ = fmt.Fprintln(os.Stderr, "usage: pty [-out FILE] dialogue prog args...")
		return ptyFailed
	}
	steps, err := os.ReadFile(f.Arg(0))
	if err == nil {
		var code int
		if code, err = converse(*out, string(steps), f.Args()[1:]); err == nil {
			return code
		}
	}
	_, _ = fmt.Fprintln(os.Stderr, "pty:", err)
	return ptyFailed
}

func converse(out, steps string, command []string) (int, error) {
	ctx, cancel := context.WithTimeout(context.Background(), 30*time.Second)
	defer cancel()
	cmd := exec.CommandContext(ctx, command[0], command[1:]...)
	if out != "" {
		file, err := os.Create(out)
		if err != nil {
			return 0, err
		}
		defer func() { _ = file.Close() }()
		cmd.Stdout = file
	}
	terminal, err := startAt(cmd, &pty.Winsize{Rows: 40, Cols: 120})
	if err != nil {
		return 0, err
	}
	defer func() { _ = terminal.Close() }()
	screen := dialogue.Open(terminal)
	err = screen.Play(ctx, steps)
	if err != nil {
		cancel()
	}
	waited := cmd.Wait()
	if over := screen.Wait(context.WithoutCancel(ctx)); err == nil {
		err = over
	}
	_, _ = os.Stdout.WriteString(strings.ReplaceAll(screen.Transcript(), "\r\n", "\n"))
	var exit *exec.ExitError
	if err != nil || waited != nil && !errors.As(waited, &exit) {
		return 0, errors.Join(err, waited)
	}
	return cmd.ProcessState.ExitCode(), nil
}

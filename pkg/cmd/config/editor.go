package config

import (
	"context"
	"errors"
	"fmt"
	"os/exec"
	"runtime"
	"strings"

	"github.com/redim-tools/redim/pkg/pam"
	"github.com/redim-tools/redim/pkg/term"
)

// editorOf is the command line of the user's editor.
func editorOf(getenv func(string) string) (string, error) {
	for _, name := range []string{"VISUAL", "EDITOR"} {
		if editor := strings.TrimSpace(getenv(name)); editor != "" {
			return editor, nil
		}
	}
	return "", pam.Failf(pam.ErrUsage, "no editor is named: neither VISUAL nor EDITOR is set").
		WithHint("set one of them, for example: EDITOR=vi; or change single settings with: config set")
}

// runEditor runs the editor with the streams of this process. The variable may
// hold arguments, so a shell splits it, as it does for other programs. A signal
// is the editor's business while it runs: it may well go on after a Ctrl-C.
func runEditor(ctx context.Context, s *term.Streams, editor, file string) error {
	own := context.WithoutCancel(ctx)
	cmd := exec.CommandContext(own, "/bin/sh", "-c", editor+` "$@"`, "editor", file)
	if runtime.GOOS == "windows" {
		words := append(strings.Fields(editor), file)
		cmd = exec.CommandContext(own, words[0], words[1:]...)
	}
	cmd.Stdin, cmd.Stdout, cmd.Stderr = s.In, s.Out, s.Err
	err := cmd.Run()
	if exit, ok := errors.AsType[*exec.ExitError](err); ok && exit.ExitCode() >= 0 {
		return fmt.Errorf("it ended with code %d", exit.ExitCode())
	}
	return err
}

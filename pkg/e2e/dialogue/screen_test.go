package dialogue_test

import (
	"context"
	"io"
	"strings"
	"testing"
	"time"

	"github.com/redim-tools/redim/pkg/e2e/dialogue"
)

// pair is one end of two pipes.
type pair struct {
	io.Reader
	io.Writer
}

func terminal(t *testing.T) (program pair, closeOut func(), screen *dialogue.Screen) {
	t.Helper()
	toProgram, typed := io.Pipe()
	shown, fromProgram := io.Pipe()
	t.Cleanup(func() { _, _ = typed.Close(), fromProgram.Close() })
	closeOut = func() { _ = fromProgram.Close() }
	return pair{toProgram, fromProgram}, closeOut, dialogue.Open(pair{shown, typed})
}

func TestADialogueIsPlayed(t *testing.T) {
	t.Parallel()
	program, closeOut, screen := terminal(t)
	got := make(chan string, 1)
	go func() {
		defer closeOut()
		_, _ = io.WriteString(program, "Name")
		_, _ = io.WriteString(program, ": \x1b[6")
		_, _ = io.WriteString(program, "n")
		answer := make([]byte, 11)
		_, _ = io.ReadFull(program, answer)
		_, _ = io.WriteString(program, "thanks")
		got <- string(answer)
	}()
	steps := "# a comment\n\nexpect Name:\nsend \"alice\"\n expect thanks\n"
	if err := screen.Play(t.Context(), steps); err != nil {
		t.Fatal(err)
	}
	if answer := <-got; !strings.Contains(answer, "alice") || !strings.Contains(answer, "\x1b[1;1R") {
		t.Errorf("the program read %q", answer)
	}
	if err := screen.Wait(t.Context()); err != nil {
		t.Error(err)
	}
	if seen := screen.Transcript(); seen != "Name: \x1b[6nthanks" {
		t.Errorf("seen %q", seen)
	}
}

func TestADialogueThatGoesOtherwiseSaysWhere(t *testing.T) {
	t.Parallel()
	_, closeOut, screen := terminal(t)
	ctx, cancel := context.WithTimeout(t.Context(), 10*time.Millisecond)
	defer cancel()
	if err := screen.Play(ctx, "\nexpect never"); err == nil || !strings.Contains(err.Error(), `line 2 of the dialogue: no "never"`) {
		t.Error(err)
	}
	if err := screen.Wait(ctx); err == nil {
		t.Error("a terminal that is open was waited for")
	}
	closeOut()
	tests := map[string]string{
		"expect never": "ended before",
		"send alice":   "not a quoted text",
		"wait 3":       "neither expect nor send",
	}
	for steps, want := range tests {
		if err := screen.Play(t.Context(), steps); err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("%s: %v", steps, err)
		}
	}
}

package dialogue

import (
	"context"
	"fmt"
	"strconv"
	"strings"
)

// Play follows a dialogue: one step a line, `expect TEXT` or `send "TEXT"` with
// the text of send quoted as in Go, so that "\r" is Enter and "\x03" is Ctrl-C.
// Empty lines and lines that begin with # are skipped.
func (s *Screen) Play(ctx context.Context, steps string) error {
	for i, line := range strings.Split(steps, "\n") {
		line = strings.TrimSpace(line)
		if line == "" || strings.HasPrefix(line, "#") {
			continue
		}
		if err := s.step(ctx, line); err != nil {
			return fmt.Errorf("line %d of the dialogue: %w", i+1, err)
		}
	}
	return nil
}

func (s *Screen) step(ctx context.Context, line string) error {
	verb, rest, _ := strings.Cut(line, " ")
	rest = strings.TrimSpace(rest)
	switch verb {
	case "expect":
		return s.Expect(ctx, rest)
	case "send":
		text, err := strconv.Unquote(rest)
		if err != nil {
			return fmt.Errorf("%s is not a quoted text", rest)
		}
		return s.Send(text)
	}
	return fmt.Errorf("%q is neither expect nor send", verb)
}

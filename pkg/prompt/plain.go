package prompt

import (
	"context"
	"errors"
	"fmt"
	"strconv"
	"strings"

	"github.com/redim-tools/redim/pkg/secret"
	"github.com/redim-tools/redim/pkg/term"
)

// plain asks in lines of text, for dumb terminals and screen readers.
type plain struct{ streams *term.Streams }

func (p plain) Select(ctx context.Context, q Question, choices []string) (int, error) {
	if len(choices) == 0 {
		return 0, errors.New("nothing to choose from")
	}
	return onConsole(ctx, p.streams, func(c console) (int, error) {
		for i, choice := range choices {
			if _, err := fmt.Fprintf(c.out, "%3d) %s\n", i+1, term.Safe(choice)); err != nil {
				return 0, err
			}
		}
		pick := -1
		err := askUntil(c, q, fmt.Sprintf("%s [1-%d]: ", term.Safe(q.Label), len(choices)), func(line string) error {
			n, err := strconv.Atoi(line)
			if err != nil || n < 1 || n > len(choices) {
				return fmt.Errorf("a number from 1 to %d, please", len(choices))
			}
			pick = n - 1
			return nil
		})
		return pick, err
	})
}

func (p plain) Confirm(ctx context.Context, q Question) (bool, error) {
	line, err := p.line(ctx, q, term.Safe(q.Label)+" [y/N]: ")
	line = strings.ToLower(line)
	return line == "y" || line == "yes", err
}

func (p plain) ConfirmTyped(ctx context.Context, q Question, want string) (bool, error) {
	label := strings.Replace(term.Safe(q.Label)+", type", "?, type", "? Type", 1)
	line, err := p.line(ctx, q, fmt.Sprintf("%s %s to go on: ", label, term.Safe(want)))
	return err == nil && line == want, err
}

func (p plain) Text(ctx context.Context, q Question) (string, error) {
	label := term.Safe(q.Label)
	if q.Default != "" {
		label += " [" + term.Safe(q.Default) + "]"
	}
	return p.line(ctx, q, label+": ")
}

func (p plain) Secret(ctx context.Context, q Question) (secret.Value, error) {
	return onConsole(ctx, p.streams, func(c console) (secret.Value, error) {
		return askHidden(c, term.Safe(q.Label)+" (not shown): ")
	})
}

// line asks for one line until q.Validate is content with it.
func (p plain) line(ctx context.Context, q Question, label string) (string, error) {
	return onConsole(ctx, p.streams, func(c console) (string, error) {
		var answer string
		err := askUntil(c, q, label, func(line string) error {
			if line == "" {
				line = q.Default
			}
			answer = line
			if q.Validate == nil {
				return nil
			}
			return q.Validate(line)
		})
		return answer, err
	})
}

// askUntil asks again until accept returns nil.
func askUntil(c console, q Question, label string, accept func(string) error) error {
	if q.Help != "" {
		label = term.Safe(q.Help) + "\n" + label
	}
	for {
		if _, err := fmt.Fprint(c.out, label); err != nil {
			return err
		}
		line, err := readLine(c.in)
		if err != nil {
			return err
		}
		wrong := accept(strings.TrimSpace(line))
		if wrong == nil {
			return nil
		}
		if _, err := fmt.Fprintln(c.out, "  "+term.Safe(wrong.Error())); err != nil {
			return err
		}
	}
}

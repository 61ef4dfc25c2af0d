package prompt

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"strings"

	"github.com/AlecAivazis/survey/v2"
	"github.com/AlecAivazis/survey/v2/core"
	"github.com/AlecAivazis/survey/v2/terminal"

	"github.com/redim-tools/redim/pkg/secret"
	"github.com/redim-tools/redim/pkg/term"
)

// menus asks with menus and line editing; secrets as plain does.
type menus struct {
	plain
	colour bool
	keys   *keys
}

func (m menus) Select(ctx context.Context, q Question, choices []string) (int, error) {
	if len(choices) == 0 {
		return 0, errors.New("nothing to choose from")
	}
	safe := make([]string, len(choices))
	for i, c := range choices {
		safe[i] = term.Safe(c)
	}
	ask := &survey.Select{Message: term.Safe(q.Label) + ":", Help: term.Safe(q.Help), Options: safe, PageSize: 12}
	if i := slices.Index(choices, q.Default); i >= 0 {
		ask.Default = i
	}
	return draw[int](ctx, m, ask)
}

func (m menus) Confirm(ctx context.Context, q Question) (bool, error) {
	return draw[bool](ctx, m, &survey.Confirm{Message: term.Safe(q.Label), Help: term.Safe(q.Help)})
}

func (m menus) ConfirmTyped(ctx context.Context, q Question, want string) (bool, error) {
	label := fmt.Sprintf("%s, type %s to go on:", term.Safe(q.Label), term.Safe(want))
	got, err := draw[string](ctx, m, &survey.Input{Message: label, Help: term.Safe(q.Help)})
	return err == nil && strings.TrimSpace(got) == want, err
}

func (m menus) Text(ctx context.Context, q Question) (string, error) {
	ask := &survey.Input{Message: term.Safe(q.Label) + ":", Help: term.Safe(q.Help), Default: q.Default}
	got, err := draw[string](ctx, m, ask, survey.WithValidator(func(answer any) error {
		line, isText := answer.(string)
		if q.Validate == nil || !isText {
			return nil
		}
		return q.Validate(strings.TrimSpace(line))
	}))
	return strings.TrimSpace(got), err
}

// Secret reads without echo; what was typed ahead comes first.
func (m menus) Secret(ctx context.Context, q Question) (secret.Value, error) {
	typed, whole := m.keys.line()
	if whole {
		return secret.New(typed), ctx.Err()
	}
	return m.hidden(ctx, q, typed)
}

// draw runs one prompt of the menu library on the terminal.
func draw[T any](ctx context.Context, m menus, ask survey.Prompt, opts ...survey.AskOpt) (T, error) {
	return onConsole(ctx, m.streams, func(c console) (T, error) {
		var answer T
		if core.DisableColor == m.colour {
			core.DisableColor = !m.colour
		}
		m.keys.tty = c.in
		out := screen{c.out, m.keys}
		opts = append(opts, survey.WithStdio(m.keys, out, out))
		err := survey.AskOne(ask, &answer, opts...)
		if errors.Is(err, terminal.InterruptErr) {
			err = ErrCancelled
		}
		return answer, err
	})
}

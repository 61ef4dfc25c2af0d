package prompt

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"strings"

	"github.com/AlecAivazis/survey/v2/terminal"
	xterm "golang.org/x/term"

	"github.com/redim-tools/redim/pkg/term"
)

// menus shows choices as a menu; everything else is asked as plain asks it.
//
// The menu stands on the terminal layer of the prompt library (raw mode, keys,
// cursor) and not on its prompts: those link text/template, which alone makes
// every command a fifth bigger and slower to start.
type menus struct{ plain }

func (m menus) Select(ctx context.Context, q Question, choices []string) (int, error) {
	if len(choices) == 0 {
		return 0, errors.New("nothing to choose from")
	}
	pick := &menu{label: term.Safe(q.Label), help: term.Safe(q.Help), choices: make([]string, len(choices))}
	for i, c := range choices {
		pick.choices[i] = term.Safe(c)
	}
	pick.filter("")
	pick.at = max(0, slices.Index(choices, q.Default))
	return onConsole(ctx, m.streams, pick.ask)
}

// pageSize is how many choices are shown at one time.
const pageSize = 12

// menu is a list of choices on a terminal. Typing narrows it to the choices
// that hold what was typed.
type menu struct {
	label   string
	help    string
	choices []string
	typed   string
	fits    []int // the choices that hold typed
	at      int   // which of fits is marked
	drawn   int   // lines below the first one on the terminal

	cursor terminal.Cursor
	out    terminal.FileWriter
	width  int
}

func (m *menu) ask(c console) (pick int, err error) {
	stdio := terminal.Stdio{In: keys{c.in}, Out: c.out, Err: c.out}
	reader := terminal.NewRuneReader(stdio)
	if err := reader.SetTermMode(); err != nil {
		return 0, err
	}
	m.out, m.cursor = c.out, terminal.Cursor{In: stdio.In, Out: stdio.Out}
	m.width = columns(c)
	defer func() { err = errors.Join(err, m.cursor.Show(), reader.RestoreTermMode()) }()
	if err := m.cursor.Hide(); err != nil {
		return 0, err
	}
	for {
		if err := m.draw(); err != nil {
			return 0, err
		}
		key, _, err := reader.ReadRune()
		if err != nil {
			return 0, err
		}
		switch done, err := m.press(key); {
		case err != nil:
			return 0, errors.Join(err, m.close(""))
		case done:
			return m.fits[m.at], m.close(m.choices[m.fits[m.at]])
		}
	}
}

func columns(c console) int {
	width, _, err := xterm.GetSize(int(c.out.Fd()))
	if err != nil || width <= 0 {
		return 80
	}
	return width
}

// press applies one key; done means that the marked choice was taken.
func (m *menu) press(key rune) (done bool, err error) {
	switch key {
	case terminal.KeyInterrupt, terminal.KeyEndTransmission:
		return false, ErrCancelled
	case terminal.KeyEnter, '\n':
		return len(m.fits) > 0, nil
	case terminal.KeyArrowUp:
		m.move(-1)
	case terminal.KeyArrowDown, terminal.KeyTab:
		m.move(1)
	case terminal.KeyBackspace, terminal.KeyDelete:
		runes := []rune(m.typed)
		m.filter(string(runes[:max(0, len(runes)-1)]))
	default:
		if !term.Unsafe(key) {
			m.filter(m.typed + string(key))
		}
	}
	return false, nil
}

func (m *menu) move(by int) {
	if n := len(m.fits); n > 0 {
		m.at = (m.at + by + n) % n
	}
}

// filter keeps the choices that hold text, whatever the case.
func (m *menu) filter(text string) {
	m.typed, m.fits, m.at = text, nil, 0
	for i, c := range m.choices {
		if strings.Contains(strings.ToLower(c), strings.ToLower(text)) {
			m.fits = append(m.fits, i)
		}
	}
}

// lines are what the menu looks like now.
func (m *menu) lines() []string {
	lines := []string{fmt.Sprintf("%s: %s", m.label, m.typed)}
	if m.help != "" {
		lines = append(lines, "  "+m.help)
	}
	first := max(0, min(m.at-pageSize/2, len(m.fits)-pageSize))
	for i, choice := range m.fits[first:min(len(m.fits), first+pageSize)] {
		mark := "  "
		if first+i == m.at {
			mark = "> "
		}
		lines = append(lines, mark+m.choices[choice])
	}
	if len(m.fits) == 0 {
		lines = append(lines, "  nothing fits; press Backspace")
	}
	return append(lines, "  (arrows move, typing narrows, Enter takes)")
}

func (m *menu) draw() error { return m.show(m.lines()) }

// close leaves one line on the terminal: what was chosen.
func (m *menu) close(chosen string) error {
	if err := m.show([]string{m.label + ": " + chosen}); err != nil {
		return err
	}
	m.drawn = 0
	_, err := fmt.Fprint(m.out, "\r\n")
	return err
}

// show writes lines over those that stand there, each cut at the terminal's
// width so that none takes two rows.
func (m *menu) show(lines []string) error {
	if err := m.erase(); err != nil {
		return err
	}
	for i, line := range lines {
		if i > 0 {
			line = "\r\n" + clip(line, m.width-1)
		} else {
			line = clip(line, m.width-1)
		}
		if _, err := fmt.Fprint(m.out, line); err != nil {
			return err
		}
	}
	m.drawn = len(lines) - 1
	return nil
}

// erase empties the menu's lines and goes back to the first.
func (m *menu) erase() error {
	for range m.drawn {
		if err := terminal.EraseLine(m.out, terminal.ERASE_LINE_ALL); err != nil {
			return err
		}
		if err := m.cursor.Up(1); err != nil {
			return err
		}
	}
	if err := terminal.EraseLine(m.out, terminal.ERASE_LINE_ALL); err != nil {
		return err
	}
	_, err := fmt.Fprint(m.out, "\r")
	return err
}

// clip cuts a line at a number of columns.
func clip(line string, width int) string {
	for terminal.StringWidth(line) > max(1, width) {
		runes := []rune(line)
		line = string(runes[:len(runes)-1])
	}
	return line
}

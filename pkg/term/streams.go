package term

import (
	"io"
	"os"

	xterm "golang.org/x/term"
)

// Streams are standard input, output and error with the facts about them.
// Data goes to Out, talk goes to Err, questions go to the Console. Streams are
// not changed after they are made.
type Streams struct {
	In  io.Reader
	Out io.Writer
	Err io.Writer

	facts Facts
}

// Facts are what a Streams knows about itself.
type Facts struct {
	InTTY, OutTTY, ErrTTY bool
	// Columns is the width of the terminal at Out; 0 stands for 80.
	Columns int
	// OpenConsole opens the controlling terminal; nil when there is none.
	OpenConsole func() (*Console, error)
}

// System returns the streams of the process.
func System() *Streams {
	facts := Facts{
		InTTY:       isTTY(os.Stdin),
		OutTTY:      isTTY(os.Stdout),
		ErrTTY:      isTTY(os.Stderr),
		OpenConsole: openConsole,
	}
	return With(os.Stdin, os.Stdout, os.Stderr, facts)
}

// With returns streams over the given ones, with facts taken as they are told:
// a buffer can thus stand for a terminal.
func With(in io.Reader, out, err io.Writer, facts Facts) *Streams {
	return &Streams{In: in, Out: out, Err: err, facts: facts}
}

func isTTY(f *os.File) bool { return f != nil && xterm.IsTerminal(int(f.Fd())) }

// InteractiveIn reports whether In is a terminal.
func (s *Streams) InteractiveIn() bool { return s.facts.InTTY }

// InteractiveOut reports whether Out is a terminal.
func (s *Streams) InteractiveOut() bool { return s.facts.OutTTY }

// InteractiveErr reports whether Err is a terminal.
func (s *Streams) InteractiveErr() bool { return s.facts.ErrTTY }

// Width is the number of columns at Out, 80 when it can't be known.
func (s *Streams) Width() int {
	const usual = 80
	if s.facts.Columns > 0 {
		return s.facts.Columns
	}
	if f, ok := s.Out.(*os.File); ok && s.facts.OutTTY {
		if w, _, err := xterm.GetSize(int(f.Fd())); err == nil && w > 0 {
			return w
		}
	}
	return usual
}

// Colour reports whether Out may be coloured: it is a terminal, NO_COLOR is
// not set and the terminal can do more than lines.
func (s *Streams) Colour(getenv func(string) string) bool {
	return s.facts.OutTTY && getenv("NO_COLOR") == "" && !Dumb(getenv)
}

// Dumb reports whether the terminal can only write lines.
func Dumb(getenv func(string) string) bool { return getenv("TERM") == "dumb" }

// Merged returns the streams as a person at a terminal would see them: talk
// goes to Out, which counts as a terminal. There is nobody to ask.
func (s *Streams) Merged() *Streams {
	return With(s.In, s.Out, s.Out, Facts{OutTTY: true, ErrTTY: s.facts.OutTTY, Columns: s.facts.Columns})
}

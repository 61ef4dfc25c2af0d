package term

import (
	"errors"
	"os"
)

// Console is the terminal device that questions are asked on.
type Console struct {
	In  *os.File
	Out *os.File

	opened bool
}

// ErrNoConsole says that there is no terminal to ask on.
var ErrNoConsole = errors.New("no terminal")

// Close closes what was opened for the console; standard streams stay open.
func (c *Console) Close() error {
	if !c.opened {
		return nil
	}
	err := c.In.Close()
	if c.Out != c.In {
		err = errors.Join(err, c.Out.Close())
	}
	return err
}

// Console returns the terminal: In and Err when both are terminals, else the
// controlling terminal, else ErrNoConsole. The caller closes it.
func (s *Streams) Console() (*Console, error) {
	in, inFile := s.In.(*os.File)
	out, outFile := s.Err.(*os.File)
	if s.facts.InTTY && s.facts.ErrTTY && inFile && outFile {
		return &Console{In: in, Out: out}, nil
	}
	if s.facts.OpenConsole == nil {
		return nil, ErrNoConsole
	}
	c, err := s.facts.OpenConsole()
	if err != nil {
		return nil, errors.Join(ErrNoConsole, err)
	}
	return c, nil
}

// CanPrompt reports whether a question may be asked; see WhyNoPrompt.
func (s *Streams) CanPrompt(noInput bool, getenv func(string) string) bool {
	return s.WhyNoPrompt(noInput, getenv) == ""
}

// WhyNoPrompt says in a few words why no question may be asked, or "" when one
// may: a terminal is there, and none of noInput (the flag --no-input),
// REDIM_NO_INPUT and CI forbids it.
func (s *Streams) WhyNoPrompt(noInput bool, getenv func(string) string) string {
	switch {
	case noInput:
		return "--no-input is given"
	case isSet(getenv("REDIM_NO_INPUT")):
		return "REDIM_NO_INPUT is set"
	case isSet(getenv("CI")):
		return "CI is set"
	}
	if s.facts.InTTY && s.facts.ErrTTY {
		return ""
	}
	c, err := s.Console()
	if err != nil {
		return "there is no terminal"
	}
	if err := c.Close(); err != nil {
		return "the terminal can't be used"
	}
	return ""
}

func isSet(v string) bool { return v != "" && v != "0" && v != "false" }

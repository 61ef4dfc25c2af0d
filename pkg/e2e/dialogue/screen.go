package dialogue

import (
	"bytes"
	"context"
	"fmt"
	"io"
	"strings"
	"sync"
)

// Screen is the master side of a pseudo-terminal. It reads all that the program
// writes, and answers each question for the cursor's position.
type Screen struct {
	terminal io.ReadWriter

	mu       sync.Mutex
	seen     bytes.Buffer
	answered int           // how many cursor questions were answered
	from     int           // where Expect goes on looking
	more     chan struct{} // closed when seen grew
	over     bool
}

const (
	whereIsTheCursor = "\x1b[6n"
	theCursorIsHere  = "\x1b[1;1R"
)

// Open begins to read from terminal, until it is closed.
func Open(terminal io.ReadWriter) *Screen {
	s := &Screen{terminal: terminal, more: make(chan struct{})}
	go s.read()
	return s
}

func (s *Screen) read() {
	buf := make([]byte, 4096)
	for {
		n, err := s.terminal.Read(buf)
		questions := s.add(buf[:n], err != nil)
		if questions > 0 {
			_, _ = io.WriteString(s.terminal, strings.Repeat(theCursorIsHere, questions))
		}
		if err != nil {
			return
		}
	}
}

// add keeps what came and returns the number of new cursor questions.
func (s *Screen) add(b []byte, over bool) int {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.seen.Write(b)
	s.over = s.over || over
	close(s.more)
	s.more = make(chan struct{})
	asked := bytes.Count(s.seen.Bytes(), []byte(whereIsTheCursor))
	questions := asked - s.answered
	s.answered = asked
	return questions
}

// Transcript is all that the program wrote so far, echoes included.
func (s *Screen) Transcript() string {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.seen.String()
}

// Expect waits until text is written after what the last Expect found. It fails
// when ctx ends or the terminal is closed before.
func (s *Screen) Expect(ctx context.Context, text string) error {
	for {
		found, over, more := s.look(text)
		switch {
		case found:
			return nil
		case over:
			return fmt.Errorf("the program ended before it wrote %q; it wrote %q", text, s.Transcript())
		}
		select {
		case <-more:
		case <-ctx.Done():
			return fmt.Errorf("no %q: %w; the program wrote %q", text, ctx.Err(), s.Transcript())
		}
	}
}

func (s *Screen) look(text string) (found, over bool, more <-chan struct{}) {
	s.mu.Lock()
	defer s.mu.Unlock()
	i := bytes.Index(s.seen.Bytes()[s.from:], []byte(text))
	if i >= 0 {
		s.from += i + len(text)
	}
	return i >= 0, s.over, s.more
}

// Wait waits until the terminal is closed and everything is read.
func (s *Screen) Wait(ctx context.Context) error {
	for {
		_, over, more := s.look("\x00 never written \x00")
		if over {
			return nil
		}
		select {
		case <-more:
		case <-ctx.Done():
			return ctx.Err()
		}
	}
}

// Send types text.
func (s *Screen) Send(text string) error {
	_, err := io.WriteString(s.terminal, text)
	return err
}

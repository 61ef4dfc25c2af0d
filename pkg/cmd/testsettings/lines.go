package testsettings

import (
	"bufio"
	"errors"
	"fmt"
	"io"
	"iter"
	"strings"
	"time"

	"github.com/redim-tools/redim/pkg/cli"
	"github.com/redim-tools/redim/pkg/engine"
	"github.com/redim-tools/redim/pkg/pam"
	"github.com/redim-tools/redim/pkg/term"
)

// line is one line of --from: user,endpoint[,ip].
type line struct {
	number             int
	user, endpoint, ip string
	fields             int
}

func parseLine(number int, text string) line {
	fields := strings.Split(text, ",")
	l := line{number: number, fields: len(fields)}
	for i, to := range []*string{&l.user, &l.endpoint, &l.ip} {
		if i < len(fields) {
			*to = strings.TrimSpace(fields[i])
		}
	}
	return l
}

func (l line) request() (engine.FindRequest, error) {
	if l.fields < 2 || l.fields > 3 {
		return engine.FindRequest{}, pam.Failf(pam.ErrUsage, "line %d is not user,endpoint[,ip]", l.number).
			WithHint("write user,endpoint or user,endpoint,ip")
	}
	return cli.ParseLookup(l.user, l.endpoint, l.ip, "")
}

// maxLine bounds one line, in bytes.
const maxLine = 4096

// lineReader reads lines; empty ones and those that begin with # are passed
// over. err is why it ended early, to be read only after all has ended.
type lineReader struct {
	in  io.Reader
	err error
}

func (r *lineReader) all() iter.Seq[line] {
	return func(yield func(line) bool) {
		scan := bufio.NewScanner(r.in)
		scan.Buffer(make([]byte, 0, maxLine), maxLine)
		number := 0
		for scan.Scan() {
			number++
			text := scan.Text()
			if number == 1 {
				text = strings.TrimPrefix(text, "\ufeff") // what Windows puts before UTF-8
			}
			text = strings.TrimSpace(text)
			if text == "" || strings.HasPrefix(text, "#") {
				continue
			}
			if !yield(parseLine(number, text)) {
				return
			}
		}
		if errors.Is(scan.Err(), bufio.ErrTooLong) {
			r.err = pam.Failf(pam.ErrUsage, "line %d is longer than %d bytes; it and what follows was not tested", number+1, maxLine).
				WithHint("write one user,endpoint[,ip] a line")
		} else if scan.Err() != nil {
			r.err = pam.Failf(pam.ErrUsage, "read the lines: %w", scan.Err()).WithHint("give a file with lines user,endpoint[,ip], or - for standard input")
		}
	}
}

// progress shows a running count on standard error when that is a terminal.
type progress struct {
	streams *term.Streams
	last    time.Time
	shown   bool
}

func newProgress(s *term.Streams) *progress { return &progress{streams: s} }

func (p *progress) show(n int) {
	if !p.streams.InteractiveErr() || p.streams.InteractiveOut() || time.Since(p.last) < progressEvery {
		return
	}
	p.last, p.shown = time.Now(), true
	_, _ = fmt.Fprintf(p.streams.Err, "\r%d tested", n)
}

// clear removes the count.
func (p *progress) clear() {
	if p.shown {
		_, _ = fmt.Fprint(p.streams.Err, "\r\x1b[K")
	}
}

package mask

import (
	"io"
	"strings"

	"github.com/redim-tools/redim/pkg/secret"
)

// released is how many bytes Release lets go of a secret that may have begun.
const released = 2

// Writer masks what is written to it. Each stretch that is covered by secrets,
// which may overlap, becomes one "[redacted]". It holds back only what may be
// the beginning of a secret, never more than a secret's longest form, and
// writes all else at once. It is not safe for concurrent use.
type Writer struct {
	set *Set
	to  io.Writer

	held    []byte   // what may be the beginning of a secret
	joined  []byte   // held and what came after it
	covered []span   // of held, by place
	threads []thread // what has begun, the earliest first
	spare   []thread
	masked  bool     // what was written last is a mask
	seen    []uint32 // by unit: the round in which a thread came there
	round   uint32
	out     []byte // what is to be written in place of what came
	err     error
}

// thread is one way of reading what came as the beginning of a secret.
type thread struct {
	start int // where it began
	form  int32
	unit  int32
	step  int32 // -1: at the beginning of the unit
	class int32
}

// span is the bytes from start up to end.
type span struct{ start, end int }

// Writer returns a Writer that writes to w.
func (s *Set) Writer(w io.Writer) *Writer {
	return &Writer{set: s, to: w, seen: make([]uint32, s.units)}
}

// Write masks p. What follows a failure of the underlying writer fails alike.
func (w *Writer) Write(p []byte) (int, error) {
	if w.err != nil {
		return 0, w.err
	}
	buf, done := p, len(w.held)
	if done > 0 {
		w.joined = append(append(w.joined[:0], w.held...), p...)
		buf = w.joined
	}
	for i := done; i < len(buf); i++ {
		if len(w.threads) == 0 {
			if i = w.set.sieve.next(buf, i); i == len(buf) {
				break
			}
		}
		w.take(buf[i], i)
		if w.set.sieve.at(buf, i) {
			w.begin(buf[i], i)
		}
	}
	if len(w.covered) == 0 && done == 0 {
		at := w.undecided(buf)
		w.hold(buf, at)
		return len(p), w.pass(p[:at])
	}
	w.hold(buf, w.settle(buf))
	return len(p), w.flush()
}

// pass writes what there was nothing to mask in.
func (w *Writer) pass(b []byte) error {
	if len(b) > 0 {
		w.masked = false
		_, w.err = w.to.Write(b)
	}
	return w.err
}

// take goes on with all threads by the byte at place i.
func (w *Writer) take(b byte, i int) {
	now := w.threads
	w.threads = w.spare[:0]
	w.round++
	for _, t := range now {
		f := w.set.forms[t.form].units
		if t.step >= 0 {
			w.advance(t, f[t.unit][t.step], b, i)
			continue
		}
		for k, s := range f[t.unit] {
			t.step, t.class = int32(k), 0
			w.advance(t, s, b, i)
		}
	}
	w.spare = now
}

// begin begins new threads at place i.
func (w *Writer) begin(b byte, i int) {
	for _, begun := range w.set.starts[b] {
		t := thread{start: i, form: begun.form, unit: begun.unit, step: begun.step}
		w.advance(t, w.set.forms[t.form].units[t.unit][t.step], b, i)
	}
}

// advance keeps a thread if its next byte may be b.
func (w *Writer) advance(t thread, s step, b byte, i int) {
	if c := s.classes[t.class]; c[0] != b && strings.IndexByte(string(c), b) < 0 {
		return
	}
	if t.class++; int(t.class) < len(s.classes) {
		w.threads = append(w.threads, t)
		return
	}
	t.unit, t.step, t.class = t.unit+int32(s.units), -1, 0
	if int(t.unit) == len(w.set.forms[t.form].units) {
		w.cover(span{t.start, i + 1})
		return
	}
	at := w.set.base[t.form] + int(t.unit)
	if w.seen[at] == w.round {
		return // an earlier one is there already
	}
	w.seen[at] = w.round
	w.threads = append(w.threads, t)
}

// cover marks a secret that was found. Spans come in the order of their ends.
func (w *Writer) cover(s span) {
	for n := len(w.covered) - 1; n >= 0 && w.covered[n].end >= s.start; n-- {
		s.start = min(s.start, w.covered[n].start)
		w.covered = w.covered[:n]
	}
	w.covered = append(w.covered, s)
}

// settle puts out what is decided of buf and returns how far that is.
func (w *Writer) settle(buf []byte) int {
	undecided, at := w.undecided(buf), 0
	for _, s := range w.covered {
		s.start = max(s.start, at)
		if s.start > undecided {
			break
		}
		w.clear(buf[at:s.start])
		w.mask()
		at = s.end
	}
	if at < undecided {
		w.clear(buf[at:undecided])
		at = undecided
	}
	return at
}

// undecided is where in buf the first secret may have begun.
func (w *Writer) undecided(buf []byte) int {
	if len(w.threads) == 0 {
		return len(buf)
	}
	return max(0, w.threads[0].start)
}

func (w *Writer) clear(b []byte) {
	if len(b) > 0 {
		w.out = append(w.out, b...)
		w.masked = false
	}
}

func (w *Writer) mask() {
	if !w.masked {
		w.out = append(w.out, secret.Redacted...)
		w.masked = true
	}
}

// hold keeps buf from place at on, and counts places from there.
func (w *Writer) hold(buf []byte, at int) {
	w.held = append(w.held[:0], buf[at:]...)
	for i := range w.threads {
		w.threads[i].start -= at
	}
	rest := w.covered[:0]
	for _, s := range w.covered {
		if s.end > at {
			rest = append(rest, span{s.start - at, s.end - at})
		}
	}
	w.covered = rest
}

func (w *Writer) flush() error {
	if len(w.out) == 0 {
		return nil
	}
	_, w.err = w.to.Write(w.out)
	w.out = w.out[:0]
	return w.err
}

// Release writes up to two bytes of what is held back, for somebody who waits
// for them. If a secret did begin there, the rest of it is masked all the same.
func (w *Writer) Release() error {
	if w.err != nil {
		return w.err
	}
	if len(w.threads) > 0 && len(w.held)-w.threads[0].start <= released {
		w.clear(w.held)
		w.hold(w.held, len(w.held))
	}
	return w.flush()
}

// Close writes what is held back, since no more can come that makes it a secret.
// It does not close the underlying writer.
func (w *Writer) Close() error {
	if w.err != nil {
		return w.err
	}
	w.threads = w.threads[:0]
	w.hold(w.held, w.settle(w.held))
	return w.flush()
}

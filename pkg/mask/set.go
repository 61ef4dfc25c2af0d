package mask

import (
	"bytes"
	"errors"

	"github.com/redim-tools/redim/pkg/secret"
)

// Shortest is the least number of bytes that a secret must have. One that is
// shorter stands in ordinary text by chance, and the masks would tell it.
const Shortest = 4

// ErrShort says that a secret is shorter than Shortest.
var ErrShort = errors.New("too short to be masked")

// shortestLine is the least of a line that is masked on its own.
const shortestLine = 8

// Set is what to mask. It holds the secrets in all their forms, until Wipe. It
// is safe for concurrent use by any number of Writers, but not for Wipe beside
// them.
type Set struct {
	forms  []form
	base   []int      // of each form, the number of its first unit among all
	units  int        // of all forms
	starts [256][]way // the steps that a byte may begin a secret with
	sieve  sieve
}

// way is one step that a form may begin with.
type way struct{ form, unit, step int32 }

// New prepares to mask secrets. An empty one is left out; ErrShort for one that
// is too short. Of a secret of several lines, each line of 8 bytes or more is
// masked on its own too, unless it is a mark of PEM.
func New(secrets ...secret.Value) (*Set, error) {
	s := &Set{}
	for _, v := range secrets {
		err := v.Reveal(func(b []byte) error {
			if len(b) == 0 {
				return nil
			}
			if len(b) < Shortest {
				return ErrShort
			}
			s.add(b)
			return nil
		})
		if err != nil {
			return nil, err
		}
	}
	s.index()
	return s, nil
}

func (s *Set) add(text []byte) {
	s.forms = append(s.forms, forms(text)...)
	for line := range bytes.SplitSeq(text, []byte("\n")) {
		line = bytes.TrimSpace(line)
		if len(line) >= shortestLine && len(line) < len(text) && !bytes.HasPrefix(line, []byte("-----")) {
			s.forms = append(s.forms, forms(line)...)
		}
	}
}

func (s *Set) index() {
	for n, f := range s.forms {
		s.base = append(s.base, s.units)
		s.units += len(f.units)
		for unit := range f.late + 1 {
			for k, first := range f.units[unit] {
				if first.apart {
					continue
				}
				for _, b := range []byte(first.classes[0]) {
					s.starts[b] = append(s.starts[b], way{int32(n), int32(unit), int32(k)})
				}
			}
		}
	}
	s.sieve = newSieve(s.forms)
}

// Wipe forgets the secrets. The Set masks nothing any more.
func (s *Set) Wipe() {
	for _, f := range s.forms {
		clear(f.units)
	}
	*s = Set{}
}

package mask

import (
	"encoding/binary"
	"math/bits"
	"slices"
)

// sieve finds where a secret may begin without looking at most bytes. Whatever
// is to be found is at least window bytes long, so that one pair of bytes in
// every window-1 lies in it; and of each pair it is known how far from the
// beginning it may stand.
type sieve struct {
	window  int
	offsets *[1 << 16]uint8 // by pair: a bit for each distance
	heads   *heads
}

const (
	widest = 9 // a bit for each distance
	beside = 2
)

// newSieve prepares for forms; with none, nothing is found.
func newSieve(forms []form) sieve {
	if len(forms) == 0 {
		return sieve{}
	}
	s := sieve{window: widest, offsets: new([1 << 16]uint8), heads: newHeads(forms)}
	for _, f := range forms {
		s.window = min(s.window, f.shortest())
	}
	for _, f := range forms {
		s.add(f)
	}
	return s
}

// shortest is the least number of bytes that a form takes.
func (f form) shortest() int {
	least := make([]int, len(f.units)+1)
	for unit := len(f.units) - 1; unit >= 0; unit-- {
		for i, s := range f.units[unit] {
			if n := len(s.classes) + least[unit+s.units]; i == 0 || n < least[unit] {
				least[unit] = n
			}
		}
	}
	return slices.Min(least[:f.late+1])
}

// add enters the pairs that a form may have, by their distance.
func (s *sieve) add(f form) {
	reached := make([][]bool, s.window) // by distance: the units that may begin there
	for i := range reached {
		reached[i] = make([]bool, len(f.units)+1)
	}
	for unit := range f.late + 1 {
		reached[0][unit] = true
	}
	for distance := range s.window - 1 {
		for unit := range min(distance+f.late+1, len(f.units)) {
			if !reached[distance][unit] {
				continue
			}
			for _, step := range f.units[unit] {
				s.enter(f, step, unit, distance)
				if end := distance + len(step.classes); end < s.window {
					reached[end][unit+step.units] = true
				}
			}
		}
	}
}

// enter enters the pairs within one step that begins at a distance, and those
// that its last byte makes with what may follow.
func (s *sieve) enter(f form, at step, unit, distance int) {
	last := len(at.classes) - 1
	for i := range last {
		s.pairs(at.classes[i], at.classes[i+1], distance+i)
	}
	if next := unit + at.units; next < len(f.units) {
		for _, following := range f.units[next] {
			s.pairs(at.classes[last], following.classes[0], distance+last)
		}
	}
}

func (s *sieve) pairs(one, other class, distance int) {
	if distance+1 >= s.window {
		return
	}
	for _, a := range []byte(one) {
		for _, b := range []byte(other) {
			s.offsets[uint16(a)|uint16(b)<<8] |= 1 << distance
		}
	}
}

// next is the first place from i on where a secret may begin, len(b) when there
// is none. To each pair it also takes the pairs beside it, since most texts have
// single pairs that some secret may have too.
func (s *sieve) next(b []byte, i int) int {
	if s.offsets == nil {
		return len(b)
	}
	const early, ahead = 1<<beside - 1, 8 - beside // the pair before tells nothing of the former
	stride := s.window - 1
	late := ^(uint8(1)<<(stride-beside) - 1) // nor the one after of the latter
	p := i + stride - 1
	for ; p+ahead <= len(b); p += stride {
		x := binary.LittleEndian.Uint64(b[p-beside:])
		found := s.offsets[uint16(x>>16)]
		if found == 0 {
			continue
		}
		found &= s.offsets[uint16(x)]<<beside | early
		found &= s.offsets[uint16(x>>32)]>>beside | late
		if found != 0 {
			if at, ok := s.confirm(b, p, found); ok {
				return at
			}
		}
	}
	for i = p - stride + 1; i < len(b); i++ {
		if s.heads.at(b, i) {
			break
		}
	}
	return i
}

// confirm looks at the beginnings that a pair at place p stands for, the first
// one first.
func (s *sieve) confirm(b []byte, p int, offsets uint8) (int, bool) {
	for offsets != 0 {
		distance := bits.Len8(offsets) - 1
		if s.heads.at(b, p-distance) {
			return p - distance, true
		}
		offsets &^= 1 << distance
	}
	return 0, false
}

// at reports whether a secret may begin at place i.
func (s *sieve) at(b []byte, i int) bool { return s.heads != nil && s.heads.at(b, i) }

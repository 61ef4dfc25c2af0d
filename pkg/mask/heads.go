package mask

import "encoding/binary"

// heads knows how a secret may begin: by one byte, by two, and roughly by four.
type heads struct {
	one   [1 << 8]bool
	two   [1 << 16 / 64]uint64
	fours [1 << 16 / 64]uint64
}

const headLength = 4 // no form is shorter

func newHeads(forms []form) *heads {
	h := &heads{}
	for _, f := range forms {
		for unit := range f.late + 1 {
			for _, s := range f.starts(unit) {
				h.walkStep(f, unit+s.units, s.classes, nil)
			}
		}
	}
	return h
}

// walk enters all beginnings that go on with the form from a unit on.
func (h *heads) walk(f form, unit int, begun []byte) {
	for _, s := range f.units[unit] {
		h.walkStep(f, unit+s.units, s.classes, begun)
	}
}

func (h *heads) walkStep(f form, next int, classes []class, begun []byte) {
	switch {
	case len(begun) == headLength:
		h.enter(begun)
	case len(classes) == 0:
		h.walk(f, next, begun)
	default:
		for _, b := range []byte(classes[0]) {
			h.walkStep(f, next, classes[1:], append(begun, b))
		}
	}
}

func (h *heads) enter(b []byte) {
	h.one[b[0]] = true
	pair, four := pairAt(b, 0), hash(b)
	h.two[pair>>6] |= 1 << (pair & 63)
	h.fours[four>>6] |= 1 << (four & 63)
}

func pairAt(b []byte, i int) uint16 { return uint16(b[i]) | uint16(b[i+1])<<8 }

// hash makes a number of 16 bits of four bytes.
func hash(b []byte) uint16 {
	return uint16(binary.LittleEndian.Uint32(b) * 0x9e3779b1 >> 16)
}

// at reports whether a secret may begin at place i, by the bytes that are there.
func (h *heads) at(b []byte, i int) bool {
	switch left := len(b) - i; {
	case left >= headLength:
		n := hash(b[i:])
		return h.fours[n>>6]&(1<<(n&63)) != 0
	case left == 1:
		return h.one[b[i]]
	}
	pair := pairAt(b, i)
	return h.two[pair>>6]&(1<<(pair&63)) != 0
}

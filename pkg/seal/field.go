package seal

import "encoding/binary"

// AppendField appends field to b so that CutField finds its end again: what is
// sealed, hashed or bound as one piece is made of fields, and no two lists of
// fields look alike.
func AppendField(b, field []byte) []byte {
	b = binary.AppendUvarint(b, uint64(len(field)))
	return append(b, field...)
}

// CutField returns the first field of b, which shares b's memory, and the rest.
func CutField(b []byte) (field, rest []byte, ok bool) {
	n, used := binary.Uvarint(b)
	if used <= 0 || n > uint64(len(b)-used) {
		return nil, nil, false
	}
	b = b[used:]
	return b[:n:n], b[n:], true
}

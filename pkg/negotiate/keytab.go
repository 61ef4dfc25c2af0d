package negotiate

import (
	"encoding/binary"
	"errors"
	"os"
	"slices"
	"strings"

	"github.com/jcmturner/gokrb5/v8/types"

	"github.com/redim-tools/redim/pkg/pam"
)

// keytab is what a keytab file holds.
type keytab []keytabEntry

type keytabEntry struct {
	realm   string
	name    []string
	version int
	key     types.EncryptionKey
}

func (e keytabEntry) principal() string { return strings.Join(e.name, "/") + "@" + e.realm }

const maxKeytab = 4 << 20

// readKeytab reads a keytab file. No error repeats what is in it.
func readKeytab(path string) (keytab, error) {
	info, err := os.Stat(path)
	if err != nil {
		return nil, keytabFailure(path, err)
	}
	if info.Size() > maxKeytab {
		return nil, keytabFailure(path, errors.New("it is too large for one"))
	}
	b, err := os.ReadFile(path)
	if err != nil {
		return nil, keytabFailure(path, err)
	}
	defer clear(b)
	kt, err := parseKeytab(b)
	if err == nil && len(kt) == 0 {
		err = errors.New("it holds no key")
	}
	if err != nil {
		return nil, keytabFailure(path, err)
	}
	return kt, nil
}

func keytabFailure(path string, err error) error {
	if p, ok := errors.AsType[*os.PathError](err); ok {
		err = p.Err
	}
	return pam.Failf(pam.ErrUsage, "keytab %s can't be used: %w", path, err).
		WithHint("name a keytab that this user may read, and look into it with: klist -ke %s", path)
}

// parseKeytab reads version 2 of the format, which all have written since 1993.
func parseKeytab(b []byte) (keytab, error) {
	r := reader{b: b, order: binary.BigEndian}
	if r.u8() != 5 || r.u8() != 2 {
		return nil, errors.New("it is no keytab of version 2")
	}
	var kt keytab
	for len(r.b) >= 4 && !r.bad {
		switch size := int32(r.u32()); { // negative sizes are holes
		case size == 0:
			return kt, nil
		case size < 0:
			r.take(-int(size))
		default:
			e, ok := parseKeytabEntry(r.take(int(size)))
			if r.bad || !ok {
				return nil, errors.New("it is damaged")
			}
			kt = append(kt, e)
		}
	}
	if r.bad {
		return nil, errors.New("it is damaged")
	}
	return kt, nil
}

func parseKeytabEntry(b []byte) (keytabEntry, bool) {
	r := reader{b: b, order: binary.BigEndian}
	var e keytabEntry
	parts := int(r.u16())
	e.realm = r.text16()
	for range parts {
		e.name = append(e.name, r.text16())
		if r.bad {
			return e, false
		}
	}
	r.u32() // the name's type
	r.u32() // when it was written
	e.version = int(r.u8())
	e.key.KeyType = int32(r.u16())
	e.key.KeyValue = slices.Clone(r.take(int(r.u16())))
	if len(r.b) >= 4 {
		if v := r.u32(); v != 0 {
			e.version = int(v)
		}
	}
	return e, !r.bad
}

// reader takes values off the front of bytes. After the end it gives zeros and
// is bad.
type reader struct {
	b     []byte
	order binary.ByteOrder
	bad   bool
}

func (r *reader) take(n int) []byte {
	if n < 0 || n > len(r.b) {
		r.bad, r.b = true, nil
		return nil
	}
	out := r.b[:n]
	r.b = r.b[n:]
	return out
}

func (r *reader) u8() uint8 {
	if b := r.take(1); b != nil {
		return b[0]
	}
	return 0
}

func (r *reader) u16() uint16 {
	if b := r.take(2); b != nil {
		return r.order.Uint16(b)
	}
	return 0
}

func (r *reader) u32() uint32 {
	if b := r.take(4); b != nil {
		return r.order.Uint32(b)
	}
	return 0
}

func (r *reader) text16() string { return string(r.take(int(r.u16()))) }

func (r *reader) data32() []byte {
	n := r.u32()
	if uint64(n) > uint64(len(r.b)) {
		r.bad, r.b = true, nil
		return nil
	}
	return r.take(int(n))
}

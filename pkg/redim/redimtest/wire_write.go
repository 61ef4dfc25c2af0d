package redimtest

import (
	"encoding/json"
	"fmt"
	"slices"
	"strconv"
	"strings"
	"time"
	"unicode/utf16"
	"unicode/utf8"

	"github.com/redim-tools/redim/pkg/secret"
)

// record orders the members as the framework does for one class: by name.
func record(members ...member) object {
	slices.SortFunc(members, func(a, b member) int { return strings.Compare(a.name, b.name) })
	return members
}

// derived is a record of a class with a base class, whose members come first.
func derived(base object, own ...member) object {
	return append(slices.Clone(base), record(own...)...)
}

// appendJSON writes v as the framework's serialiser does.
func appendJSON(b []byte, v any) []byte {
	switch v := v.(type) {
	case nil:
		return append(b, "null"...)
	case string:
		return appendString(b, v)
	case secret.Value:
		_ = v.Reveal(func(s []byte) error { b = appendString(b, string(s)); return nil })
		return b
	case bool:
		return strconv.AppendBool(b, v)
	case int:
		return strconv.AppendInt(b, int64(v), 10)
	case int64:
		return strconv.AppendInt(b, v, 10)
	case json.Number:
		return append(b, v...)
	case time.Time:
		return appendDate(b, v)
	case []any:
		return appendList(b, v)
	case object:
		return appendObject(b, v)
	}
	panic(fmt.Sprintf("redimtest: no JSON form for %T", v))
}

func appendList(b []byte, list []any) []byte {
	b = append(b, '[')
	for i, v := range list {
		if i > 0 {
			b = append(b, ',')
		}
		b = appendJSON(b, v)
	}
	return append(b, ']')
}

func appendObject(b []byte, o object) []byte {
	b = append(b, '{')
	for i, m := range o {
		if i > 0 {
			b = append(b, ',')
		}
		b = appendString(b, m.name)
		b = append(b, ':')
		b = appendJSON(b, m.value)
	}
	return append(b, '}')
}

// appendDate writes milliseconds since 1970; the zero time is null. A time
// that is not in UTC is of local kind and shows its offset.
func appendDate(b []byte, t time.Time) []byte {
	if t.IsZero() {
		return append(b, "null"...)
	}
	b = append(b, `"\/Date(`...)
	b = strconv.AppendInt(b, t.UnixMilli(), 10)
	if t.Location() != time.UTC {
		b = t.AppendFormat(b, "-0700")
	}
	return append(b, `)\/"`...)
}

// appendString escapes the slash, and what the framework takes for a line end
// or for half a character; everything else above the control characters is raw.
func appendString(b []byte, s string) []byte {
	b = append(b, '"')
	for _, r := range s {
		switch {
		case r == '"' || r == '\\' || r == '/':
			b = append(b, '\\', byte(r))
		case r < 0x20:
			b = appendControl(b, r)
		case r == 0x85 || r == 0x2028 || r == 0x2029 || r == 0xfffe || r == 0xffff:
			b = fmt.Appendf(b, `\u%04x`, r)
		case r > 0xffff:
			high, low := utf16.EncodeRune(r)
			b = fmt.Appendf(b, `\u%04x\u%04x`, high, low)
		default:
			b = utf8.AppendRune(b, r)
		}
	}
	return append(b, '"')
}

func appendControl(b []byte, r rune) []byte {
	if i := strings.IndexRune("\b\f\n\r\t", r); i >= 0 {
		return append(b, '\\', "bfnrt"[i])
	}
	return fmt.Appendf(b, `\u%04x`, r)
}

package wcf

import (
	"bytes"
	"encoding/json"
	"iter"
)

// Valid returns the JSON value of a reply without surrounding blanks and
// without a byte-order mark, and whether it is one complete value.
func Valid(reply []byte) ([]byte, bool) {
	reply = bytes.TrimSpace(bytes.TrimPrefix(reply, []byte("\xef\xbb\xbf")))
	return reply, json.Valid(reply)
}

// IsObject reports whether value is an object.
func IsObject(value []byte) bool { return len(value) > 0 && value[0] == '{' }

// IsArray reports whether value is an array.
func IsArray(value []byte) bool { return len(value) > 0 && value[0] == '[' }

// IsNull reports whether value is null or not there at all.
func IsNull(value []byte) bool { return len(value) == 0 || string(value) == "null" }

// Members yields the names (still quoted) and values of an object in order.
func Members(object []byte) iter.Seq2[[]byte, []byte] {
	return func(yield func(name, value []byte) bool) {
		if !IsObject(object) {
			return
		}
		for i := next(object, 1); i < len(object) && object[i] == '"'; {
			end := skipString(object, i)
			name := object[i:end]
			start := next(object, end)
			end = skipValue(object, start)
			if !yield(name, object[start:end]) {
				return
			}
			i = next(object, end)
		}
	}
}

// Elements yields the values of an array in order.
func Elements(array []byte) iter.Seq[[]byte] {
	return func(yield func(value []byte) bool) {
		if !IsArray(array) {
			return
		}
		for i := next(array, 1); i < len(array) && array[i] != ']'; {
			end := skipValue(array, i)
			if end == i || !yield(array[i:end]) {
				return
			}
			i = next(array, end)
		}
	}
}

// Member returns the value of the object's first member of that name, as
// WCF does with regard to case.
func Member(object []byte, name string) ([]byte, bool) {
	for quoted, value := range Members(object) {
		if isName(quoted, name) {
			return value, true
		}
	}
	return nil, false
}

// Path follows member names, separated by dots, into nested objects. An empty
// path is the value itself.
func Path(value []byte, path string) ([]byte, bool) {
	for path != "" {
		head, rest := cut(path)
		member, ok := Member(value, head)
		if !ok {
			return nil, false
		}
		value, path = member, rest
	}
	return value, true
}

func cut(path string) (head, rest string) {
	for i := range len(path) {
		if path[i] == '.' {
			return path[:i], path[i+1:]
		}
	}
	return path, ""
}

func isName(quoted []byte, name string) bool {
	inner := quoted[1:max(1, len(quoted)-1)]
	if bytes.IndexByte(inner, '\\') < 0 {
		return string(inner) == name
	}
	return string(unquote(nil, quoted)) == name
}

// next is the index of the next byte that is no blank, comma or colon.
func next(b []byte, i int) int {
	for i < len(b) {
		switch b[i] {
		case ' ', '\t', '\r', '\n', ',', ':':
			i++
		default:
			return i
		}
	}
	return i
}

// skipString returns the index after the string that begins at i.
func skipString(b []byte, i int) int {
	for i++; i < len(b); i++ {
		switch b[i] {
		case '\\':
			i++
		case '"':
			return i + 1
		}
	}
	return len(b)
}

// skipValue returns the index after the value that begins at i.
func skipValue(b []byte, i int) int {
	depth := 0
	for i < len(b) {
		switch b[i] {
		case '"':
			i = skipString(b, i)
		case '{', '[':
			depth++
			i++
			continue
		case '}', ']':
			if depth == 0 {
				return i
			}
			depth--
			i++
		default:
			i = skipPlain(b, i)
		}
		if depth == 0 {
			return i
		}
	}
	return len(b)
}

// skipPlain passes a number, a literal, or what separates values.
func skipPlain(b []byte, i int) int {
	for i++; i < len(b); i++ {
		switch b[i] {
		case '"', '{', '[', '}', ']', ',', ':', ' ', '\t', '\r', '\n':
			return i
		}
	}
	return i
}

package wcf

import (
	"strconv"
	"strings"
	"time"
)

// The first and last instant of a .NET DateTime, in milliseconds.
const (
	minMilli = -62135596800000
	maxMilli = 253402300799999
)

// ParseDate reads /Date(ms)/ and /Date(ms+0530)/, whose milliseconds are UTC
// in both, and RFC 3339. The first instant of .NET's calendar, which stands
// for never, is the zero time. Anything else is no date.
func ParseDate(text string) (time.Time, bool) {
	inner, ok := strings.CutPrefix(text, "/Date(")
	if !ok {
		t, err := time.Parse(time.RFC3339, text)
		return t.UTC(), err == nil
	}
	inner, ok = strings.CutSuffix(inner, ")/")
	if !ok {
		return time.Time{}, false
	}
	if n := len(inner) - 5; n > 0 && (inner[n] == '+' || inner[n] == '-') {
		if !digits(inner[n+1:]) {
			return time.Time{}, false
		}
		inner = inner[:n]
	}
	ms, err := strconv.ParseInt(inner, 10, 64)
	if err != nil || inner[0] == '+' || ms < minMilli || ms > maxMilli {
		return time.Time{}, false
	}
	if ms == minMilli {
		return time.Time{}, true
	}
	return time.UnixMilli(ms).UTC(), true
}

func digits(s string) bool {
	return strings.Trim(s, "0123456789") == ""
}

// FormatDate writes an instant as /Date(ms)/.
func FormatDate(t time.Time) string {
	return "/Date(" + strconv.FormatInt(t.UnixMilli(), 10) + ")/"
}

// Date reads a date member. Null, an empty text or no date at all is the zero
// time: a date only decorates, and is no reason to refuse a reply.
func Date(value []byte) time.Time {
	text, _ := Text(value)
	t, _ := ParseDate(text)
	return t
}

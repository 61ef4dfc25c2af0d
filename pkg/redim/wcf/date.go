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

// ParseDate reads a date as the framework does, and RFC 3339: /Date(ms)/, and
// /Date(ms+0530)/, where what follows the sign only says that the date was a
// local one; the milliseconds are UTC in both. The first instant of .NET's
// calendar, which stands for never, is the zero time. Anything else is no date.
func ParseDate(text string) (time.Time, bool) {
	text = strings.TrimSpace(text)
	inner, ok := strings.CutPrefix(text, "/Date(")
	if !ok {
		t, err := time.Parse(time.RFC3339, text)
		return t.UTC(), err == nil
	}
	inner, ok = strings.CutSuffix(inner, ")/")
	if !ok {
		return time.Time{}, false
	}
	ms, err := strconv.ParseInt(strings.TrimSpace(milliseconds(inner)), 10, 64)
	if err != nil || ms < minMilli || ms > maxMilli {
		return time.Time{}, false
	}
	if ms == minMilli {
		return time.Time{}, true
	}
	return time.UnixMilli(ms).UTC(), true
}

// milliseconds cuts the offset off: a sign anywhere but at the beginning, a
// plus before a minus.
func milliseconds(inner string) string {
	for _, sign := range "+-" {
		if i := strings.IndexRune(inner[min(1, len(inner)):], sign); i >= 0 {
			return inner[:i+1]
		}
	}
	return inner
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

package render

import (
	"fmt"
	"strconv"
	"strings"
	"time"
)

// raw is the text of a value for programs: times in RFC 3339 and UTC.
func raw(v any) string {
	switch v := v.(type) {
	case nil:
		return ""
	case string:
		return v
	case int:
		return strconv.Itoa(v)
	case bool:
		return strconv.FormatBool(v)
	case time.Time:
		if v.IsZero() {
			return ""
		}
		return v.UTC().Format(time.RFC3339)
	case []string:
		return strings.Join(v, ",")
	}
	return fmt.Sprint(v)
}

// friendly is the text of a value for people.
func friendly(v any) string {
	switch v := v.(type) {
	case time.Time:
		if v.IsZero() {
			return "-"
		}
		return v.UTC().Format("2006-01-02 15:04 UTC")
	case time.Duration:
		return v.Round(time.Second).String()
	case bool:
		if v {
			return "yes"
		}
		return "no"
	case []string:
		return dash(strings.Join(v, ", "))
	}
	return dash(raw(v))
}

// dash shows that a cell is empty on purpose.
func dash(s string) string {
	if s == "" {
		return "-"
	}
	return s
}

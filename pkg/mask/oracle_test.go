package mask

import (
	"bytes"
	"slices"
	"strings"
)

// slowly masks a whole text in the obvious way: from each place it tries each
// form, marks what the longest match covers, and replaces what is marked.
func slowly(s *Set, text []byte) string {
	covered := make([]bool, len(text))
	var all []form
	for _, f := range s.forms {
		for unit := range f.late + 1 {
			all = append(all, form{units: slices.Concat([][]step{f.starts(unit)}, f.units[unit+1:])})
		}
	}
	for at := range text {
		longest := 0
		for _, f := range all {
			for n := range ends(f, 0, text[at:], map[[2]int]map[int]bool{}) {
				longest = max(longest, n)
			}
		}
		for i := range longest {
			covered[at+i] = true
		}
	}
	var out bytes.Buffer
	for i, b := range text {
		switch {
		case !covered[i]:
			out.WriteByte(b)
		case i == 0 || !covered[i-1]:
			out.WriteString("[redacted]")
		}
	}
	return out.String()
}

// ends are the lengths of text's beginnings that are f from a unit on.
func ends(f form, unit int, text []byte, known map[[2]int]map[int]bool) map[int]bool {
	if unit == len(f.units) {
		return map[int]bool{0: true}
	}
	key := [2]int{unit, len(text)}
	if found, ok := known[key]; ok {
		return found
	}
	found := map[int]bool{}
	for _, s := range f.units[unit] {
		n := len(s.classes)
		if n > len(text) || !fits(s.classes, text) {
			continue
		}
		for more := range ends(f, unit+s.units, text[n:], known) {
			found[n+more] = true
		}
	}
	known[key] = found
	return found
}

func fits(classes []class, text []byte) bool {
	for i, c := range classes {
		if !strings.Contains(string(c), string(text[i:i+1])) {
			return false
		}
	}
	return true
}

package dialect

import (
	"maps"
	"slices"
	"strings"

	"github.com/redim-tools/redim/pkg/pam"
)

// Wrong is one thing that is wrong with an override.
type Wrong struct {
	Path []string // where it stands below dialect_operations, the operation first
	Text string   // what is wrong; it begins with the operation
	Hint string
}

// Check finds everything that is wrong with overrides of a dialect, one thing
// for each operation. Overrides of auto must be right for every dialect.
func Check(name string, overrides map[string]any) []Wrong {
	if len(overrides) == 0 {
		return nil
	}
	names := []string{name}
	if name == "" || name == Auto {
		names = Spoken()
	}
	var all []Wrong
	said := map[string]bool{} // operations
	for _, name := range names {
		d, err := find(name)
		if err != nil {
			continue // the setting dialect says so itself
		}
		d.overrides = overrides
		for _, w := range d.wrong() {
			if !said[w.Path[0]] {
				all = append(all, w)
			}
			said[w.Path[0]] = true
		}
	}
	return all
}

func (d *Dialect) wrong() []Wrong {
	var all []Wrong
	for _, key := range slices.Sorted(maps.Keys(d.overrides)) {
		if _, wrong := d.parse(key); wrong != nil {
			all = append(all, *wrong)
		}
	}
	return all
}

func noOperation(d *Dialect, key string) *Wrong {
	return &Wrong{Path: []string{key}, Text: key + " is no operation", Hint: "the operations are " + strings.Join(d.Keys(), ", ")}
}

func (w *Wrong) failure() *pam.Failure {
	return pam.Failf(pam.ErrUsage, "dialect_operations.%s", w.Text).WithHint("%s", w.Hint)
}

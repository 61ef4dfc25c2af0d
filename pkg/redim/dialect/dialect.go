package dialect

import (
	_ "embed"
	"maps"
	"slices"
	"strings"
	"sync"

	"github.com/redim-tools/redim/pkg/pam"
)

//go:embed json-v2.yaml
var jsonV2 string

// Dialect is one way of speaking to the service. It is safe for concurrent
// use.
type Dialect struct {
	Name string
	Base string // below the web application
	Text string // the file, comments included

	overrides map[string]any
	mu        sync.Mutex
	parsed    map[string]*Operation
}

// Names lists the names that Open knows. auto is the newest that the service
// is known to have.
func Names() []string { return []string{"auto", "json-v2", "json-v1", "rest"} }

// Open finds a dialect by name; an empty name is auto. Overrides are the
// setting dialect_operations: per operation, the lines that differ. ErrUsage
// when the dialect is unknown or not in this release, or when an override
// names no operation.
func Open(name string, overrides map[string]any) (*Dialect, error) {
	switch name {
	case "", "auto":
		name = "json-v2"
	case "json-v2":
	case "json-v1", "rest":
		return nil, pam.Failf(pam.ErrUsage, "dialect %s is not in this release", name).WithHint("use json-v2, or auto")
	default:
		return nil, pam.Failf(pam.ErrUsage, "dialect %q is not known", name).WithHint("use one of %s", strings.Join(Names(), ", "))
	}
	d := &Dialect{Name: name, Text: jsonV2, overrides: overrides, parsed: map[string]*Operation{}}
	d.Base = d.value("base")
	return d, d.checkOverrides()
}

func (d *Dialect) checkOverrides() error {
	for _, key := range slices.Sorted(maps.Keys(d.overrides)) {
		if !slices.Contains(d.Keys(), key) {
			return pam.Failf(pam.ErrUsage, "dialect_operations.%s is no operation of %s", key, d.Name).
				WithHint("the operations are %s", strings.Join(d.Keys(), ", "))
		}
		if _, err := d.Operation(key); err != nil {
			return err
		}
	}
	return nil
}

// Keys lists the operations in the order of the file.
func (d *Dialect) Keys() []string {
	var keys []string
	for line := range strings.Lines(d.Text) {
		if name, ok := topLevel(line); ok && name != "dialect" && name != "base" {
			keys = append(keys, name)
		}
	}
	return keys
}

// Operation returns one operation with its override. It is parsed when it is
// asked for first.
func (d *Dialect) Operation(key string) (*Operation, error) {
	d.mu.Lock()
	defer d.mu.Unlock()
	if op, ok := d.parsed[key]; ok {
		return op, nil
	}
	block := d.block(key)
	if block == "" {
		return nil, pam.Failf(pam.ErrUsage, "dialect %s has no operation %s", d.Name, key)
	}
	op, err := d.parse(key, block)
	if err == nil {
		d.parsed[key] = op
	}
	return op, err
}

func (d *Dialect) parse(key, block string) (*Operation, error) {
	op := &Operation{Key: key}
	if err := op.set(parseData(block)[key]); err != nil {
		return nil, err
	}
	if change := d.overrides[key]; change != nil {
		if err := op.set(change); err != nil {
			return nil, err
		}
	}
	return op, op.compile()
}

// block is the text of one top-level key.
func (d *Dialect) block(key string) string {
	start := strings.Index(d.Text, "\n"+key+":")
	if start < 0 {
		return ""
	}
	block := d.Text[start+1:]
	for end := 0; end < len(block); {
		next := strings.IndexByte(block[end:], '\n')
		if next < 0 {
			return block
		}
		end += next + 1
		if end < len(block) && block[end] != ' ' && block[end] != '\n' {
			return block[:end]
		}
	}
	return block
}

// value is what stands behind a top-level key on its line.
func (d *Dialect) value(key string) string {
	_, text, _ := strings.Cut(d.block(key), ":")
	return strings.TrimSpace(text)
}

// topLevel is the key that a line begins with, when it begins with one.
func topLevel(line string) (string, bool) {
	if line == "" || line[0] < 'a' || line[0] > 'z' {
		return "", false
	}
	name, _, ok := strings.Cut(line, ":")
	return name, ok
}

package dialect

import (
	_ "embed"
	"maps"
	"slices"
	"strings"
	"sync"

	"github.com/redim-tools/redim/pkg/pam"
)

//go:embed legend.yaml
var legend string

//go:embed json-v2.yaml
var jsonV2 string

//go:embed json-v1.yaml
var jsonV1 string

//go:embed rest.yaml
var rest string

// Auto is the name that leaves it to the client which dialect is spoken.
const Auto = "auto"

// Dialect is one way of speaking to the service. It is safe for concurrent
// use.
type Dialect struct {
	Name string
	Base string // below the web application

	data      string // the file
	overrides map[string]any
	mu        sync.Mutex
	parsed    map[string]*Operation
}

// Names lists the names that Open knows.
func Names() []string { return append([]string{Auto}, Spoken()...) }

// Spoken lists the dialects themselves, the newest interface first.
func Spoken() []string { return []string{"json-v2", "json-v1", "rest"} }

// Open finds a dialect by name; an empty name is auto, and auto is the newest.
// Overrides are the setting dialect_operations: per operation, the lines that
// differ. ErrUsage when the dialect is unknown, or an override is wrong.
func Open(name string, overrides map[string]any) (*Dialect, error) {
	d, err := find(name)
	if err != nil {
		return nil, err
	}
	d.overrides = overrides
	if wrong := d.wrong(); len(wrong) > 0 {
		return nil, wrong[0].failure()
	}
	return d, nil
}

func find(name string) (*Dialect, error) {
	if name == "" || name == Auto {
		name = Spoken()[0]
	}
	data, ok := map[string]string{"json-v2": jsonV2, "json-v1": jsonV1, "rest": rest}[name]
	if !ok {
		return nil, pam.Failf(pam.ErrUsage, "dialect %q is not known", name).WithHint("use one of %s", strings.Join(Names(), ", "))
	}
	d := &Dialect{Name: name, data: data, parsed: map[string]*Operation{}}
	d.Base = d.value("base")
	return d, nil
}

// Text is the data file, with the explanation of its lines behind its title.
func (d *Dialect) Text() string {
	title, body, _ := strings.Cut(d.data, "\n\n")
	return title + "\n#\n" + legend + "\n" + body
}

// Keys lists the operations in the order of the file; all dialects have the
// same.
func (d *Dialect) Keys() []string {
	var keys []string
	for line := range strings.Lines(d.data) {
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
	op, wrong := d.parse(key)
	if wrong != nil {
		return nil, wrong.failure()
	}
	d.parsed[key] = op
	return op, nil
}

func (d *Dialect) parse(key string) (*Operation, *Wrong) {
	block := d.block(key)
	if block == "" {
		return nil, noOperation(d, key)
	}
	op := &Operation{Key: key, Base: d.Base}
	if wrong := op.set(parseData(block)[key]); wrong != nil {
		return nil, wrong
	}
	if change := d.overrides[key]; change != nil {
		if wrong := op.override(change); wrong != nil {
			return nil, wrong
		}
	}
	return op, op.compile()
}

// Overridden lists the operations that the overrides change, in order.
func (d *Dialect) Overridden() []string { return slices.Sorted(maps.Keys(d.overrides)) }

// block is the text of one top-level key.
func (d *Dialect) block(key string) string {
	start := strings.Index(d.data, "\n"+key+":")
	if start < 0 {
		return ""
	}
	block := d.data[start+1:]
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

package metrics

import (
	"bufio"
	"cmp"
	"io"
	"maps"
	"math"
	"slices"
	"strconv"
	"strings"
	"sync"
	"sync/atomic"
)

// ContentType is what Write writes.
const ContentType = "text/plain; version=0.0.4; charset=utf-8"

// Registry holds metrics. The zero Registry is empty and ready. It is safe for
// concurrent use.
type Registry struct {
	mu       sync.Mutex
	families []family
}

// family is a metric with all its label values.
type family interface {
	write(w *bufio.Writer)
}

func (r *Registry) add(f family) {
	r.mu.Lock()
	defer r.mu.Unlock()
	r.families = append(r.families, f)
}

// Write writes all metrics in the order in which they were made, and the values
// of each in the order of its labels.
func (r *Registry) Write(w io.Writer) error {
	r.mu.Lock()
	families := slices.Clone(r.families)
	r.mu.Unlock()
	out := bufio.NewWriter(w)
	for _, f := range families {
		f.write(out)
	}
	return out.Flush()
}

// head is what every metric has: its name, its help and the names of its labels.
type head struct {
	name, help, kind string
	labels           []string
}

func (h head) write(w *bufio.Writer) {
	_, _ = w.WriteString("# HELP " + h.name + " " + strings.NewReplacer(`\`, `\\`, "\n", `\n`).Replace(h.help) + "\n# TYPE " + h.name + " " + h.kind + "\n")
}

// sample writes one line. The values of the labels may be followed by one more
// pair, which is written as it is.
func (h head) sample(w *bufio.Writer, suffix string, values []string, more string, value float64) {
	_, _ = w.WriteString(h.name + suffix)
	var pairs []string
	for n, v := range values {
		pairs = append(pairs, h.labels[n]+`="`+strings.NewReplacer(`\`, `\\`, "\n", `\n`, `"`, `\"`).Replace(v)+`"`)
	}
	if more != "" {
		pairs = append(pairs, more)
	}
	if len(pairs) > 0 {
		_, _ = w.WriteString("{" + strings.Join(pairs, ",") + "}")
	}
	_, _ = w.WriteString(" " + number(value) + "\n")
}

func number(v float64) string {
	if math.IsInf(v, 1) {
		return "+Inf"
	}
	return strconv.FormatFloat(v, 'g', -1, 64)
}

// kept is one set of label values with what is counted for it.
type kept[T any] struct {
	values []string
	of     *T
}

// vector keeps a T for each set of label values.
type vector[T any] struct {
	head
	mu   sync.RWMutex
	by   map[string]kept[T]
	make func() *T
}

// at finds or makes the T of these values, as many as there are labels.
func (v *vector[T]) at(values []string) *T {
	if len(values) != len(v.labels) {
		panic(v.name + ": as many values as labels") // a mistake of the program
	}
	key := make([]byte, 0, 128)
	for _, value := range values {
		key = append(append(key, value...), '\xff')
	}
	v.mu.RLock()
	k, ok := v.by[string(key)]
	v.mu.RUnlock()
	if ok {
		return k.of
	}
	v.mu.Lock()
	defer v.mu.Unlock()
	if k, ok = v.by[string(key)]; !ok {
		k = kept[T]{values: slices.Clone(values), of: v.make()}
		v.by[string(key)] = k
	}
	return k.of
}

func (v *vector[T]) sorted() []kept[T] {
	v.mu.RLock()
	defer v.mu.RUnlock()
	return slices.SortedFunc(maps.Values(v.by), func(a, b kept[T]) int { return slices.CompareFunc(a.values, b.values, cmp.Compare[string]) })
}

// Counter counts events by labels.
type Counter struct{ vector[atomic.Uint64] }

// Counter makes one. Its name should end in _total.
func (r *Registry) Counter(name, help string, labels ...string) *Counter {
	c := &Counter{vector[atomic.Uint64]{head: head{name, help, "counter", labels}, by: map[string]kept[atomic.Uint64]{}, make: func() *atomic.Uint64 { return &atomic.Uint64{} }}}
	r.add(c)
	return c
}

// Add counts n more for these label values.
func (c *Counter) Add(n uint64, values ...string) { c.at(values).Add(n) }

func (c *Counter) write(w *bufio.Writer) {
	c.head.write(w)
	for _, k := range c.sorted() {
		c.sample(w, "", k.values, "", float64(k.of.Load()))
	}
}

package metrics

import (
	"bufio"
	"math"
	"slices"
	"sync/atomic"
)

// Histogram counts values in buckets, by labels.
type Histogram struct {
	vector[buckets]
	bounds []float64
}

// buckets counts what is at most a bound and more than the one before; the last
// has no bound.
type buckets struct {
	counts []atomic.Uint64
	sum    atomic.Uint64 // the bits of a float64
}

// Histogram makes one. The bounds are the buckets' upper ends and ascend.
func (r *Registry) Histogram(name, help string, bounds []float64, labels ...string) *Histogram {
	h := &Histogram{bounds: slices.Clone(bounds), vector: vector[buckets]{
		head: head{name, help, "histogram", labels}, by: map[string]kept[buckets]{},
		make: func() *buckets { return &buckets{counts: make([]atomic.Uint64, len(bounds)+1)} },
	}}
	r.add(h)
	return h
}

// Observe counts one value for these label values.
func (h *Histogram) Observe(value float64, values ...string) {
	b := h.at(values)
	n, _ := slices.BinarySearch(h.bounds, value)
	b.counts[n].Add(1)
	for {
		old := b.sum.Load()
		if b.sum.CompareAndSwap(old, math.Float64bits(math.Float64frombits(old)+value)) {
			return
		}
	}
}

func (h *Histogram) write(w *bufio.Writer) {
	h.head.write(w)
	for _, k := range h.sorted() {
		total := uint64(0)
		for n := range k.of.counts {
			total += k.of.counts[n].Load()
			bound := math.Inf(1)
			if n < len(h.bounds) {
				bound = h.bounds[n]
			}
			h.sample(w, "_bucket", k.values, `le="`+number(bound)+`"`, float64(total))
		}
		h.sample(w, "_sum", k.values, "", math.Float64frombits(k.of.sum.Load()))
		h.sample(w, "_count", k.values, "", float64(total))
	}
}

// reading is a value that is read when it is written.
type reading struct {
	head
	read func() (float64, bool)
}

// Gauge makes a metric that read is asked for each time; false leaves it out.
func (r *Registry) Gauge(name, help string, read func() (float64, bool)) {
	r.add(reading{head{name: name, help: help, kind: "gauge"}, read})
}

// Reading is Gauge for what only grows.
func (r *Registry) Reading(name, help string, read func() (float64, bool)) {
	r.add(reading{head{name: name, help: help, kind: "counter"}, read})
}

func (g reading) write(w *bufio.Writer) {
	if v, ok := g.read(); ok {
		g.head.write(w)
		g.sample(w, "", nil, "", v)
	}
}

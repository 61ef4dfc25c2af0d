// Package metrics counts and measures, and writes what it has in the text format
// that Prometheus reads. It knows counters, histograms and values that are read
// when they are asked for; no more is needed here, and it links nothing.
package metrics

//go:build race

package e2e

// weight is how much larger a program is than without the race detector.
const weight = 10

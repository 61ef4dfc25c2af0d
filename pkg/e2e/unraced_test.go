//go:build !race

package e2e

const weight = 1

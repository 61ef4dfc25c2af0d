//go:build !linux

package e2e

import "github.com/rogpeppe/go-internal/testscript"

type kdcKey struct{}

func newKDCPlace() any { return nil }

// kdc needs programs that are there on Linux.
func kdc(ts *testscript.TestScript, _ []string) {
	watchOf(ts).Skip("a KDC for tests runs on Linux only")
}

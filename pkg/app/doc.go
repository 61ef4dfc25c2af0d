// Package app is the wiring: it builds a real cli.App out of the adapters, runs
// a command tree, and turns what comes out of it into an exit code. It is the
// only package that knows every other.
package app

// Package selection finds the one credential of RED IM that a command line means,
// and checks it out. All commands of redim use it that check out.
package selection

// Package rotator gives credentials new secrets by programs: one that somebody
// wrote for the systems at hand, told what to change on its standard input, and
// asked for the new secret on its standard output. It knows no system itself.
package rotator

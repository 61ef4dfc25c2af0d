// Package handout hands the secret of a check-out to whoever was meant to have
// it, and to nobody else: a field in a pipe, a document, assignments for a shell
// or a new file. Both commands use it, so that they do so in the same way.
package handout

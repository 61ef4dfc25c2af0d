// Package handover lends the secret of a check-out to a program that it runs, in
// variables or in files, keeps it out of what the program writes, and gives it
// back when the program has ended, however it ends. Both commands use it, so that
// they do so in the same way.
package handover

// Package child runs another program in place of this one: with its own
// environment and files, at the person's terminal or at pipes, with the signals
// passed on, and tells how it ended.
//
// A program that leaves others behind which keep its output open is over when it
// has ended itself; what they write later is not waited for.
package child

// Package breaker remembers, beyond a process, which of several places that do
// the same did not answer lately, so that not every command waits for a dead
// one. It only puts places into an order: nothing is ever refused because of it.
package breaker

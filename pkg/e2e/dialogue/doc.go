// Package dialogue plays a person at a pseudo-terminal, for tests: it waits for
// texts, types answers, and answers the questions that programs put to the
// terminal itself.
package dialogue

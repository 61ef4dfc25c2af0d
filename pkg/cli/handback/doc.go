// Package handback gives checkouts back by their ids and tells what became of
// each. Both commands use it, so that they do so in the same way.
package handback

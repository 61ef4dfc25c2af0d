// Package journal is the command line's crash-safe record of checkouts: what
// was asked for, what is open, what was given back. It satisfies
// engine.Journal.
//
// The record is one append-only file of checksummed lines. A line counts from
// the moment it is on disk. Nothing in it is secret. It is not the audit trail
// of a service: that is chained and kept elsewhere.
//
// Nothing is lost silently. A line that a kill or a power failure cut, or that
// was damaged later, may stand for a checkout that is open: it is passed over,
// set aside in a file of its own, and told of at every reading until a person
// has removed that file. A valid line of a newer version is told of too, and
// stays where it is.
package journal

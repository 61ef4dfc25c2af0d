// Package journal is the command line's crash-safe record of checkouts: what
// was asked for, what is open, what was given back. It satisfies
// engine.Journal.
//
// The record is one append-only file of checksummed lines. A line counts from
// the moment it is on disk; a line that a kill or a power failure cut is
// passed over, and the next append begins on a line of its own. Nothing in it
// is secret. It is not the audit trail of a service: that is chained and kept
// elsewhere.
package journal

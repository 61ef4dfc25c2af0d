// Package audit holds the record of events: what an event is, which of its
// fields may be written down, the hash chain that ties events together, signed
// checkpoints, and the forms in which events leave the house.
//
// It does no input or output of its own and knows no database: a store keeps
// the records, and anybody who has them can verify them, also without the store.
//
// # The canonical form
//
// A hash is over bytes, so every event has one form as bytes: the version, 1;
// the time in microseconds since 1970 as 8 bytes, the highest first; each text
// in the order of the fields of Event; the number of changes; and field, old and
// new value of each. A text is its length in bytes and the bytes; lengths and
// numbers are unsigned LEB128.
//
// # The chain
//
// The hash of a record is SHA-256 over "redim record 1\n", the chain's name as a
// text, the sequence as 8 bytes, the hash of the record before it, and the
// canonical form. Before the first record stands SHA-256 over "redim chain 1\n"
// and the name. Each writer has a chain of its own, so writers need no lock
// between them; a checkpoint names the ends of all chains and is signed with
// ed25519.
//
// What the chain shows: a record that was changed, removed, added or moved, up
// to the last head that has a genuine MAC. What it can't show: a whole store put
// back to an older state. A checkpoint that is kept elsewhere does.
package audit

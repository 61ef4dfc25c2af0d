// Package audit holds the record of events: what an event is, which of its
// fields may be written down, the hash chain that ties events together, signed
// checkpoints, and the forms in which events leave the house.
//
// It does no input or output of its own and knows no database: a store keeps
// the records, and anybody who has them can verify them, also without the store.
package audit

// Package store keeps the records, the secrets and the events of pkg/vault in
// SQLite or in PostgreSQL. It knows rows and no rules: what may be done is
// decided above, and what must hold whatever anybody decides, such as one
// exclusive holder of a credential and events that never change, is held by
// constraints and triggers of the database.
//
// On SQLite all events form one chain, for whoever writes holds the file's
// lock. On PostgreSQL each connection of a process has a chain of its own for as
// long as it lives, so that writers don't wait for each other.
package store

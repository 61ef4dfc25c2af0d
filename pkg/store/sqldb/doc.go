// Package sqldb runs units of work on SQLite or on PostgreSQL: the same
// statements, the same types, the same promises. It knows no table but the one
// in which it notes the migrations that were applied.
//
// A unit passed to Write is applied as a whole or not at all, and Write returns
// after it is on disk. On SQLite one goroutine gathers the units that wait into
// one transaction, each behind a savepoint, so that they share one sync; a lone
// unit costs exactly one. On PostgreSQL every unit is a transaction of its own,
// run again when the server asks for that or when it fails over.
//
// Both databases hold times as microseconds since 1970, truth as 0 and 1, text
// as text and bytes as bytes, and take $1, $2, … as parameters.
package sqldb

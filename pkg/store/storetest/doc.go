// Package storetest starts real databases for tests: a PostgreSQL server of the
// system's own binaries, in a temporary folder, as a user without rights, on
// loopback and a socket only. It is for tests and links nothing into a command.
package storetest

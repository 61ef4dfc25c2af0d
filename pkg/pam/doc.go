// Package pam holds the nouns of privileged access that every other package
// speaks in: identities, endpoints, credentials, checkouts, the domain map, and
// the failure classes that scripts act on.
//
// It does no input or output and knows no protocol, no file and no clock.
// It is meant to be stable: a change here is felt everywhere.
package pam

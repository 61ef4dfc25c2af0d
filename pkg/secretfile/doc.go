// Package secretfile keeps named secrets in one encrypted file, for hosts that
// have no keyring. A setting names such a secret as secrets:NAME.
//
// The file is sealed with the key of the setting cache.key and is only as well
// kept as that key. Unlike a cache it holds what can't be had again: a file
// that can't be opened is an error, and is never replaced.
package secretfile

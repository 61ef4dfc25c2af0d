// Package keyring keeps secrets in the keyring of the operating system: the
// Secret Service on Linux and BSD, the Keychain on macOS, the Credential
// Manager on Windows. It is the only package that knows how to reach them.
//
// It never falls back to another place: where there is no keyring, every call
// says so at once.
package keyring

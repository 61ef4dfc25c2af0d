// Package mask keeps secrets out of a stream: a Writer replaces each secret that
// passes through it, also when it comes encoded or in single bytes. It finds a
// secret as it is; with any of its characters escaped as in URLs, JSON, XML, C or
// a shell; in base64 wherever it begins; in hexadecimal; and in UTF-16.
//
// It is a net below accidents, not a fence: whoever holds a secret and wants to
// tell it finds an encoding that nobody thought of.
package mask

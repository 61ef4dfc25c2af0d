// Package redim is the client of the RED IM SDK web service.
//
// A Client signs in as the delegation identity, acts as the identities it may
// impersonate, and satisfies the ports of the engine. It keeps tokens in a
// TokenStore, repeats a call once with a new token when the service refuses
// the one in hand, and never repeats a check-out that may have been received.
// What the service's operations are called and how they look is data, in
// package dialect; how bytes travel is package transport.
//
// Failures are *pam.Failure with a class and a hint. None holds a secret, and
// none depends on the words of a message of the service. A failure that is
// also pam.ErrUncertain is one of an act that may have been done.
package redim

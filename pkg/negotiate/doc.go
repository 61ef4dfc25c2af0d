// Package negotiate speaks HTTP Negotiate (RFC 4559) with Kerberos, on both
// sides. It is the only importer of a Kerberos library, of which it uses the
// encryption types; the messages are its own.
//
// A Client proves who runs this process, from a credential cache that kinit
// filled or from a keytab, and gives its proof to one host only. An Acceptor
// takes such proofs with a service's keytab: once each, within a clock skew,
// from named realms. NTLM is not offered: it proves nothing that a relay could
// not repeat, and ties a caller to a connection.
package negotiate

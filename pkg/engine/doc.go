// Package engine holds the use cases of both command-line tools: find the
// credentials that a user may use for an endpoint, check one out, check it in,
// and have its password spun.
//
// The engine decides; it never prompts, prints, reads a flag or exits. What it
// needs from outside are its ports: a Source of credentials, a Journal and a
// Clock. The decisions themselves (which identities, which names, which
// credential, which spin) are pure functions.
package engine

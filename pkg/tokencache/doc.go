// Package tokencache keeps the tokens of signed-in identities between commands,
// so that nobody signs in while a live token is at hand.
//
// There is one sealed file per identity and profile. Its name is a keyed hash,
// so that nothing on disk tells who signed in where, and the name is bound to
// the content, so that no file can stand for another. Reading takes no lock;
// signing in takes one per identity, over all processes.
//
// The cache is never a reason to fail: what can't be read is a miss, what can't
// be written is not kept, each with one warning. Only a key that somebody chose
// and that can't be had is an error.
package tokencache

// Package verdict says who is to get what from the vault, and under which
// conditions: the promises of its documentation, written down once more, by
// nobody who looked at how they are kept. Its tests hold thousands of random
// cases against the vault itself, and against its API.
package verdict

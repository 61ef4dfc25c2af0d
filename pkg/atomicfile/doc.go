// Package atomicfile replaces a file so that every reader, at any instant and
// after any crash, sees either the whole old content or the whole new one.
//
// It does not make directories and does not order writers: the last one wins.
// A writer that must not lose another's change holds a lock of its own around
// reading and writing.
package atomicfile

// Package seal encrypts what is kept on disk, and finds the key to do so.
//
// A Key seals bytes into an envelope: a mark, a version, the id of the key, and
// the content under AES-256-GCM. Whoever opens it must name the same associated
// data that it was sealed with, so that an envelope can't stand for another. A
// KeySource fetches the key from where the setting cache.key says, and from
// nowhere else: a place that can't be used is a failure, not a reason to take a
// weaker one.
package seal

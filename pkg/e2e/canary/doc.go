// Package canary finds a marker that must not be there, however it may have
// been encoded on the way: plain, base64 at any offset, URL, JSON and XML
// escapes, UTF-16, hexadecimal. Test secrets hold the marker; a hit in a file or
// a log is a leak.
package canary

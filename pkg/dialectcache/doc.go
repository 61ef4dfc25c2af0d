// Package dialectcache keeps which dialect of the web service was found at an
// address, so that the next command need not ask.
//
// There is one small file for each fingerprint of the settings, in the user's
// cache directory. It holds nothing secret, and nothing depends on it: a file
// that is missing, cut, or out of date costs a request. It is replaced as a
// whole, so that a killed writer leaves the old one.
package dialectcache

// Package wcf reads and writes JSON as Windows Communication Foundation does:
// dates as /Date(ms)/, numbers that may come as strings, bare strings, the
// solidus escaped, members in any order and unknown ones ignored.
//
// The readers walk the text in place, so that a secret is copied once, into
// bytes that can be wiped. Apart from Valid, which every reply must pass
// first, they expect valid JSON; on anything else their answers mean nothing,
// but they neither panic nor run on. The package does no input or output.
package wcf

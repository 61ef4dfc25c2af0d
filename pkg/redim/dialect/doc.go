// Package dialect holds the service's dialects as data, one commented file
// each, and the small interpreter that turns an operation of such a file into
// a request body and a reply into values.
//
// Only the block of an operation that is used gets parsed, when it is used
// first. The package sends nothing: addresses, tokens and statuses are the
// client's business.
package dialect

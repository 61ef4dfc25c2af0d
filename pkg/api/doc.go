// Package api is the Integration API: what an application that checks
// credentials out says and hears over HTTP. It decides nothing about who may have
// what; that is package vault, and check-outs go through package engine as those
// of the command line do.
//
// A call passes the door in one order: sizes, source address, authentication,
// and then the vault's rules. What a refusal saw goes to the log; the caller is
// told a code. Every answer that is no success is a problem document (RFC 9457),
// and problem.go is the one place that makes it from an error.
//
// openapi.json describes every call. The tests hold each answer that they get
// against it.
package api

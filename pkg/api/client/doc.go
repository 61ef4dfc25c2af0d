// Package client is the Go client of the Integration API that vault serve has. It
// signs in when it has to, keeps its token where it is told, sends each check-out
// with an idempotency key so that it may be repeated, and waits for approvals.
//
// Failures are pam.Failures: a problem of the server becomes the class that the
// same refusal has at the vault itself.
package client

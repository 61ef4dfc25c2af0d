// Package checkout is the command checkout: it obtains one credential for a
// bounded time and hands the secret to whoever was meant to have it, and to
// nobody else.
package checkout

// Package checkout is redim's command checkout: it obtains one credential for a
// bounded time. Where its secret then goes is package handout's business.
package checkout

// Package ci knows the CI system that this process runs in: what its job is
// called and where it is looked at, and how its log is told to hide a secret.
package ci

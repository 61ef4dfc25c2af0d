// Package redimtest is a stand-in for the RED IM SDK web service: a small
// stateful model of it behind real HTTP, made from public material only. Unit
// tests, scripts, the demonstration and redim simulate all talk to it.
//
// It holds identities, impersonation mappings, permissions, systems, shared
// lists, tokens, check-outs, jobs and an audit trail, answers as the service's
// web framework writes its bytes, and has faults on demand. It is not for
// production: it listens on loopback only and tells its counters to any local
// caller. What its wire form rests on is in docs/simulate.md.
package redimtest

// Package secret holds the type that every password, token and key travels in,
// and the sources a secret may be read from.
//
// A Value can not be printed: every verb of fmt, every JSON, YAML and text
// encoder and every slog handler shows [redacted], also for an unexported field
// of a struct printed by reflection. Reveal is the only way to the bytes.
package secret

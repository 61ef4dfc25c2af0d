// Package server serves an API over TLS: listeners, of its own or handed over by
// systemd; certificates that are read again when they change; limits of time,
// size and number; a stop that lets running calls end; and the upkeep that goes on
// beside. It knows nothing of what it serves.
package server

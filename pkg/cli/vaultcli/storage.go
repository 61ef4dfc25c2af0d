package vaultcli

import (
	"context"

	"github.com/redim-tools/redim/pkg/vault"
)

// Storage is the store as its keeper sees it.
type Storage struct {
	Address string // without a password
	Path    string // of the SQLite file; empty for PostgreSQL
	// Migrate brings the store to the schema of this program, and tells what it
	// applied.
	Migrate func(context.Context) ([]string, error)
}

// MasterKey is the place of the master key.
type MasterKey struct {
	Keys vault.Keys
}

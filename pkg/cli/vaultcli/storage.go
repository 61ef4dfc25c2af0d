package vaultcli

import (
	"context"

	"github.com/redim-tools/redim/pkg/vault"
)

// Storage is the store as its keeper sees it. Only its methods open it.
type Storage struct {
	Address string // without a password
	Path    string // of the SQLite file; empty for PostgreSQL
	// Migrate brings the store to the schema of this program, and tells what it
	// applied.
	Migrate func(context.Context) ([]string, error)
	// Check looks the store over, and whether its key opens it.
	Check func(context.Context) ([]Finding, error)
	// CheckBackup looks a backup over.
	CheckBackup func(ctx context.Context, file string) ([]Finding, error)
	Backup      func(ctx context.Context, file string) error
	// Restore puts a backup in the store's place, and tells where it put a store
	// aside that was no longer one; empty: nowhere.
	Restore func(ctx context.Context, file string) (aside string, err error)
}

// Level says how bad a finding is.
type Level string

// The levels.
const (
	LevelOK      Level = "ok"
	LevelWarning Level = "warning"
	LevelFault   Level = "fault"
)

// Finding is one thing that was looked at.
type Finding struct {
	Name  string
	Level Level
	Text  string // what is so
	Hint  string // how to mend it; empty when it is in order
}

// MasterKey is the place of the master key, and how to rotate it.
type MasterKey struct {
	Source string // the setting, without what may be secret in it
	Path   string // of the key file; empty when it is in none
	Opened string // how a command gets at it
	// Rotate makes a new key, in its place or where the setting to says, and
	// wraps everything by it. Interrupted, it is called again and goes on.
	Rotate func(ctx context.Context, to string, progress func(rewrapped int)) (Rotated, error)
	// CanRotate tells why Rotate would be refused; nil when it would not.
	CanRotate func(to string) error
}

// Rotated is what a rotation did.
type Rotated struct {
	vault.Rotation
	Old string // where the old key still is
	New string // where the new key is
}

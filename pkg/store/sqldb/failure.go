package sqldb

import (
	"context"
	"errors"
	"io/fs"
	"strings"

	sqlite3 "modernc.org/sqlite/lib"

	"github.com/redim-tools/redim/pkg/pam"
)

// ConstraintError says that the database refused a change: which constraint, in
// the database's own words, or which trigger.
type ConstraintError struct {
	Name string // of the constraint; the column as table.column where it may not be null, and of SQLite's unique ones
	Err  error
}

// Error tells the constraint.
func (e *ConstraintError) Error() string { return "the database refuses the change: " + e.Name }

// Unwrap returns the driver's error.
func (e *ConstraintError) Unwrap() error { return e.Err }

// settled reports whether err needs no translation: it is ours already.
func settled(err error) bool {
	if _, ok := errors.AsType[*pam.Failure](err); ok {
		return true
	}
	_, ok := errors.AsType[*ConstraintError](err)
	return ok
}

// Unasked reports whether err says that the database could not be asked, or not to the
// end, and so nothing about what it keeps.
func Unasked(err error) bool {
	switch sqliteCode(err) {
	case sqlite3.SQLITE_BUSY, sqlite3.SQLITE_LOCKED, sqlite3.SQLITE_CANTOPEN, sqlite3.SQLITE_PERM, sqlite3.SQLITE_AUTH, sqlite3.SQLITE_INTERRUPT:
		return true
	}
	_, broke := errors.AsType[*broken](err)
	code := state(err)
	return broke || isUnreached(err) || errors.Is(err, context.Canceled) || errors.Is(err, context.DeadlineExceeded) ||
		code == lockNotAvailable || strings.HasPrefix(code, "57P") || strings.HasPrefix(code, "53")
}

// interrupted translates the end of a context.
func interrupted(a Address, err error) error {
	if errors.Is(err, context.DeadlineExceeded) {
		return pam.Failf(pam.ErrUnreachable, "the store %s did not answer in time: %w", a, err).WithHint("try again; if it stays so, look at the load of the machine and at who else uses the store")
	}
	return pam.Failf(pam.ErrInterrupted, "interrupted while the store %s was at work: %w", a, err).WithHint("nothing was changed")
}

// unopened translates what the file system says when a file or directory can't be used.
func unopened(a Address, what string, err error) error {
	f := pam.Failf(pam.ErrUnreachable, "the store %s can't be opened: %s: %w", a, what, err)
	switch {
	case errors.Is(err, fs.ErrPermission):
		return f.WithHint("give this user read and write access to %s and to its directory, or name another file with --store", a.Path)
	case errors.Is(err, fs.ErrNotExist):
		return f.WithHint("make the directory, or name another file with --store")
	}
	return f.WithHint("look at %s and at its directory, or name another file with --store", a.Path)
}

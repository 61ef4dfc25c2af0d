package sqldb

import (
	"context"
	"errors"
	"strings"

	"modernc.org/sqlite"
	sqlite3 "modernc.org/sqlite/lib"

	"github.com/redim-tools/redim/pkg/pam"
)

// sqliteCode is the primary result code, 0 when err is none of SQLite's.
func sqliteCode(err error) int {
	if e, ok := errors.AsType[*sqlite.Error](err); ok {
		return e.Code() & 0xff
	}
	return 0
}

func busy(err error) bool {
	code := sqliteCode(err)
	return code == sqlite3.SQLITE_BUSY || code == sqlite3.SQLITE_LOCKED
}

// sqliteFailure says in our words what SQLite said.
func sqliteFailure(a Address, err error) error {
	if err == nil || settled(err) {
		return err
	}
	if errors.Is(err, context.Canceled) || errors.Is(err, context.DeadlineExceeded) {
		return interrupted(a, err)
	}
	if _, ok := errors.AsType[*misfitError](err); ok {
		return corrupt(a, err)
	}
	code := sqliteCode(err)
	switch code {
	case 0:
		return err
	case sqlite3.SQLITE_CONSTRAINT:
		return &ConstraintError{Name: sqliteConstraint(err), Err: err}
	case sqlite3.SQLITE_INTERRUPT:
		return interrupted(a, context.Canceled)
	case sqlite3.SQLITE_BUSY, sqlite3.SQLITE_LOCKED:
		return pam.Failf(pam.ErrUnreachable, "the store %s is locked by another process: %w", a, err).WithHint("try again; if it stays so, find the process that holds it: fuser %s", a.Path)
	case sqlite3.SQLITE_CORRUPT, sqlite3.SQLITE_NOTADB:
		return corrupt(a, err)
	case sqlite3.SQLITE_CANTOPEN, sqlite3.SQLITE_PERM, sqlite3.SQLITE_AUTH:
		return pam.Failf(pam.ErrUnreachable, "the store %s can't be opened: %w", a, err).WithHint("give this user read and write access to the file and to its directory")
	case sqlite3.SQLITE_FULL:
		return pam.Failf(pam.ErrJournal, "the disk of the store %s is full: %w", a, err).WithHint("make room on the disk of %s; nothing was changed", a.Path)
	case sqlite3.SQLITE_READONLY:
		return errReadOnly(a, err)
	case sqlite3.SQLITE_IOERR:
		return pam.Failf(pam.ErrJournal, "the disk of the store %s fails: %w", a, err).WithHint("look at the disk and its free room; nothing was changed")
	}
	return pam.Failf(pam.ErrOther, "the store %s: %w", a, err).WithHint("look at the store: vault store check")
}

func corrupt(a Address, err error) error {
	return pam.Failf(pam.ErrUnreachable, "the store %s is corrupt or not a database: %w", a, err).WithHint("keep a copy of the file, then restore the last backup: vault store restore")
}

// sqliteConstraint takes the name out of "… constraint failed: name (275)".
func sqliteConstraint(err error) string {
	text := err.Error()
	if i := strings.LastIndex(text, "failed: "); i >= 0 {
		text = text[i+len("failed: "):]
	}
	if i := strings.LastIndex(text, " ("); i >= 0 {
		text = text[:i]
	}
	return strings.TrimPrefix(text, "constraint failed: ")
}

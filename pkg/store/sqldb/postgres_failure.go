package sqldb

import (
	"cmp"
	"context"
	"errors"
	"io/fs"
	"strings"

	"github.com/jackc/pgx/v5/pgconn"

	"github.com/redim-tools/redim/pkg/pam"
)

// States of PostgreSQL that mean something to us.
const (
	readOnlyTransaction = "25006"
	lockNotAvailable    = "55P03"
	invalidCatalog      = "3D000" // no such database
)

var errRolledBack = errors.New("the server rolled the transaction back")

// state is the SQLSTATE of err, empty when no server said it.
func state(err error) string {
	if e, ok := errors.AsType[*pgconn.PgError](err); ok {
		return e.Code
	}
	return ""
}

// pgError makes a ConstraintError of what violates one, and marks a broken connection.
func pgError(err error) error {
	e, ok := errors.AsType[*pgconn.PgError](err)
	switch {
	case err == nil:
		return nil
	case !ok && !errors.Is(err, context.Canceled) && !errors.Is(err, context.DeadlineExceeded):
		return &broken{err}
	case !ok || !strings.HasPrefix(e.Code, "23"):
		return err
	}
	return &ConstraintError{Name: cmp.Or(e.ConstraintName, e.TableName+"."+e.ColumnName), Err: err} // a column that may not be null has no name
}

// passing reports whether the unit may be run again: the server undid it and
// asks for that, or it never got there. A server that never answered is not
// waited for: the address may be wrong.
func (d *pg) passing(err error) bool {
	if isUnknown(err) {
		return false
	}
	switch code := state(err); {
	case code == "40001", code == "40P01": // serialisation failure, deadlock
		return true
	case code == readOnlyTransaction, strings.HasPrefix(code, "57P"): // fail-over, shutdown, start-up
		return true
	case code == "53300": // too many connections
		return true
	case code != "":
		return false
	}
	if _, ok := errors.AsType[*ConstraintError](err); ok {
		return false
	}
	if isUnreached(err) {
		return d.reached.Load()
	}
	if _, ok := errors.AsType[*broken](err); ok {
		return true
	}
	return pgconn.SafeToRetry(err)
}

// broken marks that the connection broke before the commit was sent.
type broken struct{ error }

func (b *broken) Unwrap() error { return b.error }

// pgFailure says in our words what PostgreSQL or the network said.
func pgFailure(a Address, err error) error {
	if err == nil || settled(err) {
		return err
	}
	if isUnknown(err) {
		return pam.Failf(pam.ErrUnreachable, "the store %s was lost while it was writing: %w", a, err).WithHint("nobody knows whether the change was kept: look before you do it again").Uncertain()
	}
	if _, ok := errors.AsType[*broken](err); ok {
		return pam.Failf(pam.ErrUnreachable, "the connection to the store %s broke: %w", a, err).WithHint("look at the network and whether PostgreSQL runs; nothing was changed")
	}
	if isUnreached(err) {
		return pgUnreached(a, err)
	}
	if errors.Is(err, context.Canceled) || errors.Is(err, context.DeadlineExceeded) {
		return interrupted(a, err)
	}
	switch code := state(err); {
	case code == "":
		return err
	case code == lockNotAvailable:
		return pam.Failf(pam.ErrUnreachable, "the store %s: another session holds the record for too long: %w", a, err).WithHint("try again; if it stays so, look at pg_stat_activity")
	case strings.HasPrefix(code, "53"):
		return pam.Failf(pam.ErrJournal, "the store %s is out of room or connections: %w", a, err).WithHint("look at the disk and the limits of the PostgreSQL server; nothing was changed")
	case code == readOnlyTransaction:
		return pam.Failf(pam.ErrJournal, "the store %s is read-only: %w", a, err).WithHint("name all hosts in the address, so that the one that takes writes is found; nothing was changed")
	case code == forbidden:
		return pam.Failf(pam.ErrUnreachable, "the store %s: the database user lacks a right: %w", a, err).WithHint("grant it, or use the user that owns the tables")
	case strings.HasPrefix(code, "XX"), code == "58030":
		return pam.Failf(pam.ErrUnreachable, "the store %s is corrupt or its disk fails: %w", a, err).WithHint("look at the log of the PostgreSQL server")
	case strings.HasPrefix(code, "57P"), strings.HasPrefix(code, "40"):
		return pam.Failf(pam.ErrUnreachable, "the store %s did not come to an end: %w", a, err).WithHint("try again; nothing was changed")
	}
	return pam.Failf(pam.ErrOther, "the store %s: %w", a, err).WithHint("look at the store: vault store check")
}

// pgUnreached speaks of a connection that was not to be had. The driver's own
// message names hosts and users, but no password.
func pgUnreached(a Address, err error) error {
	f := pam.Failf(pam.ErrUnreachable, "the store %s can't be reached: %w", a, err)
	switch code := state(err); {
	case strings.HasPrefix(code, "28"):
		return f.WithHint("look at the user, its password (a passfile, say) and pg_hba.conf")
	case code == invalidCatalog:
		return f.WithHint("make the database: createdb -O USER DATABASE")
	case errors.Is(err, fs.ErrPermission):
		return f.WithHint("give this user the right to use the server's socket and to enter its directory")
	}
	return f.WithHint("look at the host and the port, and whether PostgreSQL runs")
}

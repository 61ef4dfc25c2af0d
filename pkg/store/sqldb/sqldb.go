package sqldb

import (
	"context"
	"errors"
	"time"
)

// ErrAgain is returned by a unit that wants to be run again from the start. On
// SQLite nobody else writes beside it, so there it is a failure like any other.
var ErrAgain = errors.New("run the unit again")

// Deadline bounds a unit of work whose caller set no deadline.
const Deadline = 30 * time.Second

// Unit is work inside one transaction. It may be run more than once, so it must
// begin from the same state each time, and it must not keep tx.
type Unit func(ctx context.Context, tx *Tx) error

// DB is an open database. It is safe for concurrent use.
type DB interface {
	// Write runs unit and returns when its changes are on disk, or when none
	// of them is. A failure that is also pam.ErrUncertain means that nobody knows.
	Write(ctx context.Context, unit Unit) error
	// Read runs a unit that changes nothing. On SQLite all its statements see
	// one moment; on PostgreSQL each sees its own.
	Read(ctx context.Context, unit Unit) error
	// Dialect tells which database this is.
	Dialect() Dialect
	// Close waits for the units that run. None may be passed afterwards.
	Close() error
}

// Slot is the place of one writer: at most one transaction runs in it at a time.
// What a user of this package keeps in Value outlives the transactions.
type Slot struct{ Value any }

// Hooks are called around the transactions of Write. Either may be nil.
type Hooks struct {
	// BeforeCommit runs once in each transaction, after its units.
	BeforeCommit Unit
	// Settled is told, after a transaction that changed something or tried to,
	// whether it is certain that it was committed.
	Settled func(slot *Slot, committed bool)
}

// Tx is what a unit works with. It is not safe for concurrent use.
type Tx struct {
	Slot *Slot // nil in Read
	runner
}

type runner interface {
	// Exec runs a statement and returns how many rows it touched.
	Exec(ctx context.Context, query string, args ...any) (int64, error)
	// Later runs a statement at some time before the commit, and in order. Its
	// failure may be returned by a later call or by Write.
	Later(ctx context.Context, query string, args ...any) error
	// Script runs several statements that take no parameters.
	Script(ctx context.Context, text string) error
	// Query runs a query. The rows must be closed before the next statement.
	Query(ctx context.Context, query string, args ...any) (Rows, error)
	// Dialect tells which database this is.
	Dialect() Dialect
}

// Rows are the answer to a query.
type Rows interface {
	Next() bool
	Scan(into ...any) error
	Close() error // the first error met by Next, Scan or Close
}

// Row is one row of an answer.
type Row interface{ Scan(into ...any) error }

// One scans the first row, and reports whether there was one.
func One(ctx context.Context, tx *Tx, query string, args, into []any) (bool, error) {
	rows, err := tx.Query(ctx, query, args...)
	if err != nil {
		return false, err
	}
	found := rows.Next()
	if found {
		err = rows.Scan(into...)
	}
	if e := rows.Close(); err == nil {
		err = e
	}
	return found && err == nil, err
}

// All scans every row.
func All[T any](ctx context.Context, tx *Tx, scan func(Row) (T, error), query string, args ...any) ([]T, error) {
	var all []T
	err := Each(ctx, tx, func(r Row) error {
		one, err := scan(r)
		all = append(all, one)
		return err
	}, query, args...)
	return all, err
}

// Each calls scan for every row until it fails.
func Each(ctx context.Context, tx *Tx, scan func(Row) error, query string, args ...any) error {
	rows, err := tx.Query(ctx, query, args...)
	if err != nil {
		return err
	}
	for err == nil && rows.Next() {
		err = scan(rows)
	}
	if e := rows.Close(); err == nil {
		err = e
	}
	return err
}

// bounded gives ctx a deadline if it has none.
func bounded(ctx context.Context) (context.Context, context.CancelFunc) {
	if _, ok := ctx.Deadline(); ok {
		return ctx, func() {}
	}
	return context.WithTimeout(ctx, Deadline)
}

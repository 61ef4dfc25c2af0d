package sqldb

import (
	"context"
	"time"
)

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
	// Gather hands in an item of work, which Hooks.Gathered applies together with
	// all that wait, and returns as Write does.
	Gather(ctx context.Context, item any) error
	// Ask hands in a short question, which Hooks.Asked answers, maybe together with
	// others that wait. The answer is for the item to keep; nobody may look at it
	// after a failure. One that is a Question may be given the answer to an earlier
	// one, if nothing in the database has changed between that and this call.
	Ask(ctx context.Context, item any) error
	// Glance runs a unit that asks one short question and changes nothing.
	Glance(ctx context.Context, unit Unit) error
	// Read runs a unit that changes nothing. On SQLite all its statements see
	// one moment; on PostgreSQL each sees its own.
	Read(ctx context.Context, unit Unit) error
	// Dialect tells which database this is.
	Dialect() Dialect
	// Close waits for the units that run. None may be passed afterwards.
	Close() error

	scrub(ctx context.Context, tables []string) error
}

// Slot is the place of one writer: at most one transaction runs in it at a time.
// What a user of this package keeps in Value outlives the transactions.
type Slot struct{ Value any }

// Hooks are called around the transactions of Write and Gather. Any may be nil,
// but Gathered and Asked only where nobody calls Gather and Ask.
type Hooks struct {
	// Gathered applies items in the order in which they came. It returns the
	// failure of each: an item that failed has changed nothing. Its own failure
	// is one of the whole transaction. As a unit, it may be run again, also with
	// fewer items.
	Gathered func(ctx context.Context, tx *Tx, items []any) ([]error, error)
	// Asked answers questions, whose failure is one of all of them. After one that
	// may come from a single question it is asked each alone.
	Asked func(ctx context.Context, tx *Tx, items []any) error
	// BeforeCommit runs once in each transaction, after its units.
	BeforeCommit Unit
	// Settled is told, after a transaction that changed something or tried to,
	// whether it is certain that it was committed.
	Settled func(slot *Slot, committed bool)
	// Again tells failures after which a unit may be run again. On SQLite,
	// where nobody else writes beside a unit, it is not asked.
	Again func(error) bool
}

// Tx is what a unit works with. It is not safe for concurrent use. Its failures
// are a *pam.Failure, a *ConstraintError, or those of Scan.
type Tx struct {
	Slot *Slot // nil in Read
	// Hopeful lets Gathered add its items by statements that fail unless each is
	// added: on PostgreSQL those that call refuse_lot, on SQLite those that violate a
	// constraint. Then nothing is kept, and it is called again without hope.
	Hopeful bool
	runner
	fail func(error) error
}

// Exec runs a statement and returns how many rows it touched.
func (t *Tx) Exec(ctx context.Context, query string, args ...any) (int64, error) {
	n, err := t.runner.Exec(ctx, query, args...)
	return n, t.fail(err)
}

// Later runs a statement at some time before the commit, and in order. Its
// failure may be returned by a later call or by Write.
func (t *Tx) Later(ctx context.Context, query string, args ...any) error {
	return t.fail(t.runner.Later(ctx, query, args...))
}

// Query runs a query. The rows must be closed before the next statement.
func (t *Tx) Query(ctx context.Context, query string, args ...any) (Rows, error) {
	rows, err := t.runner.Query(ctx, query, args...)
	if err != nil {
		return nil, t.fail(err)
	}
	return failing{rows, t.fail}, nil
}

// failing translates what made the rows end.
type failing struct {
	Rows
	fail func(error) error
}

func (f failing) Close() error { return f.fail(f.Rows.Close()) }

// DataVersion is the same at two moments unless somebody else has changed a SQLite
// database in between: another process, or another connection. It is zero on PostgreSQL.
type DataVersion struct{ connection, version int64 }

// DataVersion is that of this transaction. Its own changes and those before it in the
// same slot leave it as it is. https://www.sqlite.org/pragma.html#pragma_data_version
func (t *Tx) DataVersion(ctx context.Context) (DataVersion, error) {
	c, ok := t.runner.(*liteConn)
	if !ok {
		return DataVersion{}, nil
	}
	e := DataVersion{connection: c.opened}
	_, err := One(ctx, t, "pragma data_version", nil, []any{&e.version})
	return e, err
}

// Script runs several statements that take no parameters.
func (t *Tx) Script(ctx context.Context, text string) error {
	return t.fail(t.runner.Script(ctx, text))
}

type runner interface {
	Exec(ctx context.Context, query string, args ...any) (int64, error)
	Later(ctx context.Context, query string, args ...any) error
	Query(ctx context.Context, query string, args ...any) (Rows, error)
	Script(ctx context.Context, text string) error
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

// Each calls scan for every row until it fails. The rows are closed also when it
// panics: a connection with open rows would go on seeing the moment they are of.
func Each(ctx context.Context, tx *Tx, scan func(Row) error, query string, args ...any) (err error) {
	rows, err := tx.Query(ctx, query, args...)
	if err != nil {
		return err
	}
	defer func() {
		if e := rows.Close(); err == nil {
			err = e
		}
	}()
	for err == nil && rows.Next() {
		err = scan(rows)
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

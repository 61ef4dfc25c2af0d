package sqldb

import (
	"cmp"
	"context"

	"github.com/jackc/pgx/v5"
	"github.com/jackc/pgx/v5/pgconn"
)

// pgTx is one transaction. What need not be answered at once is sent together
// with what comes next: the begin with the first statement, and statements
// passed to Later with the next one or with the commit.
type pgTx struct {
	conn    *pgx.Conn
	begin   string // still to be sent; empty afterwards
	started bool
	queue   []queued
}

type queued struct {
	query string
	args  []any
}

func (t *pgTx) Dialect() Dialect { return PostgreSQL }

func (t *pgTx) Later(_ context.Context, query string, args ...any) error {
	t.queue = append(t.queue, queued{query, args})
	return nil
}

// send sends what waits, and query after it, and reads the answers to what waited.
func (t *pgTx) send(ctx context.Context, query string, args []any) (pgx.BatchResults, error) {
	var batch pgx.Batch
	if t.begin != "" {
		batch.Queue(t.begin)
	}
	for _, q := range t.queue {
		batch.Queue(q.query, q.args...)
	}
	before := batch.Len()
	batch.Queue(query, args...)
	t.queue, t.begin, t.started = nil, "", true
	results := t.conn.SendBatch(ctx, &batch)
	for range before {
		if _, err := results.Exec(); err != nil {
			_ = results.Close()
			return nil, err
		}
	}
	return results, nil
}

// clear reports whether nothing waits to be sent; then no batch is needed.
func (t *pgTx) clear() bool { return t.begin == "" && len(t.queue) == 0 }

func (t *pgTx) Exec(ctx context.Context, query string, args ...any) (int64, error) {
	if t.clear() {
		tag, err := t.conn.Exec(ctx, query, args...)
		return tag.RowsAffected(), pgError(err)
	}
	results, err := t.send(ctx, query, args)
	if err != nil {
		return 0, pgError(err)
	}
	tag, err := results.Exec()
	if e := results.Close(); err == nil {
		err = e
	}
	return tag.RowsAffected(), pgError(err)
}

// Script sends what waits, then the text as it is: several statements can't be
// prepared.
func (t *pgTx) Script(ctx context.Context, text string) error {
	if !t.clear() {
		if _, err := t.Exec(ctx, "select 1"); err != nil {
			return err
		}
	}
	_, err := t.conn.Exec(ctx, text)
	return pgError(err)
}

func (t *pgTx) Query(ctx context.Context, query string, args ...any) (Rows, error) {
	if t.clear() {
		rows, err := t.conn.Query(ctx, query, args...)
		return pgRows{rows, nil}, pgError(err)
	}
	results, err := t.send(ctx, query, args)
	if err != nil {
		return nil, pgError(err)
	}
	rows, err := results.Query()
	if err != nil {
		_ = results.Close()
		return nil, pgError(err)
	}
	return pgRows{rows, results}, nil
}

// commit ends the transaction. Nothing is kept that was not sent, so only a
// failure of the connection leaves it open what became of it.
func (t *pgTx) commit(ctx context.Context) error {
	if !t.started && len(t.queue) == 0 {
		return nil
	}
	tag, err := t.finish(ctx, "commit")
	switch {
	case tag.String() == "COMMIT":
		return nil // what is said after it is about the session: a server that stops ends it
	case err == nil && tag.String() == "ROLLBACK":
		return errRolledBack
	case err != nil && state(err) == "" && !pgconn.SafeToRetry(err):
		return &unknown{err}
	}
	return pgError(err)
}

// end ends a transaction that changes nothing.
func (t *pgTx) end(ctx context.Context, how string) error {
	t.queue = nil
	if !t.started || t.conn.IsClosed() {
		return nil
	}
	_, err := t.finish(ctx, how)
	return pgError(err)
}

func (t *pgTx) finish(ctx context.Context, how string) (pgconn.CommandTag, error) {
	results, err := t.send(ctx, how, nil)
	if err != nil {
		return pgconn.CommandTag{}, err
	}
	tag, err := results.Exec()
	if e := results.Close(); err == nil {
		err = e
	}
	return tag, err
}

type pgRows struct {
	pgx.Rows
	results pgx.BatchResults // nil when the query went alone
}

// Close closes and tells what made the rows end.
func (r pgRows) Close() error {
	r.Rows.Close()
	err := r.Rows.Err()
	if r.results != nil {
		err = cmp.Or(err, r.results.Close())
	}
	return pgError(err)
}

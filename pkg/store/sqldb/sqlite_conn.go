package sqldb

import (
	"context"
	"database/sql/driver"
	"errors"
	"io"
	"strconv"
	"strings"

	"modernc.org/sqlite"
)

// liteConn is one connection with the statements it has prepared. It is opened
// when it is first used, and used by one goroutine at a time. It speaks to the
// driver itself: a pool and its conversions would cost as much as the rows.
type liteConn struct {
	conn  liteDriver
	stmts map[string]liteStmt
	args  []driver.NamedValue // of the statement that runs

	opened int64 // how often it was

	recall recall // of questions; a new connection has none
}

// liteDriver is what the driver's connections can.
type liteDriver interface {
	driver.Conn
	driver.ConnPrepareContext
	driver.ExecerContext
	NewRestore(from string) (*sqlite.Backup, error)
}

// liteStmt is what the driver's statements can.
type liteStmt interface {
	driver.Stmt
	driver.StmtExecContext
	driver.StmtQueryContext
}

var errDriver = errors.New("the SQLite driver is another one than this program was made for")

func (c *liteConn) open(dsn string) error {
	if c.conn != nil {
		return nil
	}
	conn, err := (&sqlite.Driver{}).Open(dsn)
	if err != nil {
		return err
	}
	able, ok := conn.(liteDriver)
	if !ok {
		return errors.Join(errDriver, conn.Close())
	}
	c.conn, c.stmts, c.recall = able, map[string]liteStmt{}, recall{}
	c.opened++
	return nil
}

func (c *liteConn) close() error {
	if c.conn == nil {
		return nil
	}
	c.forget()
	err := c.conn.Close()
	c.conn = nil
	return err
}

func (c *liteConn) forget() {
	for query, s := range c.stmts {
		_ = s.Close()
		delete(c.stmts, query)
	}
}

// keptStatements bounds the memory of a connection: search has many forms.
const keptStatements = 256

func (c *liteConn) prepare(ctx context.Context, query string) (liteStmt, error) {
	if s, ok := c.stmts[query]; ok {
		return s, nil
	}
	s, err := c.conn.PrepareContext(ctx, positional(query))
	if err != nil {
		return nil, err
	}
	able, ok := s.(liteStmt)
	if !ok {
		return nil, errors.Join(errDriver, s.Close())
	}
	if len(c.stmts) >= keptStatements {
		c.forget()
	}
	c.stmts[query] = able
	return able, nil
}

// positional writes $1, $2, … as question marks where they come in that order,
// for the driver looks at the name of each parameter that has one, every time.
func positional(query string) string {
	var b strings.Builder
	n, literal := 1, false
	for i := 0; i < len(query); i++ {
		ch := query[i]
		literal = literal != (ch == '\'')
		if ch != '$' || literal {
			b.WriteByte(ch)
			continue
		}
		end := i + 1
		for end < len(query) && '0' <= query[end] && query[end] <= '9' {
			end++
		}
		if query[i+1:end] != strconv.Itoa(n) {
			return query
		}
		b.WriteByte('?')
		n, i = n+1, end-1
	}
	return b.String()
}

func (c *liteConn) Dialect() Dialect { return SQLite }

// named are arguments as the driver takes them: int64, string, []byte and nil
// as they are. The driver copies them before it returns.
func (c *liteConn) named(args []any) []driver.NamedValue {
	c.args = c.args[:0]
	for i, arg := range args {
		c.args = append(c.args, driver.NamedValue{Ordinal: i + 1, Value: arg})
	}
	return c.args
}

func (c *liteConn) Exec(ctx context.Context, query string, args ...any) (int64, error) {
	s, err := c.prepare(ctx, query)
	if err != nil {
		return 0, err
	}
	result, err := s.ExecContext(ctx, c.named(args))
	if err != nil {
		return 0, err
	}
	return result.RowsAffected()
}

func (c *liteConn) Later(ctx context.Context, query string, args ...any) error {
	_, err := c.Exec(ctx, query, args...)
	return err
}

func (c *liteConn) Script(ctx context.Context, text string) error {
	_, err := c.conn.ExecContext(ctx, text, nil)
	return err
}

func (c *liteConn) Query(ctx context.Context, query string, args ...any) (Rows, error) {
	s, err := c.prepare(ctx, query)
	if err != nil {
		return nil, err
	}
	rows, err := s.QueryContext(ctx, c.named(args))
	if err != nil {
		return nil, err
	}
	return &liteRows{rows: rows, row: make([]driver.Value, len(rows.Columns()))}, nil
}

type liteRows struct {
	rows driver.Rows
	row  []driver.Value
	err  error
}

func (r *liteRows) Next() bool {
	if r.err != nil {
		return false
	}
	r.err = r.rows.Next(r.row)
	return r.err == nil
}

// Close closes and tells what made the rows end.
func (r *liteRows) Close() error {
	err := r.rows.Close()
	if r.err != nil && !errors.Is(r.err, io.EOF) {
		return r.err
	}
	return err
}

func (r *liteRows) Scan(into ...any) error { return scan(r.row, into) }

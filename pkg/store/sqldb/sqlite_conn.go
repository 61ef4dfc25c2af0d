package sqldb

import (
	"context"
	"database/sql"
)

// liteConn is one connection with the statements it has prepared. It is opened
// when it is first used, and used by one goroutine at a time.
type liteConn struct {
	conn  *sql.Conn
	stmts map[string]*sql.Stmt
}

func (c *liteConn) open(ctx context.Context, db *sql.DB) error {
	if c.conn != nil {
		return nil
	}
	conn, err := db.Conn(ctx)
	if err == nil {
		c.conn, c.stmts = conn, map[string]*sql.Stmt{}
	}
	return err
}

func (c *liteConn) close() error {
	if c.conn == nil {
		return nil
	}
	for _, s := range c.stmts {
		_ = s.Close()
	}
	err := c.conn.Close()
	c.conn, c.stmts = nil, nil
	return err
}

// keptStatements bounds the memory of a connection: search has many forms.
const keptStatements = 256

func (c *liteConn) prepare(ctx context.Context, query string) (*sql.Stmt, error) {
	if s, ok := c.stmts[query]; ok {
		return s, nil
	}
	s, err := c.conn.PrepareContext(ctx, query)
	if err != nil {
		return nil, err
	}
	if len(c.stmts) >= keptStatements {
		for old, stmt := range c.stmts {
			_ = stmt.Close()
			delete(c.stmts, old)
		}
	}
	c.stmts[query] = s
	return s, nil
}

func (c *liteConn) Dialect() Dialect { return SQLite }

func (c *liteConn) Exec(ctx context.Context, query string, args ...any) (int64, error) {
	s, err := c.prepare(ctx, query)
	if err != nil {
		return 0, err
	}
	result, err := s.ExecContext(ctx, args...)
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
	_, err := c.conn.ExecContext(ctx, text)
	return err
}

func (c *liteConn) Query(ctx context.Context, query string, args ...any) (Rows, error) {
	s, err := c.prepare(ctx, query)
	if err != nil {
		return nil, err
	}
	rows, err := s.QueryContext(ctx, args...)
	if err != nil {
		return nil, err
	}
	return liteRows{rows}, nil
}

type liteRows struct{ *sql.Rows }

// Close closes and tells what made the rows end.
func (r liteRows) Close() error {
	err := r.Rows.Err()
	if e := r.Rows.Close(); err == nil {
		err = e
	}
	return err
}

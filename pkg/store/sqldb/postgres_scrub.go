package sqldb

import (
	"context"
	"time"

	"github.com/jackc/pgx/v5"
	"github.com/jackc/pgx/v5/pgxpool"

	"github.com/redim-tools/redim/pkg/pam"
)

// scrub has the server write the tables to new files. Rows that a transaction
// still sees would be written too, so those are waited for that began before.
func (d *pg) scrub(ctx context.Context, tables []string) error {
	return d.insist(ctx, func(ctx context.Context, conn *pgxpool.Conn) error {
		if err := d.waitForOlder(ctx, conn.Conn()); err != nil {
			return err
		}
		for _, table := range tables {
			if err := d.rewrite(ctx, conn.Conn(), pgx.Identifier{table}.Sanitize()); err != nil { //nolint:misspell // its name
				return err
			}
		}
		return nil
	})
}

// rewrite tells by the file whether it worked: a user who may not gets no more
// than a warning.
func (d *pg) rewrite(ctx context.Context, conn *pgx.Conn, table string) error {
	var before, after uint32
	if err := conn.QueryRow(ctx, "select pg_relation_filenode($1::regclass)", table).Scan(&before); err != nil {
		return pgError(err)
	}
	if _, err := conn.Exec(ctx, "vacuum (full) "+table); err != nil {
		return pgError(err)
	}
	if err := conn.QueryRow(ctx, "select pg_relation_filenode($1::regclass)", table).Scan(&after); err != nil {
		return pgError(err)
	}
	if before == after {
		return pam.Failf(pam.ErrPartial, "the store %s: dead rows of %s hold what was there before, and this database user may not remove them", d.at, table).WithHint("run as the owner of the tables: vacuum full %s", table)
	}
	return nil
}

// patience bounds the wait for transactions of others, which a forgotten session
// may keep open.
const patience = 10 * time.Second

func (d *pg) waitForOlder(ctx context.Context, conn *pgx.Conn) error {
	var now string
	if err := conn.QueryRow(ctx, "select pg_current_xact_id()::xid::text").Scan(&now); err != nil {
		return pgError(err)
	}
	for deadline := time.Now().Add(patience); ; time.Sleep(pause(10)) {
		var older int64
		err := conn.QueryRow(ctx, `select count(*) from pg_stat_activity
where pid <> pg_backend_pid() and backend_xmin is not null and age(backend_xmin) >= age($1::text::xid)`, now).Scan(&older)
		if err != nil || older == 0 {
			return pgError(err)
		}
		if time.Now().After(deadline) {
			return pam.Failf(pam.ErrPartial, "the store %s: a transaction of another session still sees what was there before", d.at).WithHint("look for it in pg_stat_activity, end it, and run this again")
		}
	}
}

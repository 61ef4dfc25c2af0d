package sqldb

import (
	"context"
	"strings"
	"time"

	"github.com/redim-tools/redim/pkg/pam"
)

// Scrub leaves of what the rows of these tables held before nothing in the
// database: it writes the rows anew and drops the pages that they were in, for
// pages keep what was moved out of them. Others read and write meanwhile, and
// wait while the rows are written. Copies elsewhere, such as backups and the log
// of a PostgreSQL server, it can't know of.
//
// On PostgreSQL the user must own the tables; else it is ErrPartial.
func Scrub(ctx context.Context, db DB, tables ...string) error { return db.scrub(ctx, tables) }

func (d *lite) scrub(ctx context.Context, tables []string) error {
	if err := d.Write(ctx, func(ctx context.Context, tx *Tx) error { return rewrite(ctx, tx, tables) }); err != nil {
		return err
	}
	return d.emptyLog(ctx)
}

// rewrite empties each table, which frees its pages, and fills it again. Pages
// that become free are overwritten: see liteDSN.
func rewrite(ctx context.Context, tx *Tx, tables []string) error {
	for _, table := range tables {
		text := strings.ReplaceAll(`
create table scrubbed as select * from T;
delete from T;
insert into T select * from scrubbed;
drop table scrubbed;`, "T", table)
		if err := tx.Script(ctx, text); err != nil {
			return err
		}
	}
	return nil
}

// emptyLog copies the write-ahead log into the database and makes it empty. It
// waits until no other process uses what is in it.
func (d *lite) emptyLog(ctx context.Context) error {
	ctx, cancel := bounded(ctx)
	defer cancel()
	var c liteConn
	if err := c.open(liteDSN(d.at.Path, writerCache)); err != nil {
		return d.failure(err)
	}
	defer func() { _ = c.close() }()
	for deadline := time.Now().Add(d.wait); ; time.Sleep(pause(10)) {
		var inUse, frames, copied int64
		_, err := One(ctx, &Tx{runner: &c, fail: d.failure}, "pragma wal_checkpoint(truncate)", nil, []any{&inUse, &frames, &copied})
		switch {
		case err == nil && inUse == 0:
			return nil
		case err == nil && time.Now().After(deadline):
			return pam.Failf(pam.ErrUnreachable, "the log of the store %s is in use by another process for too long", d.at).WithHint("run it again; if it stays so, find the process that holds it: fuser %s", d.at.Path)
		case err != nil:
			return err
		}
	}
}

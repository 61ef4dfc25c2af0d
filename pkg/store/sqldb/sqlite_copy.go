package sqldb

import (
	"context"
	"errors"
	"io/fs"
	"math/rand/v2"
	"os"
	"path/filepath"
	"strconv"
	"time"

	"modernc.org/sqlite"
	sqlite3 "modernc.org/sqlite/lib"

	"github.com/redim-tools/redim/pkg/pam"
)

// notSQLite refuses what PostgreSQL has programs of its own for.
func notSQLite(db DB) (*lite, error) {
	d, ok := db.(*lite)
	if !ok {
		return nil, pam.Failf(pam.ErrUsage, "a PostgreSQL store is not backed up or restored from here").WithHint("use pg_dump or pg_basebackup, and their restore")
	}
	return d, nil
}

// Backup writes a copy of a SQLite database, as it is at one moment, to a new
// file (mode 0600). Others read and write meanwhile. The copy is on disk when
// Backup returns, and isn't there at all when it fails.
func Backup(ctx context.Context, db DB, to string) error {
	d, err := notSQLite(db)
	if err != nil {
		return err
	}
	if _, err := os.Lstat(to); err == nil || !errors.Is(err, fs.ErrNotExist) {
		return pam.Failf(pam.ErrUsage, "the backup %s exists", to).WithHint("name a new file; a backup never replaces another")
	}
	part := filepath.Join(filepath.Dir(to), "."+filepath.Base(to)+"."+strconv.FormatUint(rand.Uint64(), 36))
	f, err := os.OpenFile(part, os.O_WRONLY|os.O_CREATE|os.O_EXCL, 0o600)
	if err != nil {
		return badCopy(to, err)
	}
	defer func() { _ = os.Remove(part) }()
	if err := f.Close(); err != nil {
		return badCopy(to, err)
	}
	if err := d.copyTo(ctx, part); err != nil {
		return err
	}
	return keep(part, to)
}

func badCopy(to string, err error) error {
	return pam.Failf(pam.ErrOther, "the backup %s can't be written: %w", to, err).WithHint("look at the directory and the free room on its disk")
}

func (d *lite) copyTo(ctx context.Context, path string) error {
	var c liteConn
	if err := c.open(d.readDSN()); err != nil {
		return d.failure(err)
	}
	defer func() { _ = c.close() }()
	_, err := c.Exec(ctx, "vacuum into $1", path)
	return d.failure(err)
}

// keep makes a finished file durable under its name, unless that is taken.
func keep(part, to string) error {
	f, err := os.OpenFile(part, os.O_RDWR, 0)
	if err != nil {
		return badCopy(to, err)
	}
	if err := errors.Join(f.Sync(), f.Close(), os.Link(part, to)); err != nil {
		return badCopy(to, err)
	}
	if dir, err := os.Open(filepath.Dir(to)); err == nil {
		_ = dir.Sync() // not every system can; the file itself is on disk
		_ = dir.Close()
	}
	return nil
}

// Restore replaces the content of a SQLite database by that of another file, in
// one transaction: whoever uses the database sees the old or the new. A database
// that is no longer one is put aside first, with its log, and Restore returns
// where it is; empty: nowhere.
func Restore(ctx context.Context, db DB, from string) (aside string, err error) {
	d, err := notSQLite(db)
	if err != nil {
		return "", err
	}
	if d.fixed {
		return "", errReadOnly(d.at, errFixed)
	}
	err = d.replace(ctx, from)
	if code := sqliteCode(err); code != sqlite3.SQLITE_CORRUPT && code != sqlite3.SQLITE_NOTADB {
		return "", d.failure(err)
	}
	if aside, err = putAside(d.at.Path); err == nil {
		err = newFile(d.at.Path)
	}
	if err != nil {
		return aside, unopened(d.at, "put it aside", err)
	}
	return aside, d.failure(d.replace(ctx, from))
}

func (d *lite) replace(ctx context.Context, from string) error {
	var c liteConn
	if err := c.open(liteDSN(d.at.Path, writerCache)); err != nil {
		return err
	}
	defer func() { _ = c.close() }()
	return copyFrom(ctx, c.conn.NewRestore, from)
}

// putAside gives the files of a database another name, which tells when.
func putAside(path string) (string, error) {
	aside := path + ".damaged-" + time.Now().UTC().Format("20060102T150405.000000")
	for _, part := range []string{"-wal", "-shm", ""} {
		if err := os.Rename(path+part, aside+part); err != nil && !errors.Is(err, fs.ErrNotExist) {
			return aside, err
		}
	}
	return aside, nil
}

func copyFrom(ctx context.Context, begin func(string) (*sqlite.Backup, error), from string) error {
	b, err := begin(liteReadOnly(from))
	if err != nil {
		return err
	}
	for {
		more, err := b.Step(-1)
		switch {
		case err == nil && !more:
			return b.Finish()
		case err != nil && !busy(err):
			return errors.Join(err, b.Finish())
		case ctx.Err() != nil:
			return errors.Join(ctx.Err(), b.Finish())
		}
		time.Sleep(pause(10)) // another process writes
	}
}

// Inspect runs SQLite's own checks of a file and lists what they find; nothing
// when it is sound.
func Inspect(ctx context.Context, db DB) ([]string, error) {
	var found []string
	err := db.Read(ctx, func(ctx context.Context, tx *Tx) error {
		text := func(r Row) (s string, err error) { err = r.Scan(&s); return s, err }
		lines, err := All(ctx, tx, text, "pragma integrity_check(20)")
		if err != nil {
			return err
		}
		for _, line := range lines {
			if line != "ok" {
				found = append(found, line)
			}
		}
		rows, err := All(ctx, tx, text, `select "table" from pragma_foreign_key_check limit 20`)
		for _, table := range rows {
			found = append(found, "a row of "+table+" refers to one that is not there")
		}
		return err
	})
	return found, err
}

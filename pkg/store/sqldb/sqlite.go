package sqldb

import (
	"context"
	"errors"
	"io/fs"
	"net/url"
	"os"
	"path/filepath"
	"runtime"
	"strconv"
	"sync"
	"time"
)

// readers is how many reads of one process run at once.
const readers = 4

// askers is how many of them answer questions at once. Questions that wait are
// answered together, in one snapshot, which costs less than one for each.
const askers = 2

// lite is an open SQLite file: one connection writes, a few read.
type lite struct {
	at    Address
	free  chan *liteConn // connections for reading
	asks  *lanes
	hooks Hooks
	wait  time.Duration // for the lock of another process
	fixed bool          // it can't be changed from here

	mu   sync.RWMutex // held for reading while work is passed, for writing to close
	shut bool
	once sync.Once
	work chan *job
	done chan struct{} // closed when the writer has ended
	last *liteConn     // of the writer, when it has ended; nil if it never began
}

// OpenSQLite opens the file, and makes it (mode 0600, its directory 0700) if it
// isn't there. A file that can't be written to is read all the same. Connections are made when they are needed.
func OpenSQLite(a Address, hooks Hooks) (DB, error) {
	fixed := onlyReadable(a.Path)
	if err := makeFile(a.Path, fixed); err != nil {
		return nil, unopened(a, "make the file", err)
	}
	d := &lite{at: a, hooks: hooks, fixed: fixed, free: make(chan *liteConn, readers), wait: 20 * time.Second, work: make(chan *job, most), done: make(chan struct{})}
	for range readers {
		d.free <- &liteConn{}
	}
	d.asks = newLanes(askers, d.ask)
	return d, nil
}

// makeFile makes an absent file with its directory, and closes one that is
// there to the group and others. SQLite gives its other files the same mode. It
// never opens a file that is there: closing it would free this process's locks.
func makeFile(path string, fixed bool) error {
	info, err := os.Stat(path)
	switch {
	case errors.Is(err, fs.ErrNotExist):
		return newFile(path)
	case err != nil:
		return err
	case !info.Mode().IsRegular():
		return &fs.PathError{Op: "open", Path: path, Err: errors.New("it is not a regular file")}
	case !fixed && runtime.GOOS != "windows" && info.Mode().Perm()&0o077 != 0:
		return os.Chmod(path, info.Mode().Perm()&^0o077)
	}
	return nil
}

func newFile(path string) error {
	if err := os.MkdirAll(filepath.Dir(path), 0o700); err != nil {
		return err
	}
	f, err := os.OpenFile(path, os.O_RDWR|os.O_CREATE|os.O_EXCL, 0o600)
	if errors.Is(err, fs.ErrExist) {
		return nil // another process was faster
	}
	if err != nil {
		return err
	}
	return f.Close()
}

// The pages that a connection keeps, in KiB of the file; each takes nearly twice as
// much memory. The system keeps the file too, so more gains little.
const (
	writerCache = 6 << 10
	readerCache = 1 << 10
)

// liteDSN has no automatic checkpoint: the writer makes one while nobody waits. Rows
// that are replaced are removed, which triggers may refuse.
func liteDSN(path string, cache int) string {
	u := fileURL(path)
	u.RawQuery = url.Values{"_pragma": {
		"busy_timeout(5000)", "foreign_keys(1)", "synchronous(full)",
		"wal_autocheckpoint(0)", "journal_size_limit(" + strconv.Itoa(large) + ")", "secure_delete(1)", "temp_store(memory)", "recursive_triggers(1)", "cache_size(-" + strconv.Itoa(cache) + ")", "trusted_schema(0)",
	}, "_txlock": {"immediate"}, "_dqs": {"0"}}.Encode()
	return u.String()
}

func fileURL(path string) url.URL {
	return url.URL{Scheme: "file", Opaque: (&url.URL{Path: filepath.ToSlash(path)}).EscapedPath()}
}

// liteReadOnly opens a file that must be there, and never changes it.
func liteReadOnly(path string) string {
	u := fileURL(path)
	u.RawQuery = url.Values{"mode": {"ro"}, "_pragma": {"busy_timeout(5000)", "trusted_schema(0)"}}.Encode()
	return u.String()
}

func (d *lite) Dialect() Dialect { return SQLite }

// Read runs the unit on a connection of its own, in one snapshot.
func (d *lite) Read(ctx context.Context, unit Unit) error {
	ctx, cancel := bounded(ctx)
	defer cancel()
	return d.borrow(ctx, func(c *liteConn) error { return d.snapshot(ctx, c, unit) })
}

// Ask answers the item with others that wait.
func (d *lite) Ask(ctx context.Context, item any) error {
	return sqliteFailure(d.at, d.asks.hand(ctx, item, true))
}

func (d *lite) ask(lot []*job) error {
	ctx := context.WithoutCancel(lot[0].ctx) // each is short, so nothing watches whether its caller goes away
	waits := lot[0].ctx
	if len(lot) > 1 {
		waits = ctx
	}
	return d.borrow(waits, func(c *liteConn) error {
		return guarded(ctx, func(ctx context.Context, tx *Tx) error {
			return c.recall.ask(ctx, tx, dataVersion, d.asked(c), items(lot))
		}, &Tx{runner: c, fail: d.failure})
	})
}

// asked answers several questions in one snapshot.
func (d *lite) asked(c *liteConn) asked {
	return func(ctx context.Context, tx *Tx, items []any) error {
		if len(items) == 1 {
			return d.hooks.Asked(ctx, tx, items)
		}
		return d.snapshot(ctx, c, func(ctx context.Context, tx *Tx) error {
			return guarded(ctx, func(ctx context.Context, tx *Tx) error { return d.hooks.Asked(ctx, tx, items) }, tx)
		})
	}
}

// dataVersion looks at the file. The number belongs to the connection, and changes
// when any other one, of this or of another process, has committed; one that asks
// commits nothing. https://www.sqlite.org/pragma.html#pragma_data_version
func dataVersion(ctx context.Context, tx *Tx) (string, error) {
	v, err := tx.DataVersion(ctx)
	if err != nil {
		return "", err
	}
	return strconv.FormatInt(v.version, 10), nil
}

// Glance runs the unit without a transaction. It is short, so nothing watches
// whether its caller goes away meanwhile.
func (d *lite) Glance(ctx context.Context, unit Unit) error {
	return d.borrow(ctx, func(c *liteConn) error {
		return unit(context.WithoutCancel(ctx), &Tx{runner: c, fail: d.failure})
	})
}

// borrow lends a connection for reading.
func (d *lite) borrow(ctx context.Context, to func(*liteConn) error) error {
	var c *liteConn
	select {
	case c = <-d.free:
	default:
		var err error
		if c, err = d.await(ctx); err != nil {
			return err
		}
	}
	defer func() { d.free <- c }()
	if c.conn == nil {
		if err := c.open(d.readDSN()); err != nil {
			return sqliteFailure(d.at, err)
		}
	}
	return sqliteFailure(d.at, to(c))
}

// await waits until a connection for reading is free.
func (d *lite) await(ctx context.Context) (*liteConn, error) {
	ctx, cancel := bounded(ctx)
	defer cancel()
	select {
	case c := <-d.free:
		return c, nil
	case <-d.done:
		return nil, errClosed(d.at)
	case <-ctx.Done():
		return nil, interrupted(d.at, ctx.Err())
	}
}

func (d *lite) failure(err error) error { return sqliteFailure(d.at, err) }

// snapshot begins and ends its transaction whatever becomes of the caller: the
// driver may say that it was cut short when it has begun all the same, and the
// connection is for others afterwards.
func (d *lite) snapshot(ctx context.Context, c *liteConn, unit Unit) error {
	settled := context.WithoutCancel(ctx)
	if _, err := c.Exec(settled, "begin deferred"); err != nil {
		return err
	}
	err := unit(ctx, &Tx{runner: c, fail: d.failure})
	if _, e := c.Exec(settled, "rollback"); e != nil {
		err = errors.Join(err, e, c.close()) // the next who borrows it opens it anew
	}
	return err
}

// Close waits for what was passed to Write and to Read. The connection that wrote
// is closed last, and copies the log into the database: its log needs one sync
// fewer than one that only read.
func (d *lite) Close() error {
	d.mu.Lock()
	first := !d.shut
	d.shut = true
	d.mu.Unlock()
	if !first {
		return nil
	}
	close(d.work)
	d.once.Do(func() { close(d.done) })
	<-d.done
	var err error
	for range readers {
		err = errors.Join(err, (<-d.free).close())
	}
	if d.last != nil {
		err = errors.Join(err, d.last.close())
	}
	return sqliteFailure(d.at, err)
}

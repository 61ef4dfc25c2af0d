package sqldb

import (
	"context"
	"errors"
	"math/rand/v2"
	"slices"
	"strconv"
	"sync/atomic"
	"time"

	"github.com/jackc/pgx/v5"
	"github.com/jackc/pgx/v5/pgconn"
	"github.com/jackc/pgx/v5/pgxpool"

	"github.com/redim-tools/redim/pkg/pam"
)

// pg is a PostgreSQL service behind a pool of connections.
type pg struct {
	at    Address
	pool  *pgxpool.Pool
	hooks Hooks
	asks  *lanes
	units *lanes // of Gather

	careful atomic.Int64  // lots that are still to be applied without hope
	patient chan struct{} // one element for each item that waits alone for a lock
	reached atomic.Bool   // there was a connection once
}

// slotKey is where a connection keeps its slot.
const slotKey = "redim slot"

// OpenPostgreSQL prepares connections to the service; the first is made when it
// is needed. Of several hosts the one that takes writes is used, and looked for
// anew after a fail-over.
func OpenPostgreSQL(ctx context.Context, a Address, hooks Hooks) (DB, error) {
	config, err := pgxpool.ParseConfig(a.dsn)
	if err != nil {
		return nil, pam.Failf(pam.ErrUsage, "the store's address %s can't be understood", a).WithHint("write postgres://USER@HOST:PORT/DATABASE?sslmode=verify-full; several hosts are separated by commas")
	}
	tune(config)
	pool, err := pgxpool.NewWithConfig(ctx, config)
	if err != nil {
		return nil, pgFailure(a, err)
	}
	d := &pg{at: a, pool: pool, hooks: hooks, patient: make(chan struct{}, mostPatient)}
	d.asks, d.units = newLanes(1, d.ask), newLanes(together, d.apply)
	return d, nil
}

// together is how many lots of items run at once. What waits meanwhile shares the
// round trips and the sync of the next. Of questions there is one lot: a round trip
// costs more than all that it answers.
const together = 1

// tune sets what the address left open.
func tune(config *pgxpool.Config) {
	c := config.ConnConfig
	if c.ValidateConnect == nil && slices.ContainsFunc(c.Fallbacks, func(f *pgconn.FallbackConfig) bool { return f.Host != c.Host || f.Port != c.Port }) {
		c.ValidateConnect = pgconn.ValidateConnectTargetSessionAttrsReadWrite
	}
	if c.ConnectTimeout == 0 {
		c.ConnectTimeout = 5 * time.Second
	}
	if config.MaxConns < 16 {
		config.MaxConns = 16
	}
	for name, value := range map[string]string{"application_name": "redim vault", "lock_timeout": ms(10 * time.Second), "idle_in_transaction_session_timeout": ms(Deadline)} {
		if _, set := c.RuntimeParams[name]; !set {
			c.RuntimeParams[name] = value
		}
	}
	config.MinConns, config.HealthCheckPeriod = 0, time.Minute
}

func ms(d time.Duration) string { return strconv.FormatInt(d.Milliseconds(), 10) }

func (d *pg) failure(err error) error { return pgFailure(d.at, err) }

func (d *pg) Dialect() Dialect { return PostgreSQL }

func (d *pg) Close() error {
	d.pool.Close()
	return nil
}

const (
	beginWrite = "begin isolation level read committed"
	beginRead  = "begin isolation level repeatable read read only"
)

// Write runs the unit in a transaction, again if the server wants that.
func (d *pg) Write(ctx context.Context, unit Unit) error {
	return d.insist(ctx, func(ctx context.Context, conn *pgxpool.Conn) error { return d.write(ctx, conn, unit) })
}

// Read runs the unit in one snapshot.
func (d *pg) Read(ctx context.Context, unit Unit) error {
	return d.insist(ctx, func(ctx context.Context, conn *pgxpool.Conn) error {
		tx := &pgTx{conn: conn.Conn(), begin: beginRead}
		err := unit(ctx, &Tx{runner: tx, fail: d.failure})
		if e := tx.end(ctx, "rollback"); err == nil {
			err = e
		}
		return err
	})
}

// Glance runs the unit without a transaction, in one round trip.
func (d *pg) Glance(ctx context.Context, unit Unit) error {
	return d.insist(ctx, func(ctx context.Context, conn *pgxpool.Conn) error {
		return unit(ctx, &Tx{runner: &pgTx{conn: conn.Conn()}, fail: d.failure})
	})
}

// insist tries until it works, or the failure will not go away by itself, or has not for
// as long as any statement may take.
func (d *pg) insist(ctx context.Context, try func(context.Context, *pgxpool.Conn) error) error {
	ctx, cancel := bounded(ctx)
	defer cancel()
	var failed time.Time
	for turn := 1; ; turn++ {
		err := d.once(ctx, try)
		if err != nil && failed.IsZero() {
			failed = time.Now()
		}
		if again := err != nil && (d.passing(err) || d.hooks.Again != nil && d.hooks.Again(err)); !again || ctx.Err() != nil || time.Since(failed) > Deadline {
			return pgFailure(d.at, err)
		}
		longest := min(time.Duration(turn)*10*time.Millisecond, time.Second)
		select {
		case <-time.After(time.Millisecond + rand.N(longest)):
		case <-ctx.Done():
			return pgFailure(d.at, err)
		}
	}
}

func (d *pg) once(ctx context.Context, try func(context.Context, *pgxpool.Conn) error) error {
	conn, err := d.pool.Acquire(ctx)
	switch {
	case err != nil && errors.Is(ctx.Err(), context.Canceled): // which is no fault of the server
		return ctx.Err()
	case err != nil:
		return &unreached{err}
	}
	defer conn.Release()
	d.reached.Store(true)
	err = try(ctx, conn)
	switch _, broke := errors.AsType[*broken](err); {
	case state(err) == readOnlyTransaction:
		_ = conn.Conn().Close(ctx) // it is a standby by now
	case broke || isUnknown(err) && !errors.Is(err, context.Canceled):
		d.pool.Reset() // the others may be lost too: who learns it at a commit does not know what was kept
	}
	return err
}

func (d *pg) write(ctx context.Context, conn *pgxpool.Conn, unit Unit) (err error) {
	tx := &pgTx{conn: conn.Conn(), begin: beginWrite}
	whole := &Tx{Slot: slotOf(conn.Conn()), runner: tx, fail: d.failure}
	committed := false
	defer func() {
		if !committed {
			_ = tx.end(context.WithoutCancel(ctx), "rollback")
		}
		if d.hooks.Settled != nil {
			d.hooks.Settled(whole.Slot, committed)
		}
	}()
	if err := unit(ctx, whole); err != nil {
		return err
	}
	if d.hooks.BeforeCommit != nil {
		if err := d.hooks.BeforeCommit(ctx, whole); err != nil {
			return err
		}
	}
	err = tx.commit(ctx)
	committed = err == nil
	return err
}

func slotOf(c *pgx.Conn) *Slot {
	kept := c.PgConn().CustomData()
	slot, ok := kept[slotKey].(*Slot)
	if !ok {
		slot = &Slot{}
		kept[slotKey] = slot
	}
	return slot
}

// unreached marks that no connection was to be had.
type unreached struct{ error }

func (u *unreached) Unwrap() error { return u.error }

func isUnreached(err error) bool {
	_, ok := errors.AsType[*unreached](err)
	return ok
}

// unknown marks that the answer to a commit was lost.
type unknown struct{ error }

func (u *unknown) Unwrap() error { return u.error }

func isUnknown(err error) bool {
	_, ok := errors.AsType[*unknown](err)
	return ok
}

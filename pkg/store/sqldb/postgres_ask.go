package sqldb

import (
	"context"
	"time"

	"github.com/jackc/pgx/v5"
	"github.com/jackc/pgx/v5/pgxpool"
)

// askTime bounds a lot of questions: others wait for its lane.
const askTime = 5 * time.Second

// Ask answers the item with others that wait.
func (d *pg) Ask(ctx context.Context, item any) error {
	return pgFailure(d.at, d.asks.hand(ctx, item, true))
}

func (d *pg) ask(lot []*job) error {
	ctx, cancel := contextOf(lot, askTime)
	defer cancel()
	return d.insist(ctx, func(ctx context.Context, conn *pgxpool.Conn) error {
		return guarded(ctx, func(ctx context.Context, tx *Tx) error {
			return recallOf(conn.Conn()).ask(ctx, tx, snapshotText, d.hooks.Asked, items(lot))
		}, &Tx{runner: &pgTx{conn: conn.Conn()}, fail: d.failure})
	})
}

// recallKey is where a connection keeps what it recalls, which ends with it.
const recallKey = "redim recall"

func recallOf(c *pgx.Conn) *recall {
	kept := c.PgConn().CustomData()
	r, ok := kept[recallKey].(*recall)
	if !ok {
		r = &recall{}
		kept[recallKey] = r
	}
	return r
}

// snapshotQuery asks which transactions this statement sees. The list of PostgreSQL
// ("Transaction ID and Snapshot Information Functions") names those that run, and
// the one after the last that has ended; all others below that have ended, and are
// visible or dead for good. So two equal lists of one server show the same rows:
// a transaction, also a prepared one, leaves the list when it ends and never comes
// back, its numbers of 64 bits are not used again, and those of its subtransactions,
// which the list leaves out, count for nothing until it has ended itself. A standby
// sees less than the list says, so it tells none.
//
// Another server, or this one after a crash, may use the same numbers for other
// transactions. Neither keeps a connection alive; should there be a pooler in
// between, the process and the start of the server are part of the text.
const snapshotQuery = "select case when pg_is_in_recovery() then '' else concat_ws(' ', pg_postmaster_start_time(), pg_backend_pid(), pg_current_snapshot()) end"

// snapshotText looks at the server.
func snapshotText(ctx context.Context, tx *Tx) (string, error) {
	var text string
	_, err := One(ctx, tx, snapshotQuery, nil, []any{&text})
	return text, err
}

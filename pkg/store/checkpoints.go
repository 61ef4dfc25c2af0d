package store

import (
	"context"
	"encoding/hex"
	"iter"

	"github.com/redim-tools/redim/pkg/audit"
	"github.com/redim-tools/redim/pkg/store/sqldb"
)

// headText is a head as a checkpoint's row holds it.
type headText struct {
	Chain string `json:"chain"`
	Seq   uint64 `json:"seq"`
	Hash  string `json:"hash"`
}

// AddCheckpoint adds a signed checkpoint.
func (t *txn) AddCheckpoint(ctx context.Context, c audit.Checkpoint) error {
	heads := make([]headText, len(c.Heads))
	for i, h := range c.Heads {
		heads[i] = headText{Chain: h.Chain, Seq: h.Seq, Hash: hex.EncodeToString(h.Hash[:])}
	}
	return t.Later(ctx, "insert into checkpoints (at, heads, signature) values ($1, $2, $3)", c.Time.UnixMicro(), listed(heads), c.Signature)
}

// checkpointRow is a checkpoint with its place in the order.
type checkpointRow struct {
	audit.Checkpoint
	n int64
}

func scanCheckpoint(r sqldb.Row) (checkpointRow, error) {
	var at int64
	var text string
	var c checkpointRow
	if err := r.Scan(&c.n, &at, &text, &c.Signature); err != nil {
		return c, err
	}
	c.Time = moment(at)
	var heads []headText
	if err := unlist(text, &heads); err != nil {
		return c, err
	}
	for _, h := range heads {
		head := audit.Head{Chain: h.Chain, Seq: h.Seq}
		hash, err := hex.DecodeString(h.Hash)
		if err != nil {
			return c, err
		}
		copy(head.Hash[:], hash)
		c.Heads = append(c.Heads, head)
	}
	return c, nil
}

// Checkpoints walks over them, oldest first.
func (t *txn) Checkpoints(ctx context.Context) iter.Seq2[audit.Checkpoint, error] {
	return func(yield func(audit.Checkpoint, error) bool) {
		const some = 100
		for from := int64(0); ; {
			rows, err := sqldb.All(ctx, t.Tx, scanCheckpoint, "select n, at, heads, signature from checkpoints where n > $1 order by n limit $2", from, int64(some))
			if err != nil {
				yield(audit.Checkpoint{}, err)
				return
			}
			for _, c := range rows {
				if !yield(c.Checkpoint, nil) {
					return
				}
				from = c.n
			}
			if len(rows) < some {
				return
			}
		}
	}
}

// LastCheckpoint is the newest.
func (t *txn) LastCheckpoint(ctx context.Context) (audit.Checkpoint, error) {
	c, err := one(ctx, t, scanCheckpoint, "select n, at, heads, signature from checkpoints order by n desc limit 1")
	return c.Checkpoint, err
}

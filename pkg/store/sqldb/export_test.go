package sqldb

import (
	"context"
	"testing"
	"time"
)

// Waiting is how many units wait for the writer.
func (d *lite) Waiting() int { return len(d.work) }

// Patience sets how long the writer waits for the lock of another process.
func (d *lite) Patience(p time.Duration) { d.wait = p }

// LockNew takes the write lock of a file, and leaves its journal as it is.
func LockNew(t *testing.T, path string) (release func()) {
	t.Helper()
	var c liteConn
	if err := c.open(liteDSN(path, writerCache)); err != nil {
		t.Fatal(err)
	}
	if _, err := c.Exec(context.Background(), "begin immediate"); err != nil {
		t.Fatal(err)
	}
	return func() {
		if err := c.close(); err != nil {
			t.Error(err)
		}
	}
}

// Edition is how a PostgreSQL server tells what it shows.
func Edition(ctx context.Context, tx *Tx) (string, error) { return snapshotText(ctx, tx) }

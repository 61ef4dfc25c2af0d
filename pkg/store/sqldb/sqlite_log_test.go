package sqldb_test

import (
	"context"
	"os"
	"path/filepath"
	"sync"
	"testing"
	"time"

	"github.com/redim-tools/redim/pkg/store/sqldb"
)

// Eight writers write 120 MB in all, and at each moment somebody reads.
func TestTheLogStaysSmallWhileOthersReadAllTheTime(t *testing.T) {
	t.Parallel()
	path := filepath.Join(t.TempDir(), "a.db")
	db := lite(t, path, sqldb.Hooks{})
	exec(t, db, "create table a (n integer primary key, b blob)")
	ctx, stop := context.WithCancel(t.Context())
	var reading, writing sync.WaitGroup
	for range 3 {
		reading.Go(func() {
			for ctx.Err() == nil {
				_ = db.Read(ctx, func(ctx context.Context, tx *sqldb.Tx) error {
					return sqldb.Each(ctx, tx, func(sqldb.Row) error { return nil }, "select n from a")
				})
			}
		})
	}
	var largest sync.Map
	for n := range 8 {
		writing.Go(func() {
			for range 30 {
				exec(t, db, "insert into a (b) values (zeroblob(500000))")
				if info, err := os.Stat(path + "-wal"); err == nil && info.Size() > 64<<20 {
					largest.Store(n, info.Size())
				}
			}
		})
	}
	writing.Wait()
	stop()
	reading.Wait()
	largest.Range(func(_, size any) bool {
		t.Errorf("the log has had %d bytes", size)
		return true
	})
}

// TestTheLogIsCopiedWhenNobodyComesForAWhile has more units than a calm time leaves in
// the log; the file grows by what they wrote without any other unit.
func TestTheLogIsCopiedWhenNobodyComesForAWhile(t *testing.T) {
	t.Parallel()
	path := filepath.Join(t.TempDir(), "a.db")
	db := lite(t, path, sqldb.Hooks{})
	exec(t, db, "create table a (n integer primary key, b blob)")
	const units, size = 600, 5000
	for range units {
		exec(t, db, "insert into a (b) values (zeroblob(5000))")
	}
	for end := time.Now().Add(10 * time.Second); ; time.Sleep(10 * time.Millisecond) {
		info, err := os.Stat(path)
		if err != nil {
			t.Fatal(err)
		}
		if info.Size() > units*size {
			return
		}
		if time.Now().After(end) {
			t.Fatalf("the file has %d bytes, what was written is still in the log", info.Size())
		}
	}
}

// TestNobodyWhoReadsKeepsOthersFromWriting has a log that is copied while every
// connection for reading is lent out.
func TestNobodyWhoReadsKeepsOthersFromWriting(t *testing.T) {
	t.Parallel()
	db := lite(t, filepath.Join(t.TempDir(), "a.db"), sqldb.Hooks{})
	exec(t, db, "create table a (n integer primary key, b blob)")
	var begun, reading sync.WaitGroup
	end := make(chan struct{})
	for range 4 {
		begun.Add(1)
		reading.Go(func() {
			_ = db.Read(t.Context(), func(context.Context, *sqldb.Tx) error {
				begun.Done()
				<-end
				return nil
			})
		})
	}
	begun.Wait()
	for n := range 80 {
		ctx, cancel := context.WithTimeout(t.Context(), 10*time.Second)
		err := db.Write(ctx, func(ctx context.Context, tx *sqldb.Tx) error {
			_, err := tx.Exec(ctx, "insert into a (b) values (zeroblob(500000))")
			return err
		})
		cancel()
		if err != nil {
			t.Errorf("write %d: %v", n, err)
			break
		}
	}
	close(end)
	reading.Wait()
}

package sqldb_test

import (
	"context"
	"path/filepath"
	"testing"
	"time"

	"github.com/redim-tools/redim/pkg/pam"
	"github.com/redim-tools/redim/pkg/store/sqldb"
)

// TestANewFileThatAnotherPreparesIsWaitedFor has another process lock a file whose
// journal nobody has set, as the first command on a new store does for a moment.
func TestANewFileThatAnotherPreparesIsWaitedFor(t *testing.T) {
	t.Parallel()
	path := filepath.Join(t.TempDir(), "x.db")
	db := lite(t, path, sqldb.Hooks{})
	release := sqldb.LockNew(t, path)
	ctx, cancel := context.WithTimeout(t.Context(), 30*time.Millisecond)
	defer cancel()
	err := db.Write(ctx, func(context.Context, *sqldb.Tx) error { t.Error("it ran"); return nil })
	fails(t, err, pam.ErrUnreachable, "did not answer in time")
	release()
	exec(t, db, "create table t (n integer primary key)")
}

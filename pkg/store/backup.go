package store

import (
	"context"
	"errors"
	"io/fs"
	"os"

	"github.com/redim-tools/redim/pkg/pam"
	"github.com/redim-tools/redim/pkg/store/sqldb"
)

// Backup writes a copy of a SQLite store, as it is at one moment, to a new file.
// Everybody may go on meanwhile. Secrets are in it as they are in the store:
// sealed, so that without the master key it yields none.
func (s *Store) Backup(ctx context.Context, to string) error {
	return sqldb.Backup(ctx, s.db, to)
}

// Restore puts a backup in the place of a SQLite store, or makes the store of
// it. The backup is checked first, and migrated afterwards if it is older. What
// was written after the backup is gone, events too; take a backup before.
//
// A store that is no longer one is put aside, and Restore returns where it is;
// empty: nowhere.
func Restore(ctx context.Context, opt Options, from string) (aside string, err error) {
	if err := sound(ctx, opt, from); err != nil {
		return "", err
	}
	s, err := connect(ctx, opt)
	if err != nil {
		return "", err
	}
	if aside, err = sqldb.Restore(ctx, s.db, from); err != nil {
		return aside, errors.Join(err, s.Close())
	}
	return aside, errors.Join(s.ready(ctx), s.Close())
}

// sound checks that a file is a whole store that this program knows.
func sound(ctx context.Context, opt Options, path string) error {
	opt.Address = "sqlite:" + path
	findings, err := Check(ctx, opt)
	if err != nil {
		return err
	}
	for _, f := range findings {
		if f.Level == Fault {
			return pam.Failf(pam.ErrUsage, "the backup %s can't be restored: %s", path, f.Text).WithHint("take another backup; nothing was changed")
		}
	}
	return nil
}

// mustExist refuses a SQLite file that is not there: looking must not make one.
func mustExist(at sqldb.Address) error {
	if at.Dialect != sqldb.SQLite {
		return nil
	}
	if info, err := os.Stat(at.Path); errors.Is(err, fs.ErrNotExist) || err == nil && info.Size() == 0 {
		return pam.Failf(pam.ErrNotFound, "there is no store %s", at).WithHint("look at the path, or let any command of vault make the store")
	}
	return nil
}

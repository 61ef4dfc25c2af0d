package store

import (
	"context"
	"embed"
	"time"

	"github.com/redim-tools/redim/pkg/pam"
	"github.com/redim-tools/redim/pkg/store/sqldb"
	"github.com/redim-tools/redim/pkg/vault"
)

//go:embed migrations
var files embed.FS

// Options say which store is opened, and how.
type Options struct {
	Address string           // sqlite:PATH or postgres://…
	Now     func() time.Time // notes when a migration was applied
	NewID   func() string    // names a new chain; never the same twice
}

// Store is an open store. It is safe for concurrent use.
type Store struct {
	db  sqldb.DB
	at  sqldb.Address
	opt Options
	sql *statements

	sample sample
}

var _ vault.Store = (*Store)(nil)

// Open opens a store whose schema is the one that this program knows. A SQLite
// store is made and migrated when it needs to be; PostgreSQL has to be migrated
// with Migrate. A newer schema is refused by name.
func Open(ctx context.Context, opt Options) (*Store, error) {
	s, err := connect(ctx, opt)
	if err != nil {
		return nil, err
	}
	if err := s.ready(ctx); err != nil {
		_ = s.Close()
		return nil, err
	}
	return s, nil
}

func connect(ctx context.Context, opt Options) (*Store, error) {
	at, err := sqldb.ParseAddress(opt.Address)
	if err != nil {
		return nil, err
	}
	s := &Store{at: at, opt: opt, sql: newStatements(at.Dialect)}
	hooks := sqldb.Hooks{Gathered: s.issueAll, Asked: s.answer, BeforeCommit: flushHead, Settled: settleHead, Again: chainLost}
	if at.Dialect == sqldb.SQLite {
		s.db, err = sqldb.OpenSQLite(at, hooks)
	} else {
		s.db, err = sqldb.OpenPostgreSQL(ctx, at, hooks)
	}
	if err != nil {
		return nil, err
	}
	return s, nil
}

// ready checks the schema.
func (s *Store) ready(ctx context.Context) error {
	pending, err := s.pending(ctx)
	switch {
	case err != nil || len(pending) == 0:
		return err
	case s.at.Dialect == sqldb.SQLite:
		_, err := s.migrate(ctx)
		return err
	}
	return pam.Failf(pam.ErrUnreachable, "the store %s lacks %d migrations, from %04d_%s on", s.at, len(pending), pending[0].Number, pending[0].Name).WithHint("run: vault store migrate")
}

// String is the address, without a password.
func (s *Store) String() string { return s.at.String() }

// Close waits for the units that run.
func (s *Store) Close() error { return s.db.Close() }

// View runs read on one consistent state.
func (s *Store) View(ctx context.Context, read func(context.Context, vault.Reader) error) error {
	return s.db.Read(ctx, func(ctx context.Context, tx *sqldb.Tx) error {
		return read(ctx, s.txn(tx))
	})
}

// Glance runs a read of one short question without a transaction.
func (s *Store) Glance(ctx context.Context, read func(context.Context, vault.Reader) error) error {
	return s.db.Glance(ctx, func(ctx context.Context, tx *sqldb.Tx) error {
		return read(ctx, s.txn(tx))
	})
}

// Update runs work as one unit. An error of work undoes it, and so does a panic.
func (s *Store) Update(ctx context.Context, work func(context.Context, vault.Tx) error) error {
	return moved(s.db.Write(ctx, func(ctx context.Context, tx *sqldb.Tx) error {
		undo, done := headOf(tx.Slot).mark(), false
		defer func() {
			if !done {
				undo()
			}
		}()
		err := work(ctx, s.txn(tx))
		done = err == nil
		return err
	}))
}

func (s *Store) txn(tx *sqldb.Tx) *txn {
	return &txn{Tx: tx, statements: s.sql, newID: s.opt.NewID, now: s.opt.Now, sample: &s.sample}
}

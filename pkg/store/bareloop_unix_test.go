//go:build unix

package store_test

import (
	"context"
	"database/sql/driver"
	"errors"
	"fmt"
	"path/filepath"
	"strings"
	"testing"

	"modernc.org/sqlite"

	"github.com/redim-tools/redim/pkg/vault"
)

// rowSet is what a bare loop reads and writes for each check-out.
type rowSet struct {
	setup      string // statements; empty: the tables are those of a store
	credential string // adds one
	read       string // the sealed secret of a credential
	lease      string
	events     string // both
	head       string // once for each transaction
	rest       string // between rounds: ends all leases
	values     func(n int64, credential string) (lease, events []any)
}

// plainRows go to tables without an index, a check or a trigger.
func plainRows() rowSet {
	return rowSet{
		setup: `create table c (id text primary key, secret blob) without rowid;
create table l (id text primary key, credential text, holder text, reason text, comment text, at integer, due integer) without rowid;
create table e (n integer primary key, prev blob, hash blob, body blob)`,
		credential: "insert into c values (?, ?)",
		read:       "select secret from c where id = ?",
		lease:      "insert into l values (?, ?, ?, ?, ?, ?, ?)",
		events:     "insert into e (prev, hash, body) values (?, ?, ?), (?, ?, ?)",
		values: func(_ int64, credential string) (lease, events []any) {
			event := []any{make([]byte, 32), make([]byte, 32), make([]byte, 250)}
			return []any{vault.NewLeaseID(), credential, "backup", "nightly backup", "from the datacentre; run 17", int64(1763726460000123), int64(1763730060000123)}, append(event, event...)
		},
	}
}

// bareJob is one check-out that waits for the loop.
type bareJob struct {
	n    int64
	done chan error
}

// bareLoop gathers what waits into one transaction, and does nothing else: no
// rules, no envelope, no hash, no layers between it and the driver.
func bareLoop(b *testing.B, name string, rows rowSet) contender {
	b.Helper()
	path := filepath.Join(b.TempDir(), name+".db")
	if rows.setup == "" {
		_ = open(b, "sqlite:"+path).Close()
	}
	l := &loop{rowSet: rows, work: make(chan bareJob, 64), stmts: map[string]driver.StmtExecContext{}}
	var err error
	l.conn, err = (&sqlite.Driver{}).Open("file:" + path + "?_pragma=journal_mode(wal)&_pragma=synchronous(full)&_pragma=cache_size(-16384)")
	if err != nil {
		b.Fatal(err)
	}
	if err := l.fill(); err != nil {
		b.Fatal(err)
	}
	ended := make(chan struct{})
	go func() {
		defer close(ended)
		l.serve()
	}()
	b.Cleanup(func() {
		close(l.work)
		<-ended
		_ = l.conn.Close()
	})
	return contender{name: name, rest: func() { l.work <- bareJob{done: make(chan error, 1)} }, call: func(n int64) error {
		j := bareJob{n, make(chan error, 1)}
		l.work <- j
		return <-j.done
	}}
}

type loop struct {
	rowSet
	conn  driver.Conn
	work  chan bareJob
	stmts map[string]driver.StmtExecContext
}

func (l *loop) fill() error {
	for statement := range strings.SplitSeq(l.setup, ";") {
		if statement == "" {
			continue
		}
		if err := l.exec(statement); err != nil {
			return err
		}
	}
	if err := l.exec("begin"); err != nil {
		return err
	}
	for n := range benchCredentials {
		if err := l.exec(l.credential, id(n), make([]byte, 128)); err != nil {
			return err
		}
	}
	return l.exec("commit")
}

func (l *loop) exec(query string, args ...any) error {
	s := l.stmts[query]
	if s == nil {
		made, err := l.conn.Prepare(query)
		if err != nil {
			return fmt.Errorf("%s: %w", query, err)
		}
		s, _ = made.(driver.StmtExecContext)
		l.stmts[query] = s
	}
	values := make([]driver.NamedValue, len(args))
	for i, arg := range args {
		values[i] = driver.NamedValue{Ordinal: i + 1, Value: arg}
	}
	_, err := s.ExecContext(context.Background(), values)
	return err
}

func (l *loop) serve() {
	for j := range l.work {
		batch := l.gather(j)
		err := l.exec("begin immediate")
		for _, j := range batch {
			switch {
			case j.n > 0:
				err = errors.Join(err, l.one(j))
			case l.rest != "":
				err = errors.Join(err, l.exec(l.rest))
			}
		}
		if l.head != "" {
			err = errors.Join(err, l.exec(l.head, batch[len(batch)-1].n))
		}
		err = errors.Join(err, l.exec("commit"))
		for _, j := range batch {
			j.done <- err
		}
	}
}

func (l *loop) gather(first bareJob) []bareJob {
	batch := []bareJob{first}
	for len(batch) < 256 {
		select {
		case more, ok := <-l.work:
			if !ok {
				return batch
			}
			batch = append(batch, more)
		default:
			return batch
		}
	}
	return batch
}

func (l *loop) one(j bareJob) error {
	credential := id(scattered(j.n))
	lease, events := l.values(j.n, credential)
	return errors.Join(l.exec(l.read, credential), l.exec(l.lease, lease...), l.exec(l.events, events...))
}

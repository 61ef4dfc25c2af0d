package store

import (
	"context"
	"encoding/json"
	"errors"
	"strconv"
	"strings"
	"time"

	"github.com/redim-tools/redim/pkg/pam"
	"github.com/redim-tools/redim/pkg/store/sqldb"
	"github.com/redim-tools/redim/pkg/vault"
)

// txn is one unit's view of the rows; for View its writing half isn't offered.
type txn struct {
	*sqldb.Tx
	*statements
	newID  func() string
	now    func() time.Time
	sample *sample
}

var (
	_ vault.Reader = (*txn)(nil)
	_ vault.Tx     = (*txn)(nil)
)

// Exec runs a statement after which nothing is known any more of what stands. What
// leaves that as it is goes past it, to Tx.
func (t *txn) Exec(ctx context.Context, query string, args ...any) (int64, error) {
	t.disturb()
	return t.Tx.Exec(ctx, query, args...)
}

// Later is to Exec as that of Tx.
func (t *txn) Later(ctx context.Context, query string, args ...any) error {
	t.disturb()
	return t.Tx.Later(ctx, query, args...)
}

// one reads a row that is there, or ErrAbsent.
func one[T any](ctx context.Context, t *txn, scan func(sqldb.Row) (T, error), query string, args ...any) (T, error) {
	rows, err := sqldb.All(ctx, t.Tx, scan, query, args...)
	if err == nil && len(rows) == 0 {
		err = vault.ErrAbsent
	}
	if err != nil {
		var none T
		return none, err
	}
	return rows[0], nil
}

// places are where the columns of a record go, and how it is made of them.
type places struct {
	into []any
	fill func() error
}

// scanned scans records by their places.
func scanned[T any](of func(*T) places) func(sqldb.Row) (T, error) {
	return func(r sqldb.Row) (v T, err error) {
		err = of(&v).scan(r)
		return v, err
	}
}

func (p places) scan(r sqldb.Row) error {
	if err := r.Scan(p.into...); err != nil {
		return err
	}
	return p.fill()
}

// insert adds a row, or is ErrTaken when one with its name or key is there. A
// refused row does not end the transaction, as an error would on PostgreSQL.
func (t *txn) insert(ctx context.Context, table, columns string, values ...any) error {
	t.disturbBy(table)
	n, err := t.Tx.Exec(ctx, "insert into "+table+" ("+columns+") values ("+params(1, len(values))+") on conflict do nothing", values...)
	if err == nil && n == 0 {
		err = vault.ErrTaken
	}
	return refused(err)
}

// change writes a row that still has the version.
func (t *txn) change(ctx context.Context, table, columns, key string, id any, version int64, values ...any) error {
	n := len(values)
	changed, err := t.Exec(ctx, "update "+table+" set ("+columns+") = ("+params(1, n)+") where "+key+" = $"+strconv.Itoa(n+1)+" and version = $"+strconv.Itoa(n+2), append(values, id, version)...)
	if err != nil || changed > 0 {
		return refused(err)
	}
	return t.missed(ctx, table, key, id)
}

// remove removes a row that still has the version.
func (t *txn) remove(ctx context.Context, table string, id any, version int64) error {
	n, err := t.Exec(ctx, "delete from "+table+" where id = $1 and version = $2", id, version)
	if err != nil || n > 0 {
		return refused(err)
	}
	return t.missed(ctx, table, "id", id)
}

// missed tells why no row had the id and the version.
func (t *txn) missed(ctx context.Context, table, key string, id any) error {
	var n int64
	found, err := sqldb.One(ctx, t.Tx, "select 1 from "+table+" where "+key+" = $1", []any{id}, []any{&n})
	switch {
	case err != nil:
		return err
	case found:
		return vault.ErrStale
	}
	return vault.ErrAbsent
}

// refused says in the port's words which rule of the database was broken.
func refused(err error) error {
	c, ok := errors.AsType[*sqldb.ConstraintError](err)
	switch {
	case !ok:
		return err
	case strings.Contains(c.Err.Error(), "UNIQUE") || strings.Contains(c.Err.Error(), "23505"):
		return vault.ErrTaken
	case strings.Contains(c.Err.Error(), "FOREIGN KEY") || strings.Contains(c.Err.Error(), "23503"):
		return vault.ErrInUse
	}
	return pam.Failf(pam.ErrOther, "%w", err).WithHint("this is a fault of the program: its rules let through what the store refuses")
}

func params(from, n int) string {
	var b strings.Builder
	for i := range n {
		if i > 0 {
			b.WriteByte(',')
		}
		b.WriteByte('$')
		b.WriteString(strconv.Itoa(from + i))
	}
	return b.String()
}

// Times are microseconds, 0 for none; durations microseconds; truth 0 or 1.

func micros(t time.Time) int64 {
	if t.IsZero() {
		return 0
	}
	return t.UnixMicro()
}

func moment(us int64) time.Time {
	if us == 0 {
		return time.Time{}
	}
	return time.UnixMicro(us).UTC()
}

func truth(b bool) int64 {
	if b {
		return 1
	}
	return 0
}

// listed is a list as JSON. Its elements are texts or marshal as such.
func listed[T any](list []T) string {
	if len(list) == 0 {
		return "[]"
	}
	b, _ := json.Marshal(list) // texts, times and truths always marshal
	return string(b)
}

// unlist reads what listed wrote.
func unlist[T any](text string, list *[]T) error {
	if text == "[]" {
		return nil
	}
	return json.Unmarshal([]byte(text), list)
}

// bytes makes nil an empty value: no column is ever null by accident.
func bytes(b []byte) []byte {
	if b == nil {
		return []byte{}
	}
	return b
}

// scanStamp are the places of a stamp's columns.
type stampRow struct{ created, changed int64 }

const stampColumns = "version, created, created_by, changed, changed_by"

func (s *stampRow) into(v *vault.Stamp) []any {
	return []any{&v.Version, &s.created, &v.CreatedBy, &s.changed, &v.ChangedBy}
}

func (s *stampRow) fill(v *vault.Stamp) { v.Created, v.Changed = moment(s.created), moment(s.changed) }

func stampValues(v vault.Stamp, version int64) []any {
	return []any{version, micros(v.Created), v.CreatedBy, micros(v.Changed), v.ChangedBy}
}

package store

import (
	"context"
	"errors"
	"strings"

	"github.com/redim-tools/redim/pkg/store/sqldb"
	"github.com/redim-tools/redim/pkg/vault"
)

// How far search goes before it takes another way. Walking the order is fast
// for what is frequent, the index for what is rare; neither sorts more than
// enough rows.
const (
	stroll = 1000 // rows that are walked in their order, to begin with
	enough = 2000 // rows from the index that are sorted
)

// finder searches one table in the order of some of its columns.
type finder[T any] struct {
	*txn
	table   string
	columns string
	order   []string // unique together
	down    bool
	after   []any // the place in the order to go on from; nil: the beginning
	limit   int
	enough  int // rows from the index that are sorted
	scan    func(sqldb.Row) (T, error)

	fits func(T) bool // what no condition of SQLite's tells; nil: nothing

	within  func(*where) // a range of the order beside after; may be nil
	plain   func(*where) // conditions, as they are tested row by row
	indexed func(*where) // the same, as the index of names or words answers; nil: it can't
}

// find reads one row more than the limit.
func (f finder[T]) find(ctx context.Context) ([]T, error) {
	if f.indexed == nil {
		return f.walk(ctx, 0)
	}
	rows, err := f.walk(ctx, stroll)
	if err != nil || len(rows) > f.limit {
		return rows, err
	}
	rows, whole, err := f.probe(ctx)
	if err != nil || whole {
		return rows, err
	}
	return f.walk(ctx, 0)
}

// walk reads in the order. With most it reads no further than that many rows,
// in whichever way the conditions are met.
func (f finder[T]) walk(ctx context.Context, most int64) ([]T, error) {
	var w where
	f.begin(&w)
	if most > 0 {
		from := "(select * from " + f.table + w.String() + f.orderBy() + limit(int(most)-1) + ") " + f.table
		w.conds = nil
		f.plain(&w)
		return f.read(ctx, &w, from)
	}
	f.plain(&w)
	return f.read(ctx, &w, f.table)
}

func (f finder[T]) read(ctx context.Context, w *where, from string) ([]T, error) {
	return f.few(ctx, "select "+f.columns+" from "+from+w.String()+f.orderBy(), w)
}

// few reads the rows that the query begins with. SQLite finds a row only when it
// is read, so those that don't fit are passed over here.
func (f finder[T]) few(ctx context.Context, query string, w *where) ([]T, error) {
	if f.fits == nil {
		query += limit(f.limit)
		return sqldb.All(ctx, f.Tx, f.scan, query, w.args...)
	}
	var rows []T
	err := sqldb.Each(ctx, f.Tx, func(r sqldb.Row) error {
		row, err := f.scan(r)
		if err == nil && f.fits(row) {
			rows = append(rows, row)
		}
		if len(rows) > f.limit {
			err = errEnough
		}
		return err
	}, query, w.args...)
	if errors.Is(err, errEnough) {
		err = nil
	}
	return rows, err
}

// errEnough ends a query whose other rows are not wanted.
var errEnough = errors.New("enough rows")

// probe asks the index. It is whole when there were few enough to sort them.
func (f finder[T]) probe(ctx context.Context) (rows []T, whole bool, err error) {
	var w where
	f.begin(&w)
	f.indexed(&w)
	most := max(f.enough, enough)
	from := "(select * from " + f.table + w.String() + limit(most) + ") " + f.table
	query := "select count(*) over (), " + f.columns + " from " + from + f.orderBy() + limit(f.limit)
	var n int64
	rows, err = sqldb.All(ctx, f.Tx, func(r sqldb.Row) (T, error) { return f.scan(counted{r, &n}) }, query, w.args...)
	return rows, n <= int64(most), err
}

// counted reads the count that stands before a row.
type counted struct {
	sqldb.Row
	n *int64
}

func (c counted) Scan(into ...any) error { return c.Row.Scan(append([]any{c.n}, into...)...) }

func (f finder[T]) begin(w *where) {
	if f.within != nil {
		f.within(w)
	}
	if f.after == nil {
		return
	}
	beyond := " > "
	if f.down {
		beyond = " < "
	}
	w.and("("+strings.Join(f.order, ", ")+")"+beyond+"("+marks(len(f.after))+")", f.after...)
}

func (f finder[T]) orderBy() string { return orderBy(f.down, f.order...) }

func orderBy(down bool, columns ...string) string {
	if down {
		return " order by " + strings.Join(columns, " desc, ") + " desc"
	}
	return " order by " + strings.Join(columns, ", ")
}

// tested adds what a column is compared with row by row, where rows come in their
// order anyway. PostgreSQL would ask an index and sort, or read all rows and sort,
// if it saw the comparison; so it takes it for one that every second row passes.
func (t *txn) tested(w *where, column string, m vault.Match) {
	pattern := likePattern(m)
	switch {
	case pattern == "":
	case t.Dialect() == sqldb.PostgreSQL:
		w.and("case when "+column+` like cast(? as text) escape '\' then true else false end`, pattern)
	default:
		w.matches(column, m)
	}
}

// trigrams is the text that the trigram index of SQLite is asked for, empty when
// no part of the name is long enough for it.
func trigrams(m vault.Match) string {
	var phrases []string
	for _, part := range append([]string{m.Part}, m.Parts...) {
		if len([]rune(part)) >= 3 {
			phrases = append(phrases, quoted(part))
		}
	}
	return strings.Join(phrases, " AND ")
}

func quoted(s string) string { return `"` + strings.ReplaceAll(s, `"`, `""`) + `"` }

// wordsMatch is what PostgreSQL's index of words is asked for: each begins a word.
func wordsMatch(words []string) string {
	terms := make([]string, len(words))
	for i, word := range words {
		terms[i] = "'" + strings.NewReplacer(`\`, `\\`, "'", "''").Replace(word) + "':*"
	}
	return strings.Join(terms, " & ")
}

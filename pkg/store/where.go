package store

import (
	"context"
	"strconv"
	"strings"

	"github.com/redim-tools/redim/pkg/store/sqldb"
	"github.com/redim-tools/redim/pkg/vault"
)

// where gathers conditions and their arguments. Conditions have ? for each
// argument, which becomes its number.
type where struct {
	conds []string
	args  []any
}

func (w *where) and(cond string, args ...any) {
	w.conds = append(w.conds, w.number(cond, args))
}

func (w *where) number(cond string, args []any) string {
	var b strings.Builder
	for _, arg := range args {
		before, after, _ := strings.Cut(cond, "?")
		w.args = append(w.args, arg)
		b.WriteString(before)
		b.WriteString("$" + strconv.Itoa(len(w.args)))
		cond = after
	}
	return b.String() + cond
}

// String is the where clause, empty without conditions.
func (w *where) String() string {
	if len(w.conds) == 0 {
		return ""
	}
	return " where " + strings.Join(w.conds, " and ")
}

// limit asks for one row more than the page, which tells whether more follow. It
// is no argument: SQLite would plan again each time that one is bound, and
// PostgreSQL would plan for any limit.
func limit(n int) string { return " limit " + strconv.Itoa(n+1) }

// matches adds what a folded column is compared with. SQLite would plan again for
// each pattern that is a mere argument.
func (w *where) matches(column string, m vault.Match) {
	if pattern := likePattern(m); pattern != "" {
		w.and(column+` like cast(? as text) escape '\'`, pattern)
	}
}

// within adds the range of texts that begin as a pattern does.
func (w *where) within(column string, m vault.Match) {
	if low := prefix(m); low != "" {
		w.and(column+" >= ? and "+column+" < ?", low, low+"\U0010FFFF")
	}
}

// likePattern is the pattern for like, empty when everything fits.
func likePattern(m vault.Match) string {
	switch {
	case len(m.Parts) > 0:
		parts := make([]string, len(m.Parts))
		for i, p := range m.Parts {
			parts[i] = escapeLike(p)
		}
		return strings.Join(parts, "%")
	case m.Part != "":
		return "%" + escapeLike(m.Part) + "%"
	}
	return ""
}

func escapeLike(s string) string {
	return strings.NewReplacer(`\`, `\\`, "%", `\%`, "_", `\_`).Replace(s)
}

// prefix is how every text begins that fits, as far as that is known. Texts are
// compared byte by byte in both databases.
func prefix(m vault.Match) string {
	if len(m.Parts) == 0 {
		return ""
	}
	return m.Parts[0]
}

// onlyPrefix reports whether the beginning is all that matters.
func onlyPrefix(m vault.Match) bool {
	return len(m.Parts) == 2 && m.Parts[0] != "" && m.Parts[1] == ""
}

// page reads one page with the cursor of the next.
func page[T any](ctx context.Context, t *txn, p vault.Paging, scan func(sqldb.Row) (T, error), cursor func(T) vault.Cursor, query string, args []any) (vault.Page[T], error) {
	items, err := sqldb.All(ctx, t.Tx, scan, query, args...)
	if err != nil {
		return vault.Page[T]{}, err
	}
	return paged(items, p, cursor), nil
}

// paged cuts off the row that tells of a next page.
func paged[T any](items []T, p vault.Paging, cursor func(T) vault.Cursor) vault.Page[T] {
	if len(items) <= p.Limit {
		return vault.Page[T]{Items: items}
	}
	items = items[:p.Limit]
	next := cursor(items[len(items)-1])
	next.Digest = p.Digest
	return vault.Page[T]{Items: items, Next: next.String()}
}

// bare takes what only the order needs off the items.
func bare[T, U any](p vault.Page[T], take func(T) U) vault.Page[U] {
	out := vault.Page[U]{Next: p.Next}
	for _, item := range p.Items {
		out.Items = append(out.Items, take(item))
	}
	return out
}

package store

import (
	"context"
	"strconv"

	"github.com/redim-tools/redim/pkg/store/sqldb"
	"github.com/redim-tools/redim/pkg/vault"
)

// sortRow is the order of the rows themselves, in which SQLite's indexes of
// names and words answer without sorting.
const sortRow vault.Sort = "row"

// Integrations searches. Without a wish for an order it takes that of names, or
// the one in which the index answers.
func (t *txn) Integrations(ctx context.Context, c vault.IntegrationCriteria) (vault.Page[vault.Integration], error) {
	s := integrationSearch{txn: t, IntegrationCriteria: c}
	order, err := s.choose(ctx)
	if err == nil && s.Dialect() == sqldb.PostgreSQL && s.searched() {
		s.grams, err = s.trigramsOf(ctx)
	}
	if err != nil {
		return vault.Page[vault.Integration]{}, err
	}
	byName := order == vault.SortName || order == vault.SortNameDown
	s.ranged = byName && onlyPrefix(c.Name)
	f := finder[numbered]{txn: t, table: "integrations", columns: "n, " + integrationColumns, limit: c.Limit, scan: scanNumbered, plain: s.plain, indexed: s.indexed}
	if byName {
		f.within = func(w *where) { w.within("name_key", c.Name) }
	}
	if err := f.orderIntegrations(order, c.After); err != nil {
		return vault.Page[vault.Integration]{}, err
	}
	if order == sortRow && s.way(order) == nil {
		return vault.Page[vault.Integration]{}, badCursor()
	}
	rows, err := s.way(order)(ctx, f)
	if err != nil {
		return vault.Page[vault.Integration]{}, err
	}
	return bare(paged(rows, c.Paging, func(i numbered) vault.Cursor { return i.cursor(order) }), func(i numbered) vault.Integration { return i.Integration }), nil
}

// way is how the criteria are best met in an order.
func (s integrationSearch) way(order vault.Sort) func(context.Context, finder[numbered]) ([]numbered, error) {
	walk := func(ctx context.Context, f finder[numbered]) ([]numbered, error) { return f.walk(ctx, 0) }
	switch {
	case order == sortRow && !s.searched():
		return nil // no search of ours has this order
	case !s.searched():
		return walk
	case s.Dialect() == sqldb.PostgreSQL:
		return s.byOutlook(order)
	case order == sortRow:
		return s.byRow
	}
	return s.sorted
}

// searched reports whether there is more to find than what begins with a text.
func (s integrationSearch) searched() bool {
	return len(s.Words) > 0 || !s.Name.IsZero() && !onlyPrefix(s.Name)
}

// numbered is an integration with the number of its row.
type numbered struct {
	vault.Integration
	n int64
}

func scanNumbered(r sqldb.Row) (numbered, error) {
	var n int64
	i, err := scanIntegration(counted{r, &n})
	return numbered{i, n}, err
}

func (i numbered) cursor(order vault.Sort) vault.Cursor {
	c := vault.Cursor{Sort: order, ID: i.ID}
	switch order {
	case sortRow:
		c.Key = strconv.FormatInt(i.n, 10)
	case vault.SortName, vault.SortNameDown:
		c.Key = vault.Fold(i.Name)
	}
	return c
}

// orderIntegrations sets the order and where to go on in it.
func (f *finder[T]) orderIntegrations(order vault.Sort, after vault.Cursor) error {
	f.down = order == vault.SortNameDown || order == vault.SortCreatedDown
	var key any = after.Key
	switch order {
	case vault.SortName, vault.SortNameDown:
		f.order = []string{"name_key"}
	case sortRow:
		f.order = []string{"n"}
		n, err := strconv.ParseInt(after.Key, 10, 64)
		if err != nil && !after.IsZero() {
			return badCursor()
		}
		key = n
	default:
		f.order, key = []string{"id"}, after.ID
	}
	if !after.IsZero() {
		f.after = []any{key}
	}
	return nil
}

type integrationSearch struct {
	*txn
	vault.IntegrationCriteria
	grams  []string // what PostgreSQL's index of trigrams is asked for; nil: for the whole pattern
	ranged bool     // a range of names says already what they begin with, and no more is asked
}

func (s integrationSearch) choose(ctx context.Context) (vault.Sort, error) {
	switch {
	case s.Sort != vault.SortAny:
		return s.Sort, nil
	case !s.After.IsZero():
		return s.After.Sort, nil
	case !s.searched():
		return vault.SortName, nil
	case s.Dialect() == sqldb.PostgreSQL:
		return s.orderOf(ctx)
	}
	return sortRow, nil
}

// flags are the conditions on single columns.
func (s integrationSearch) flags(w *where) {
	if s.Active != vault.Both {
		w.and("active = ?", truth(s.Active == vault.Yes))
	}
	if s.Auth != "" {
		w.and("auth = ?", string(s.Auth))
	}
}

func (s integrationSearch) plain(w *where) {
	s.flags(w)
	if !s.ranged {
		s.tested(w, "name_key", s.Name)
	}
	if s.Dialect() == sqldb.PostgreSQL && len(s.Words) > 0 {
		w.and("case when words @@ ?::tsquery then true else false end", wordsMatch(s.Words))
	}
}

// words asks PostgreSQL for words.
func (s integrationSearch) words(w *where) {
	if len(s.Words) > 0 {
		w.and("words @@ ?::tsquery", wordsMatch(s.Words))
	}
}

// indexed lets the indexes of PostgreSQL lead.
func (s integrationSearch) indexed(w *where) {
	s.flags(w)
	s.words(w)
	for _, gram := range s.grams {
		w.and("name_key like ?", "%"+gram+"%")
	}
	if s.grams == nil {
		w.matches("name_key", s.Name)
	} else {
		s.tested(w, "name_key", s.Name)
	}
}

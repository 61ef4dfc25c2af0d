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
	s := integrationSearch{txn: t, IntegrationCriteria: c, names: trigrams(c.Name)}
	order := s.choose()
	f := finder[numbered]{txn: t, table: "integrations", columns: "n, " + integrationColumns, limit: c.Limit, scan: scanNumbered, plain: s.plain}
	if s.names != "" && !onlyPrefix(c.Name) || len(c.Words) > 0 {
		f.indexed = s.indexed
	}
	if order == vault.SortName || order == vault.SortNameDown {
		f.within = func(w *where) { w.within("name_key", c.Name) }
	}
	if err := f.orderIntegrations(order, c.After); err != nil {
		return vault.Page[vault.Integration]{}, err
	}
	var rows []numbered
	var err error
	if order == sortRow {
		rows, err = s.byRow(ctx, f)
	} else {
		rows, err = f.find(ctx)
	}
	if err != nil {
		return vault.Page[vault.Integration]{}, err
	}
	return bare(paged(rows, c.Paging, func(i numbered) vault.Cursor { return i.cursor(order) }), func(i numbered) vault.Integration { return i.Integration }), nil
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
	names string // for the trigram index of SQLite
}

func (s integrationSearch) choose() vault.Sort {
	switch {
	case s.Sort != vault.SortAny:
		return s.Sort
	case !s.After.IsZero():
		return s.After.Sort
	case s.Dialect() == sqldb.SQLite && (s.names != "" && prefix(s.Name) == "" || len(s.Words) > 0):
		return sortRow
	}
	return vault.SortName
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
	w.matches(s.unindexed("name_key"), s.Name)
	if len(s.Words) > 0 {
		s.words(w)
	}
}

// words asks the index of words about one row.
func (s integrationSearch) words(w *where) {
	match := wordsMatch(s.Words, s.Dialect())
	if s.Dialect() == sqldb.PostgreSQL {
		w.and("words @@ ?::tsquery", match)
		return
	}
	w.and("exists (select 1 from integration_words where integration_words.rowid = integrations.n and integration_words match ?)", match)
}

// indexed lets the index of names or of words lead.
func (s integrationSearch) indexed(w *where) {
	s.flags(w)
	if s.Dialect() == sqldb.PostgreSQL {
		w.matches("name_key", s.Name)
		if len(s.Words) > 0 {
			s.words(w)
		}
		return
	}
	if s.names != "" {
		w.and("n in (select rowid from integration_names where integration_names match ?)", s.names)
	}
	if len(s.Words) > 0 {
		w.and("n in (select rowid from integration_words where integration_words match ?)", wordsMatch(s.Words, s.Dialect()))
	}
	w.matches("name_key", s.Name)
}

// byRow reads in the order of rows. The index of names leads; beside words it
// does so only where it finds little, else the index of words.
func (s integrationSearch) byRow(ctx context.Context, f finder[numbered]) ([]numbered, error) {
	lead, match := "integration_names", s.names
	if len(s.Words) > 0 && !s.rare(ctx) {
		lead, match = "integration_words", wordsMatch(s.Words, sqldb.SQLite)
	}
	var w where
	w.and(lead+" match ?", match)
	if f.after != nil {
		w.and(lead+".rowid > ?", f.after...)
	}
	s.flags(&w)
	w.matches("name_key", s.Name)
	if len(s.Words) > 0 && lead == "integration_names" {
		s.words(&w)
	}
	query := "select " + f.columns + " from " + lead + " cross join integrations on n = " + lead + ".rowid" + w.String() + " order by " + lead + ".rowid" + w.limit(f.limit)
	return sqldb.All(ctx, s.Tx, f.scan, query, w.args...)
}

// rare reports whether few names match.
func (s integrationSearch) rare(ctx context.Context) bool {
	if s.names == "" {
		return false
	}
	var n int64
	_, err := sqldb.One(ctx, s.Tx, "select count(*) from (select 1 from integration_names where integration_names match $1 limit $2)", []any{s.names, int64(enough)}, []any{&n})
	return err == nil && n < enough
}

package store

import (
	"cmp"
	"context"
	"slices"
	"strconv"
	"strings"

	"github.com/redim-tools/redim/pkg/store/sqldb"
	"github.com/redim-tools/redim/pkg/vault"
)

// How terms are chosen for a search.
const (
	asked  = 12 // terms of a name that are looked at
	ahead  = 16 // rows with a term that are looked at, to tell how rare it is
	alike  = 32 // times as frequent as the rarest: a term that helps to find rows
	chosen = 5  // terms that lead at most, where others test the rows anyway
)

// candidate is a term that a search may go by.
type candidate struct {
	term string
	must bool  // nothing else tells whether a row fits
	rows int64 // how many have it, about; of some that have few, how many
	few  bool
}

// lead chooses the terms that a search in the order of rows goes by, the rarest
// first. A frequent one costs more to follow than the rows that it rules out,
// for these are tested anyway.
func (s integrationSearch) lead(ctx context.Context, after int64) ([]string, error) {
	all := s.candidates()
	if len(all) > 1 {
		if err := s.measure(ctx, all, after); err != nil {
			return nil, err
		}
	}
	slices.SortStableFunc(all, func(a, b candidate) int { return cmp.Compare(a.rows, b.rows) })
	var terms []string
	for _, c := range all {
		if c.must || len(terms) == 0 || len(terms) < chosen && !all[0].few && c.rows < all[0].rows*alike {
			terms = append(terms, c.term)
		}
	}
	return terms, nil
}

// candidates are the terms of the criteria, of a long name only some.
func (s integrationSearch) candidates() []candidate {
	var all []candidate
	parts := partTerms(s.Name)
	step := max(1, (len(parts)+asked-1)/asked)
	for n := 0; n < len(parts); n += step {
		all = append(all, candidate{term: parts[n]})
	}
	for _, term := range wordTerms(s.Words) {
		all = append(all, candidate{term: term, must: true})
	}
	var flags distinct
	if s.Active != vault.Both {
		flags.add(flagTerm, activeText(s.Active == vault.Yes))
	}
	if s.Auth != "" {
		flags.add(flagTerm, string(s.Auth))
	}
	if len(flags.terms) == 2 {
		flags = distinct{terms: []string{strings.Join(flags.terms, "")}}
	}
	for _, term := range flags.terms {
		all = append(all, candidate{term: term})
	}
	return all
}

// measure tells from the next rows with each term how many there are.
func (s integrationSearch) measure(ctx context.Context, all []candidate, after int64) error {
	var w where
	next := make([]string, len(all))
	for n, c := range all {
		next[n] = w.number("select "+strconv.Itoa(n)+", coalesce(min(r), 0), coalesce(max(r), 0), count(*), coalesce((select max(n) from integrations), 0) from (select rowid r from integration_terms where integration_terms match ? and rowid > ? order by rowid limit "+strconv.Itoa(ahead)+")",
			[]any{c.term, after})
	}
	return sqldb.Each(ctx, s.Tx, func(r sqldb.Row) error {
		var n, first, last, count, end int64
		if err := r.Scan(&n, &first, &last, &count, &end); err != nil {
			return err
		}
		c := &all[n]
		if c.rows, c.few = count, count < ahead; !c.few {
			c.rows = max(count, (end-first)*count/(last-first+1))
		}
		return nil
	}, strings.Join(next, " union all "), w.args...)
}

// byRow reads in the order of rows.
func (s integrationSearch) byRow(ctx context.Context, f finder[numbered]) ([]numbered, error) {
	var after int64
	if f.after != nil {
		after, _ = f.after[0].(int64)
	}
	terms, err := s.lead(ctx, after)
	if err != nil {
		return nil, err
	}
	var w where
	w.and("integration_terms match ?", allOf(terms))
	w.and("integration_terms.rowid > ?", after)
	s.flags(&w)
	w.matches("name_key", s.Name)
	query := "select " + f.columns + " from integration_terms cross join integrations on n = integration_terms.rowid" + w.String() + " order by integration_terms.rowid"
	if s.long() {
		f.fits = s.fit
	}
	return f.few(ctx, query, &w)
}

// long reports whether a word is longer than the index tells of.
func (s integrationSearch) long() bool {
	return slices.ContainsFunc(s.Words, func(w string) bool { return len(w) > longestWord })
}

func (s integrationSearch) fit(i numbered) bool { return vault.HasWords(i.Description, s.Words) }

// sorted reads in the order that was asked for: what fits, if that is little, or
// else all that there is, until enough was found that fits.
func (s integrationSearch) sorted(ctx context.Context, f finder[numbered]) ([]numbered, error) {
	terms, err := s.lead(ctx, 0)
	if err != nil {
		return nil, err
	}
	match := allOf(terms)
	var n int64
	_, err = sqldb.One(ctx, s.Tx, "select count(*) from (select 1 from integration_terms where integration_terms match $1"+limit(enough)+")", []any{match}, []any{&n})
	if err != nil {
		return nil, err
	}
	if len(s.Words) > 0 && (n > enough || s.long()) {
		f.fits = s.fit
	}
	if n > enough {
		return f.walk(ctx, 0)
	}
	var w where
	f.begin(&w)
	w.and("n in (select rowid from integration_terms where integration_terms match ?)", match)
	s.flags(&w)
	w.matches("name_key", s.Name)
	return f.read(ctx, &w, "integrations not indexed")
}

package store

import (
	"cmp"
	"context"
	"math"
	"slices"
	"strconv"
	"strings"

	"github.com/redim-tools/redim/pkg/store/sqldb"
	"github.com/redim-tools/redim/pkg/vault"
)

// How terms are chosen for a search.
const (
	asked     = 12            // terms of a name that are looked at
	ahead     = 16            // rows with a term that are looked at, to tell how rare it is
	alike     = 32            // times as frequent as the rarest: a term that helps to find rows
	chosen    = 5             // terms of a name that lead at most
	noneAhead = math.MaxInt64 // how far the last is when there are fewer
)

// candidate is a term that a search may go by.
type candidate struct {
	term string
	must bool  // nothing else tells whether a row fits
	far  int64 // how many rows on the last of those ahead has it
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
	slices.SortStableFunc(all, func(a, b candidate) int { return cmp.Compare(b.far, a.far) })
	var terms []string
	for _, c := range all {
		if c.must || len(terms) < chosen && (len(terms) == 0 || c.far > all[0].far/alike && all[0].far != noneAhead) {
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

// measure looks how far on the next rows with each term are.
func (s integrationSearch) measure(ctx context.Context, all []candidate, after int64) error {
	var w where
	far, into := make([]string, len(all)), make([]any, len(all))
	for n, c := range all {
		far[n] = w.number("coalesce((select rowid from integration_terms where integration_terms match ? and rowid > ? order by rowid limit 1 offset "+strconv.Itoa(ahead-1)+"), ?)",
			[]any{c.term, after, int64(noneAhead)})
		into[n] = &all[n].far
	}
	if _, err := sqldb.One(ctx, s.Tx, "select "+strings.Join(far, ", "), w.args, into); err != nil {
		return err
	}
	for n := range all {
		if all[n].far != noneAhead {
			all[n].far -= after
		}
	}
	return nil
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

package store

import (
	"context"
	"slices"
	"strconv"
	"strings"

	"github.com/redim-tools/redim/pkg/vault"
)

// outlook is what a sample tells of a search in one order.
type outlook struct {
	known bool    // there is a sample
	share float64 // of the rows that fits
	walk  float64 // rows that are passed until a page is full, about
	probe float64 // rows that fit, about
}

// seldom is how many of a sample fit at least where it tells how dense they are.
const seldom = 5

// look tells what a search in an order comes to.
func (s integrationSearch) look(ctx context.Context, order vault.Sort) (outlook, error) {
	rows, total, err := s.sampled(ctx)
	if err != nil || len(rows) == 0 {
		return outlook{}, err
	}
	all := len(rows)
	if order != vault.SortName && order != vault.SortNameDown {
		rows = slices.Clone(rows)
		slices.SortFunc(rows, func(a, b sampled) int { return int(a.n - b.n) })
	}
	if order == vault.SortNameDown || order == vault.SortCreatedDown {
		rows = slices.Clone(rows)
		slices.Reverse(rows)
	}
	var hits []int
	rows = rows[s.begun(order, rows):]
	for place, row := range rows {
		if row.fits(s.IntegrationCriteria) {
			hits = append(hits, place)
		}
	}
	each := float64(total) / float64(all)
	o := outlook{known: true, share: float64(len(hits)) / float64(max(len(rows), 1)), probe: float64(max(len(hits), 1)) * each, walk: float64(total)}
	if len(hits) >= seldom {
		o.walk = float64(s.Limit+1) / o.share
		if float64(hits[0])*o.share > seldom { // they stand together, and not at the beginning
			o.walk += float64(hits[0]) * each
		}
	}
	return o, nil
}

// begun is how many rows of a sample are on the pages before.
func (s integrationSearch) begun(order vault.Sort, rows []sampled) int {
	at := slices.IndexFunc(rows, func(r sampled) bool {
		switch {
		case s.After.IsZero() || s.After.Sort != order:
			return true
		case order == vault.SortName:
			return r.key > s.After.Key
		case order == vault.SortNameDown:
			return r.key < s.After.Key
		case order == sortRow:
			n, _ := strconv.ParseInt(s.After.Key, 10, 64)
			return r.n > n
		}
		return true
	})
	if at < 0 {
		return len(rows)
	}
	return at
}

// byOutlook walks or asks the indexes, whichever reads less.
func (s integrationSearch) byOutlook(order vault.Sort) func(context.Context, finder[numbered]) ([]numbered, error) {
	return func(ctx context.Context, f finder[numbered]) ([]numbered, error) {
		o, err := s.look(ctx, order)
		if err != nil {
			return nil, err
		}
		f.enough = enough
		switch {
		case !o.known:
			return f.find(ctx)
		case o.walk < 2*o.probe: // a row that is probed is sorted, too
			return f.walk(ctx, 0)
		}
		f.enough = 20 * enough
		rows, whole, err := f.probe(ctx)
		if err != nil || whole {
			return rows, err
		}
		return f.walk(ctx, 0)
	}
}

// orderOf is the order of names, or that of rows where what fits stands together
// far on in the order of names.
func (s integrationSearch) orderOf(ctx context.Context) (vault.Sort, error) {
	byName, err := s.look(ctx, vault.SortName)
	if err != nil || !byName.known || byName.share == 0 {
		return vault.SortName, err
	}
	byRow, err := s.look(ctx, sortRow)
	if byRow.walk < byName.walk/4 && byRow.walk < byName.probe {
		return sortRow, err
	}
	return vault.SortName, err
}

// How the index of trigrams is asked.
const (
	usual = 10 // a hundredth part of the names: a trigram that tells little
	rarer = 4  // trigrams at most
)

// trigramsOf are the parts of a name that the index is asked for: the rarest
// trigrams. Nil when the index or the sample tells nothing of them.
func (s integrationSearch) trigramsOf(ctx context.Context) ([]string, error) {
	rows, _, err := s.sampled(ctx)
	if err != nil || len(rows) == 0 {
		return nil, err
	}
	var all distinctParts
	for _, part := range append([]string{s.Name.Part}, s.Name.Parts...) {
		for n := 0; n+gramSize <= len(part); n++ {
			if gram := part[n : n+gramSize]; !strings.ContainsFunc(gram, notPlain) {
				all.add(gram, rows)
			}
		}
	}
	return all.rarest(len(rows), len(s.Words) > 0 || s.Active != vault.Both || s.Auth != ""), nil
}

// notPlain reports whether the index may pass over a character.
func notPlain(r rune) bool { return (r < 'a' || 'z' < r) && (r < '0' || '9' < r) }

// distinctParts are trigrams with how many names of a sample have them.
type distinctParts struct {
	grams []string
	have  map[string]int
}

func (d *distinctParts) add(gram string, rows []sampled) {
	if d.have == nil {
		d.have = map[string]int{}
	}
	if _, again := d.have[gram]; again {
		return
	}
	d.have[gram] = 0
	for _, row := range rows {
		if strings.Contains(row.key, gram) {
			d.have[gram]++
		}
	}
	d.grams = append(d.grams, gram)
}

// rarest are a few of those that tell most; beside other conditions maybe none.
func (d *distinctParts) rarest(of int, beside bool) []string {
	slices.SortStableFunc(d.grams, func(a, b string) int { return d.have[a] - d.have[b] })
	for n, gram := range d.grams {
		if (n > 0 || beside) && (n >= rarer || d.have[gram]*100 > of*usual) {
			return d.grams[:n]
		}
	}
	return d.grams
}

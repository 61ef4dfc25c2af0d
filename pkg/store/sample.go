package store

import (
	"cmp"
	"context"
	"slices"
	"strconv"
	"strings"
	"sync"
	"time"

	"github.com/redim-tools/redim/pkg/store/sqldb"
	"github.com/redim-tools/redim/pkg/vault"
)

// sample is some of the integrations in PostgreSQL. It tells how many there are
// that fit, and where they stand, so that a search is made in the way that reads
// least. What is found does not depend on it.
type sample struct {
	mu    sync.Mutex
	taken time.Time
	total int64 // rows of the table; few, and there is no sample
	rows  []sampled
}

// sampled is what an integration is searched by.
type sampled struct {
	n      int64
	key    string // the folded name
	words  []string
	active bool
	auth   string
}

// What a sample is taken of, how many rows it has, and how long it is used.
const (
	worthIt    = 20_000
	sampleRows = 1000
	sampleAge  = 10 * time.Minute
)

// sampled is the sample, in the order of names; nothing when there is none.
func (t *txn) sampled(ctx context.Context) (rows []sampled, total int64, err error) {
	s := t.sample
	s.mu.Lock()
	defer s.mu.Unlock()
	if now := t.now(); s.taken.IsZero() || now.Sub(s.taken) > sampleAge || now.Before(s.taken) {
		if s.rows, s.total, err = t.takeSample(ctx); err != nil {
			return nil, 0, err
		}
		s.taken = now
	}
	return s.rows, s.total, nil
}

func (t *txn) takeSample(ctx context.Context) ([]sampled, int64, error) {
	var total int64
	if _, err := sqldb.One(ctx, t.Tx, "select reltuples::bigint from pg_catalog.pg_class where oid = to_regclass('integrations')", nil, []any{&total}); err != nil || total < worthIt {
		return nil, total, err
	}
	percent := strconv.FormatFloat(100*sampleRows/float64(total), 'f', 6, 64)
	rows, err := sqldb.All(ctx, t.Tx, scanSampled, "select n, name_key, array_to_string(tsvector_to_array(words), ' '), active, auth from integrations tablesample system ("+percent+")")
	slices.SortFunc(rows, func(a, b sampled) int { return cmp.Compare(a.key, b.key) })
	return rows, total, err
}

func scanSampled(r sqldb.Row) (s sampled, err error) {
	var words string
	var active int64
	err = r.Scan(&s.n, &s.key, &words, &active, &s.auth)
	s.words, s.active = strings.Fields(words), active == 1
	return s, err
}

// fits is IntegrationCriteria.Fits of what was sampled.
func (s sampled) fits(c vault.IntegrationCriteria) bool {
	return (c.Active == vault.Both || (c.Active == vault.Yes) == s.active) && (c.Auth == "" || string(c.Auth) == s.auth) &&
		strings.Contains(s.key, c.Name.Part) && (len(c.Name.Parts) == 0 || c.Name.Fits(s.key)) && !slices.ContainsFunc(c.Words, s.lacks)
}

func (s sampled) lacks(word string) bool {
	return !slices.ContainsFunc(s.words, func(w string) bool { return strings.HasPrefix(w, word) })
}

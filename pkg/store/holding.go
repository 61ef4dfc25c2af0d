package store

import (
	"context"
	"errors"
	"net/netip"
	"strings"

	"github.com/redim-tools/redim/pkg/store/sqldb"
	"github.com/redim-tools/redim/pkg/vault"
)

// question asks for a token, and for a lease when one is named.
type question struct {
	asks
	found *held // of no integration: there is no such token
}

type asks struct {
	hash  vault.TokenHash
	lease string
}

var _ sqldb.Question = (*question)(nil)

func (q *question) Key() any        { return q.asks }
func (q *question) Take(answer any) { q.found, _ = answer.(*held) } // as Answer gave it

// Answer leaves out that there is no such token: anybody can make tokens up.
func (q *question) Answer() any {
	if q.found.token.IntegrationID == "" {
		return nil
	}
	return q.found
}

// held is a token with the edition of its integration, and a lease.
type held struct {
	token   vault.Token
	edition int64
	lease   leaseRow
}

// Holding reads all in one indexed question, together with those of others that wait.
func (s *Store) Holding(ctx context.Context, hash vault.TokenHash, lease string) (vault.Holding, error) {
	q := &question{asks: asks{hash, nameable(lease)}}
	err := s.db.Ask(ctx, q)
	switch {
	case err != nil:
		return vault.Holding{}, err
	case q.found.token.IntegrationID == "":
		return vault.Holding{}, vault.ErrAbsent
	}
	h := vault.Holding{Token: q.found.token, Edition: vault.Edition(q.found.edition), Lease: q.found.lease.Lease}
	h.Token.Hash = hash
	return h, nil
}

// nameable is an id that may be that of a lease, and empty for any other text:
// PostgreSQL refuses a question, and all that are asked with it, for a byte zero or
// half a letter.
func nameable(id string) string {
	if strings.ContainsFunc(id, func(r rune) bool { return r < ' ' || r > '~' }) {
		return ""
	}
	return id
}

// answer answers questions: on PostgreSQL several in one round trip.
func (s *Store) answer(ctx context.Context, tx *sqldb.Tx, items []any) error {
	questions := make([]*question, len(items))
	for n, item := range items {
		questions[n], _ = item.(*question) // Holding asks nothing else
	}
	if len(items) > 1 && tx.Dialect() == sqldb.PostgreSQL {
		return answerTogether(ctx, tx, questions)
	}
	for _, q := range questions {
		if err := q.answer(ctx, tx); err != nil {
			return err
		}
	}
	return nil
}

func (q *question) answer(ctx context.Context, tx *sqldb.Tx) error {
	query, of, args := "select "+heldToken+heldFrom+" where hash = $1", heldPlaces, []any{q.hash[:]}
	if q.lease != "" {
		query, of, args = "select "+heldToken+heldLease+heldFrom+" left join leases l on substr(l.id, 10) = $1 and l.id = $2 where hash = $3", heldForPlaces, []any{tail(q.lease), q.lease, q.hash[:]}
	}
	q.found = &held{} // it may be asked again
	return sqldb.Each(ctx, tx, func(r sqldb.Row) error { return of(q.found).scan(r) }, query, args...)
}

// tail is the end of a lease's id, which its index takes first.
func tail(id string) string { return id[min(9, len(id)):] }

const (
	heldToken = "holder, address, era, made, expires, i.version + i.changed"
	heldLease = `, coalesce(l.n, 0), coalesce(l.id, ''), coalesce(l.credential_id, ''), coalesce(l.actor_key, ''), coalesce(l.exclusive, 0),
  coalesce(l.idempotency, ''), coalesce(l.due, 0), coalesce(l.state, ''), coalesce(l.ended, 0), coalesce(l.version, 0), coalesce(l.body, '{}')`
	heldFrom = " from access_tokens join integrations i on i.id = holder"
	heldAll  = "select u.n, " + heldToken + heldLease + `
from unnest($1::bytea[], $2::text[], $3::text[]) with ordinality as u (hash, tail, lease, n)
join access_tokens a on a.hash = u.hash join integrations i on i.id = a.holder left join leases l on substr(l.id, 10) = u.tail and l.id = u.lease`
)

// answerTogether answers several, in PostgreSQL's words.
func answerTogether(ctx context.Context, tx *sqldb.Tx, questions []*question) error {
	hashes, tails, leases := make([][]byte, len(questions)), make([]string, len(questions)), make([]string, len(questions))
	for n, q := range questions {
		hashes[n], tails[n], leases[n], q.found = q.hash[:], tail(q.lease), q.lease, &held{}
	}
	return sqldb.Each(ctx, tx, func(r sqldb.Row) error {
		var n int64
		h := &held{}
		p := heldForPlaces(h)
		p.into = append([]any{&n}, p.into...)
		err := p.scan(r)
		if 0 < n && n <= int64(len(questions)) {
			questions[n-1].found = h
		}
		return err
	}, heldAll, hashes, tails, leases)
}

func heldPlaces(h *held) places {
	var address string
	var made, expires int64
	return places{
		[]any{&h.token.IntegrationID, &address, &h.token.Epoch, &made, &expires, &h.edition},
		func() (err error) {
			h.token.Made, h.token.Expires = moment(made), moment(expires)
			h.token.From, err = netip.ParseAddr(address)
			return err
		},
	}
}

func heldForPlaces(h *held) places {
	token, lease := heldPlaces(h), leasePlaces(&h.lease)
	return places{append(token.into, lease.into...), func() error { return errors.Join(token.fill(), lease.fill()) }}
}

package store

import (
	"context"
	"strings"

	"github.com/redim-tools/redim/pkg/store/sqldb"
	"github.com/redim-tools/redim/pkg/vault"
)

// Credentials searches, in the order of system and account.
func (t *txn) Credentials(ctx context.Context, c vault.CredentialCriteria) (vault.Page[vault.Credential], error) {
	s := credentialSearch{txn: t, CredentialCriteria: c, names: trigrams(c.Match)}
	f := finder[vault.Credential]{txn: t, table: "credentials", columns: credentialColumns, order: []string{"system_key", "account_key"}, limit: c.Limit, scan: scanCredential, plain: s.plain}
	if s.names != "" && !onlyPrefix(c.Match) {
		f.indexed = s.indexed
	}
	f.within = func(w *where) {
		system, _, _ := strings.Cut(prefix(c.Match), "/")
		w.within("system_key", vault.Match{Parts: []string{system, ""}})
	}
	if !c.After.IsZero() {
		system, account, ok := strings.Cut(c.After.Key, "\x00")
		if !ok {
			return vault.Page[vault.Credential]{}, badCursor()
		}
		f.after = []any{system, account}
	}
	rows, err := f.find(ctx)
	if err != nil {
		return vault.Page[vault.Credential]{}, err
	}
	return paged(rows, c.Paging, func(c vault.Credential) vault.Cursor {
		return vault.Cursor{Key: vault.Fold(c.System) + "\x00" + vault.Fold(c.Account), ID: c.ID}
	}), nil
}

type credentialSearch struct {
	*txn
	vault.CredentialCriteria
	names string
}

func (s credentialSearch) flags(w *where) {
	if s.For != "" {
		w.and("(system_key = ? or id in (select credential_id from credential_endpoints where endpoint_key = ?))", s.For, s.For)
	}
	if s.Kind != "" {
		w.and("kind = ?", string(s.Kind))
	}
	if s.PolicyID != "" {
		w.and("policy_id = ?", s.PolicyID)
	}
	if s.Access != "" {
		w.and("(access = ? or access = '' and policy_id in (select p.id from policies p where p.access = ?))", string(s.Access), string(s.Access))
	}
	s.grants(w)
}

// grants adds what any of the patterns covers.
func (s credentialSearch) grants(w *where) {
	if s.Grants == nil {
		return
	}
	covered := []string{"1 = 0"}
	for _, g := range s.Grants {
		var one where
		one.args = w.args
		one.covers("system_key", g.System)
		one.covers("account_key", g.Account)
		w.args = one.args
		covered = append(covered, "("+strings.Join(append(one.conds, "1 = 1"), " and ")+")")
	}
	w.conds = append(w.conds, "("+strings.Join(covered, " or ")+")")
}

// covers adds half a pattern.
func (w *where) covers(column, pattern string) {
	folded := vault.Fold(pattern)
	if !strings.Contains(folded, "*") {
		w.and(column+" = ?", folded)
		return
	}
	if strings.Trim(folded, "*") != "" {
		w.matches(column, vault.Match{Parts: strings.Split(folded, "*")})
	}
}

func (s credentialSearch) plain(w *where) {
	s.flags(w)
	s.tested(w, "ref_key", s.Match)
}

func (s credentialSearch) indexed(w *where) {
	s.flags(w)
	w.matches("ref_key", s.Match)
	if s.Dialect() == sqldb.SQLite {
		w.and("n in (select rowid from credential_names where credential_names match ?)", s.names)
	}
}

//go:build unix

package store_test

import (
	"fmt"
	"testing"

	"github.com/redim-tools/redim/pkg/store/storetest"
	"github.com/redim-tools/redim/pkg/vault"
)

// TestASampleChangesNoAnswer searches so many records that PostgreSQL's are
// sampled, those of each site apart from the others by name, and looks at every
// page.
func TestASampleChangesNoAnswer(t *testing.T) {
	t.Parallel()
	server := storetest.Start(t)
	s := open(t, server.Database(t))
	server.Exec(t, "postgres", `insert into test1.integrations (id, name, name_key, description, active, auth, proof_kind, proof_salt, proof_sum, account, allowed, reason, hours, comment,
  skip_justification, skip_until, grants, version, created, created_by, changed, changed_by, words)
select '01900000-0000-7000-8000-' || lpad(n::text, 12, '0'), name, name, 'site ' || n % 7, n % 2, case when n % 3 = 0 then 'windows' else 'application' end, '', '', '', '', '[]', '', 3600000000, '', '', 0, '[]', 1, 1, '', 1, '', array_to_tsvector(array['site', (n % 7)::text])
from generate_series(0, 24999) n, lateral (select 'site-' || n / 2500 || '-app-' || lpad(n::text, 6, '0') as name) names`)
	server.Exec(t, "postgres", "vacuum analyze test1.integrations") //nolint:misspell // PostgreSQL spells it so
	var all []vault.Integration
	for n := range 25000 {
		i := anIntegration(n, fmt.Sprintf("site-%d-app-%06d", n/2500, n))
		if i.Description, i.Active = fmt.Sprintf("site %d", n%7), n%2 == 1; n%3 == 0 {
			i.Auth = vault.AuthWindows
		}
		all = append(all, i)
	}
	for _, name := range []vault.Match{{Part: "te-9"}, {Part: "app-0123"}, {Part: "012345"}, {Part: "te-0-"}, {Part: "5-"}, {Parts: []string{"site-7", "99", ""}}, {Part: "nosuch"}, {}} {
		for n, words := range [][]string{nil, {"5"}} {
			if name.IsZero() && words == nil {
				continue
			}
			for _, order := range []vault.Sort{vault.SortAny, []vault.Sort{vault.SortNameDown, vault.SortCreated}[n]} {
				checkSearch(t, s, all, vault.IntegrationCriteria{Name: name, Words: words, Sort: order, Active: []vault.Tri{vault.Both, vault.No}[n], Paging: vault.Paging{Limit: 300}})
			}
		}
	}
}

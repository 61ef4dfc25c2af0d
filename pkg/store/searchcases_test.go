package store_test

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"slices"
	"strings"
	"testing"

	"github.com/redim-tools/redim/pkg/store"
	"github.com/redim-tools/redim/pkg/vault"
)

// estate is a few hundred integrations with telling names.
func estate(tb testing.TB, s *store.Store) []vault.Integration {
	tb.Helper()
	sites, tasks := []string{"Berlin", "berlin-2", "Köln", "100%", "a_b", `back\slash`, `quo"te's`}, []string{"Backup", "deploy web", "x", "Überwachung", "backup nightly"}
	words := []string{"Backs up files nightly", "Deploys the web-shop; reads logs", "", "überwacht Server", "AND or NOT near* \"quoted\" it's"}
	var all []vault.Integration
	err := s.Update(context.Background(), func(ctx context.Context, tx vault.Tx) error {
		all = nil
		for n := range 200 {
			i := anIntegration(n, fmt.Sprintf("%s %s %d", sites[n%len(sites)], tasks[n%len(tasks)], n*7919%200))
			i.Description = words[n%3+n%2]
			i.Active, i.Auth = n%4 != 0, vault.AuthApplication
			if n%3 == 0 {
				i.Auth = vault.AuthWindows
			}
			all = append(all, i)
			if err := tx.AddIntegration(ctx, i); err != nil {
				return err
			}
		}
		return nil
	})
	if err != nil {
		tb.Fatal(err)
	}
	return all
}

// searches are criteria of every form.
func searches(t *testing.T) []vault.IntegrationCriteria {
	var all []vault.IntegrationCriteria
	for _, name := range []string{"", "b", "ber", "BERLIN", "backup", "nightly 1", "0%", "a_b", `k\s`, `"te'`, "ü", "köln*", "*7", "b*backup*", "berlin x*", "*nosuch*", "nosuch", "quo\"te's x*", "*a*b*c*"} {
		for _, text := range []string{"", "files", "NIGHT back", "über", "web-shop", "it's and near", "nosuch"} {
			m, err := vault.ParseMatch(name)
			if err != nil {
				t.Fatal(err)
			}
			words, err := vault.ParseWords(text)
			if err != nil {
				t.Fatal(err)
			}
			all = append(all, vault.IntegrationCriteria{Name: m, Words: words})
		}
	}
	return all
}

func searchCases() []suiteCase {
	return []suiteCase{
		{"a search finds what fits and nothing else", func(t *testing.T, s *store.Store) {
			all := estate(t, s)
			sorts := []vault.Sort{vault.SortAny, vault.SortName, vault.SortNameDown, vault.SortCreated, vault.SortCreatedDown}
			actives, auths := []vault.Tri{vault.Both, vault.Yes, vault.No}, []vault.AuthType{"", vault.AuthWindows}
			for n, c := range searches(t) {
				c.Sort, c.Active, c.Auth = sorts[n%5], actives[n%3], auths[n%2]
				checkSearch(t, s, all, c)
				c.Sort = vault.SortAny
				checkSearch(t, s, all, c)
			}
		}},
		{"a search goes on where it was after rows were removed", func(t *testing.T, s *store.Store) {
			all := estate(t, s)
			c := vault.IntegrationCriteria{Name: vault.Match{Part: "backup"}, Paging: vault.Paging{Limit: 10}}
			first := searchPage(t, s, c)
			update(t, s, func(ctx context.Context, tx vault.Tx) error {
				return tx.RemoveIntegration(ctx, first.Items[9].ID, 1)
			})
			c.After, _ = vault.ParseCursor(first.Next, "")
			second := searchPage(t, s, c)
			if len(second.Items) != 10 || second.Items[0].ID == first.Items[9].ID {
				t.Errorf("%d of %d", len(second.Items), len(all))
			}
		}},
		{"a word is found by its beginning, however long that is", caseLongWords},
		{"a renamed integration is found by its new name and words only", func(t *testing.T, s *store.Store) {
			i := anIntegration(1, "first name")
			update(t, s, func(ctx context.Context, tx vault.Tx) error { return tx.AddIntegration(ctx, i) })
			i.Name, i.Description = "second title", "other words"
			update(t, s, func(ctx context.Context, tx vault.Tx) error { return tx.ChangeIntegration(ctx, i) })
			for _, c := range []struct {
				vault.IntegrationCriteria
				n int
			}{
				{vault.IntegrationCriteria{Name: vault.Match{Part: "first"}}, 0}, {vault.IntegrationCriteria{Name: vault.Match{Part: "title"}}, 1},
				{vault.IntegrationCriteria{Words: []string{"nightly"}}, 0}, {vault.IntegrationCriteria{Words: []string{"wor"}}, 1},
			} {
				c.Limit = 5
				if p := searchPage(t, s, c.IntegrationCriteria); len(p.Items) != c.n {
					t.Errorf("%v: %d", c, len(p.Items))
				}
			}
		}},
		{"credentials are found by every criterion, in their order", credentialSearches},
		{"policies are listed by name", func(t *testing.T, s *store.Store) {
			update(t, s, func(ctx context.Context, tx vault.Tx) error {
				return errors.Join(tx.AddPolicy(ctx, aPolicy(1, "Night")), tx.AddPolicy(ctx, aPolicy(2, "day")), tx.AddPolicy(ctx, aPolicy(3, "daybreak")))
			})
			var got []string
			c := vault.PolicyCriteria{Paging: vault.Paging{Limit: 1}}
			for {
				var p vault.Page[vault.Policy]
				view(t, s, func(ctx context.Context, r vault.Reader) (err error) { p, err = r.Policies(ctx, c); return err })
				got = append(got, p.Items[0].Name)
				if p.Next == "" {
					break
				}
				c.After, _ = vault.ParseCursor(p.Next, "")
			}
			same(t, got, []string{"day", "daybreak", "Night"})
		}},
	}
}

func caseLongWords(t *testing.T, s *store.Store) {
	long := strings.Repeat("ü", 40)
	var all []vault.Integration
	update(t, s, func(ctx context.Context, tx vault.Tx) error {
		all = nil
		for n := range 30 {
			i := anIntegration(n, fmt.Sprint("name ", n))
			i.Description = "other " + long + strings.Repeat("ab", n%3)
			all = append(all, i)
			if err := tx.AddIntegration(ctx, i); err != nil {
				return err
			}
		}
		return nil
	})
	for n, word := range []string{long, long + "a", long + "abab", long + "b", long[:64], long[:62]} {
		for _, order := range []vault.Sort{vault.SortAny, vault.SortName, vault.SortCreatedDown} {
			checkSearch(t, s, all, vault.IntegrationCriteria{Words: []string{word, "oth"}[:1+n%2], Sort: order})
		}
	}
}

func searchPage(t *testing.T, s *store.Store, c vault.IntegrationCriteria) vault.Page[vault.Integration] {
	t.Helper()
	var page vault.Page[vault.Integration]
	view(t, s, func(ctx context.Context, r vault.Reader) (err error) {
		page, err = r.Integrations(ctx, c)
		return err
	})
	return page
}

// checkSearch compares all pages of a search with what fits by the rules.
func checkSearch(t *testing.T, s *store.Store, all []vault.Integration, c vault.IntegrationCriteria) {
	t.Helper()
	var want, got []string
	for _, i := range sorted(slices.DeleteFunc(slices.Clone(all), func(i vault.Integration) bool { return !c.Fits(i) }), c.Sort) {
		want = append(want, i.Name)
	}
	c.Limit = cmp.Or(c.Limit, 7)
	for {
		page := searchPage(t, s, c)
		for _, i := range page.Items {
			got = append(got, i.Name)
		}
		if page.Next == "" {
			break
		}
		var err error
		if c.After, err = vault.ParseCursor(page.Next, ""); err != nil {
			t.Fatal(err)
		}
	}
	if c.Sort == vault.SortAny {
		slices.Sort(want)
		slices.Sort(got)
	}
	if !slices.Equal(got, want) {
		t.Errorf("%+v\n got %q\nwant %q", c, got, want)
	}
}

func sorted(all []vault.Integration, by vault.Sort) []vault.Integration {
	return slices.SortedFunc(slices.Values(all), func(a, b vault.Integration) int {
		if strings.HasPrefix(string(by), "-") {
			a, b = b, a
		}
		if strings.HasSuffix(string(by), "created") {
			return cmp.Compare(a.ID, b.ID)
		}
		return cmp.Compare(vault.Fold(a.Name), vault.Fold(b.Name))
	})
}

func credentialSearches(t *testing.T, s *store.Store) {
	policy := aPolicy(500, "shared")
	policy.Access = vault.AccessShared
	update(t, s, func(ctx context.Context, tx vault.Tx) error {
		if err := tx.AddPolicy(ctx, policy); err != nil {
			return err
		}
		for n, ref := range []string{"web01/root", "Web01/svc-a", "web-2/root", "db01/root", "db01/svc_b", "100%/x"} {
			system, account, _ := strings.Cut(ref, "/")
			c := aCredential(n, system, account)
			c.Endpoints, c.Access = nil, vault.AccessRestricted
			switch n {
			case 3:
				c.Endpoints = []string{"WEB01"}
			case 4:
				c.Access, c.PolicyID, c.Kind = "", policy.ID, vault.KindToken
			}
			if err := tx.AddCredential(ctx, c); err != nil {
				return err
			}
		}
		return nil
	})
	for name, c := range map[string]struct {
		vault.CredentialCriteria
		want string
	}{
		"all":               {vault.CredentialCriteria{}, "100%/x db01/root db01/svc_b web-2/root web01/root Web01/svc-a"},
		"for an endpoint":   {vault.CredentialCriteria{For: "web01"}, "db01/root web01/root Web01/svc-a"},
		"part":              {vault.CredentialCriteria{Match: vault.Match{Part: "1/r"}}, "db01/root web01/root"},
		"short part":        {vault.CredentialCriteria{Match: vault.Match{Part: "%"}}, "100%/x"},
		"pattern":           {vault.CredentialCriteria{Match: vault.Match{Parts: []string{"web01/", ""}}}, "web01/root Web01/svc-a"},
		"pattern in middle": {vault.CredentialCriteria{Match: vault.Match{Parts: []string{"", "01/svc", ""}}}, "db01/svc_b Web01/svc-a"},
		"no grants":         {vault.CredentialCriteria{Grants: []vault.Pattern{}}, ""},
		"grants":            {vault.CredentialCriteria{Grants: []vault.Pattern{{System: "WEB*", Account: "root"}, {System: "db01", Account: "*"}}}, "db01/root db01/svc_b web-2/root web01/root"},
		"grant of all":      {vault.CredentialCriteria{Grants: []vault.Pattern{{System: "*", Account: "*"}}, Kind: vault.KindToken}, "db01/svc_b"},
		"access":            {vault.CredentialCriteria{Access: vault.AccessShared}, "db01/svc_b"},
		"policy":            {vault.CredentialCriteria{PolicyID: id(500)}, "db01/svc_b"},
	} {
		for _, limit := range []int{1, 4, 50} {
			var got []string
			c.Limit, c.After = limit, vault.Cursor{}
			for {
				var p vault.Page[vault.Credential]
				view(t, s, func(ctx context.Context, r vault.Reader) (err error) {
					p, err = r.Credentials(ctx, c.CredentialCriteria)
					return err
				})
				for _, i := range p.Items {
					got = append(got, i.Ref())
				}
				if p.Next == "" {
					break
				}
				c.After, _ = vault.ParseCursor(p.Next, "")
			}
			if strings.Join(got, " ") != c.want {
				t.Errorf("%s by %d: %s, want %s", name, limit, strings.Join(got, " "), c.want)
			}
		}
	}
}

package store_test

import (
	"bytes"
	"context"
	"fmt"
	"math/rand/v2"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"github.com/redim-tools/redim/pkg/store"
	"github.com/redim-tools/redim/pkg/store/storetest"
	"github.com/redim-tools/redim/pkg/vault"
)

// gone is a word of the rows that are replaced; rows hold it in their middle.
const gone = "a wrapping of before"

func wrapping(word string, n int) []byte { return fmt.Appendf(nil, "%06d %s %060d", n, word, n) }

// TestScrubLeavesNothingOfWhatWasReplaced searches the files of both stores for
// the bytes of rows that were replaced or removed, also those that a page kept
// when its rows moved to another one.
func TestScrubLeavesNothingOfWhatWasReplaced(t *testing.T) {
	t.Parallel()
	server := storetest.Start(t)
	path := filepath.Join(t.TempDir(), "vault.db")
	for name, c := range map[string]struct {
		address string
		files   func() []string
	}{
		"sqlite": {"sqlite:" + path, func() []string {
			found, _ := filepath.Glob(path + "*")
			return found
		}},
		"postgres": {server.Database(t), func() []string { return server.Files(t) }},
	} {
		t.Run(name, func(t *testing.T) {
			s := open(t, c.address)
			const credentials, versions = 400, 10
			replaceAll(t, s, credentials, versions)
			if holding(t, c.files()) == 0 {
				t.Error("nothing was left before, so there is nothing to show")
			}
			if err := s.Scrub(t.Context()); err != nil {
				t.Fatal(err)
			}
			if n := holding(t, c.files()); n > 0 {
				t.Errorf("%d places hold what was replaced", n)
			}
			left := wholeAfter(t, s)
			if left != (credentials-credentials/10)*versions {
				t.Errorf("%d secret versions are left", left)
			}
		})
	}
}

// replaceAll writes rows in an order that splits pages, replaces all of them,
// and removes every tenth credential. With this order a page of SQLite keeps a
// row that was moved out of it, which neither secure_delete nor an empty log
// helps against.
func replaceAll(t *testing.T, s *store.Store, credentials, versions int) {
	t.Helper()
	update(t, s, func(ctx context.Context, tx vault.Tx) error {
		for n := range credentials {
			if err := tx.AddCredential(ctx, aCredential(n, fmt.Sprint("web", n), "root")); err != nil {
				return err
			}
		}
		return tx.AddKeyRecord(ctx, vault.KeyRecord{Name: vault.KeyHash, Wrapped: wrapping(gone, 1), WrappedBy: "old", Version: 1})
	})
	order := rand.New(rand.NewPCG(5, 0)).Perm(credentials * versions)
	slices.SortStableFunc(order, func(a, b int) int { // all first versions in order, as an import writes them
		if a%versions == 0 && b%versions == 0 {
			return a - b
		}
		return min(a%versions, 1) - min(b%versions, 1)
	})
	for from := 0; from < len(order); from += 50 {
		update(t, s, func(ctx context.Context, tx vault.Tx) error {
			for _, n := range order[from : from+50] {
				v := aSecret(id(n/versions), int64(n%versions)+1, "old")
				v.Wrapped = wrapping(gone, n)
				if err := tx.AddSecretVersion(ctx, v); err != nil {
					return err
				}
			}
			return nil
		})
	}
	update(t, s, func(ctx context.Context, tx vault.Tx) error {
		for n := 0; n < credentials; n += 10 {
			if err := tx.RemoveCredential(ctx, id(n), 1); err != nil {
				return err
			}
		}
		found, err := tx.WrappedByOthers(ctx, "new", credentials*versions)
		for n, v := range found {
			v.Wrapped, v.WrappedBy = wrapping("new", n), "new"
			if err := tx.Rewrap(ctx, v, "old"); err != nil {
				return err
			}
		}
		if err != nil {
			return err
		}
		return tx.ChangeKeyRecord(ctx, vault.KeyRecord{Name: vault.KeyHash, Wrapped: wrapping("new", 1), WrappedBy: "new", Version: 1})
	})
}

// wholeAfter counts the rows, each of which must be as it was written.
func wholeAfter(t *testing.T, s *store.Store) (rows int) {
	t.Helper()
	view(t, s, func(ctx context.Context, r vault.Reader) error {
		found, err := r.WrappedByOthers(ctx, "none", 1<<20)
		for _, v := range found {
			if v.WrappedBy != "new" || !strings.Contains(string(v.Wrapped), "new") || len(v.Sealed) != 4 {
				t.Fatalf("%+v", v)
			}
		}
		rows = len(found)
		k, err2 := r.KeyRecord(ctx, vault.KeyHash)
		if err2 != nil || !bytes.Equal(k.Wrapped, wrapping("new", 1)) || k.Version != 2 {
			t.Errorf("%+v, %v", k, err2)
		}
		return err
	})
	return rows
}

func holding(t *testing.T, files []string) (places int) {
	t.Helper()
	for _, file := range files {
		data, err := os.ReadFile(file)
		if err != nil && !os.IsNotExist(err) {
			t.Fatal(err)
		}
		places += bytes.Count(data, []byte(gone))
	}
	return places
}

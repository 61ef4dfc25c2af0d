package store_test

import (
	"context"
	"path/filepath"
	"strconv"
	"sync/atomic"
	"testing"
	"time"

	"github.com/redim-tools/redim/pkg/store"
	"github.com/redim-tools/redim/pkg/store/storetest"
)

// backend makes empty stores of one kind.
type backend struct {
	name string
	make func(tb testing.TB) string // the address of a new, empty store
}

// backends starts what is needed for both kinds of store.
func backends(tb testing.TB) []backend {
	tb.Helper()
	server := storetest.Start(tb)
	return []backend{sqliteBackend(), {"postgres", server.Database}}
}

func sqliteBackend() backend {
	return backend{"sqlite", func(tb testing.TB) string { return "sqlite:" + filepath.Join(tb.TempDir(), "vault.db") }}
}

func options(address string) store.Options {
	var n atomic.Int64
	stamp := time.Now().Format("150405.000000000")
	return store.Options{Address: address, Now: time.Now, NewID: func() string { return "chain-" + stamp + "-" + strconv.FormatInt(n.Add(1), 10) }}
}

// open migrates and opens a store that is closed with the test.
func open(tb testing.TB, address string) *store.Store {
	tb.Helper()
	ctx := context.Background()
	if _, err := store.Migrate(ctx, options(address)); err != nil {
		tb.Fatal(err)
	}
	s, err := store.Open(ctx, options(address))
	if err != nil {
		tb.Fatal(err)
	}
	tb.Cleanup(func() {
		if err := s.Close(); err != nil {
			tb.Error(err)
		}
	})
	return s
}

// TestBothStoresPassTheSameSuite runs every case of the suite on both.
func TestBothStoresPassTheSameSuite(t *testing.T) {
	t.Parallel()
	for _, b := range backends(t) {
		t.Run(b.name, func(t *testing.T) {
			for _, c := range suite() {
				t.Run(c.name, func(t *testing.T) { c.run(t, open(t, b.make(t))) })
			}
		})
	}
}

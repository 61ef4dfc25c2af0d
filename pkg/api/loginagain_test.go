package api_test

import (
	"context"
	"net/http"
	"path/filepath"
	"testing"
	"time"

	"github.com/redim-tools/redim/pkg/store"
	"github.com/redim-tools/redim/pkg/vault"
)

// stale is a store in which something has always changed meanwhile.
type stale struct{ vault.Store }

func (stale) Update(context.Context, func(context.Context, vault.Tx) error) error {
	return vault.ErrStale
}

func TestWhoseIntegrationChangesAgainAndAgainIsToldSo(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	w.store.Store = stale{w.store.Store}
	w.anybody().post("/v1/login", map[string]any{"name": "nightly", "credential": w.secret}).want(http.StatusConflict, "conflict")
}

// TestWhoIsRecalledIsNobodyAfterARestore restores a store under the server, and has the
// versions go on from there as they went on before.
func TestWhoIsRecalledIsNobodyAfterARestore(t *testing.T) {
	t.Parallel()
	for name, edit := range map[string]vault.IntegrationEdit{
		"rotated again": {Generate: true},
		"deactivated":   {Active: new(false)},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			w := newWorld(t)
			w.policy(vault.PolicyEdit{Name: new("p")})
			w.credential("web01/root", "p")
			kept, _ := w.store.Store.(*store.Store)
			backup, options := filepath.Join(t.TempDir(), "backup.db"), store.Options{Address: kept.String(), Now: w.clock, NewID: vault.NewID}
			if err := kept.Backup(t.Context(), backup); err != nil {
				t.Fatal(err)
			}
			rotated, err := w.EditIntegration(t.Context(), admin("root"), w.app.ID, 0, vault.IntegrationEdit{Generate: true})
			if err != nil {
				t.Fatal(err)
			}
			_ = rotated.Generated.Reveal(func(b []byte) error { w.secret = string(b); return nil })
			w.signIn().get("/v1/checkouts/none").want(http.StatusNotFound, "not_found")
			if _, err := store.Restore(t.Context(), options, backup); err != nil {
				t.Fatal(err)
			}
			w.pass(time.Second)
			if again, err := w.EditIntegration(t.Context(), admin("root"), w.app.ID, 0, edit); err != nil || again.Integration.Version != rotated.Integration.Version {
				t.Fatal(again.Integration.Version, err)
			}
			w.anybody().post("/v1/login", map[string]any{"name": "nightly", "credential": w.secret}).want(http.StatusForbidden, "forbidden")
		})
	}
}

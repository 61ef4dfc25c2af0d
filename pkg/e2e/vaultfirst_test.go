package e2e

import (
	"fmt"
	"strings"
	"sync"
	"testing"

	"github.com/redim-tools/redim/pkg/audit"
	"github.com/redim-tools/redim/pkg/vault"
)

// TestFirstCommandsAtOnceMakeAStoreOnce lets eight people add a credential, all at
// once, to a store that nobody has used: each succeeds, and all share one set of
// keys.
func TestFirstCommandsAtOnceMakeAStoreOnce(t *testing.T) {
	t.Parallel()
	for name, address := range storeKinds() {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			for range 4 {
				firstCommands(t, address(t), name == "postgres")
			}
		})
	}
}

func firstCommands(t *testing.T, address string, migrate bool) {
	t.Helper()
	h := vaultHomeAt(t, address)
	if migrate {
		h.must("admin", "store", "migrate")
	}
	var people sync.WaitGroup
	for n := range 8 {
		people.Go(func() {
			who := fmt.Sprintf("p%d", n)
			cmd := h.command(who, "credentials", "add", "web01/"+who, "--secret-from", "-")
			cmd.Stdin = strings.NewReader("c4nary-" + who)
			if _, code, talk := h.finish(cmd, nil); code != 0 {
				h.Errorf("%s: code %d: %s", who, code, talk)
			}
		})
	}
	people.Wait()
	for n := range 8 {
		who := fmt.Sprintf("p%d", n)
		if out := h.must(who, "checkout", "web01/"+who, "--field", "password"); out != "c4nary-"+who+"\n" {
			h.Errorf("%s got another secret", who)
		}
	}
	h.keysMadeOnce()
}

// keysMadeOnce checks that one event tells that keys were made.
func (h vaultHome) keysMadeOnce() {
	h.Helper()
	v := h.open()
	defer func() { _ = v.Close() }()
	h.sound(v)
	page, err := v.Events(h.Context(), vault.EventCriteria{Kinds: []audit.Kind{audit.KeyMade}, Paging: vault.Paging{Limit: vault.MaxPage}}, "")
	if err != nil {
		h.Fatal(err)
	}
	if len(page.Items) != 1 {
		h.Errorf("%d events tell that keys were made", len(page.Items))
	}
}

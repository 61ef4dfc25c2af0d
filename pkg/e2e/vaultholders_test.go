package e2e

import (
	"fmt"
	"slices"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
)

// TestEightProcessesHaveOneHolderAndLoseNoUpdate lets eight people check one
// credential out and in, and edit another one, all at once.
func TestEightProcessesHaveOneHolderAndLoseNoUpdate(t *testing.T) {
	t.Parallel()
	for name, address := range storeKinds() {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			h := newVaultHome(t, address(t), "web01/root", "web02/root")
			var people sync.WaitGroup
			var holders, released atomic.Int64
			for n := range 8 {
				people.Go(func() {
					who := fmt.Sprintf("p%d", n)
					for round := range 3 {
						if h.holdOnce(who, &holders) {
							released.Add(1)
						}
						h.editUntilDone(who, fmt.Sprintf("%s-%d", who, round))
					}
				})
			}
			people.Wait()
			h.soundAfter(released.Load(), 24)
		})
	}
}

// holdOnce checks web01/root out and in again, unless somebody else holds it.
func (h vaultHome) holdOnce(who string, holders *atomic.Int64) bool {
	h.Helper()
	out, code, talk := h.run(who, "checkout", "web01/root", "--field", "password", "--comment", who)
	if code == 107 {
		return false
	}
	if code != 0 || out != "c4nary-web01/root\n" {
		h.Errorf("%s: checkout: code %d: %s", who, code, talk)
		return false
	}
	if n := holders.Add(1); n != 1 {
		h.Errorf("%s is one of %d holders", who, n)
	}
	holders.Add(-1)
	if _, code, talk := h.run(who, "checkin", "--all"); code != 0 {
		h.Errorf("%s: checkin: code %d: %s", who, code, talk)
	}
	return true
}

// editUntilDone adds an endpoint, again while others are faster.
func (h vaultHome) editUntilDone(who, endpoint string) {
	h.Helper()
	for range 100 {
		_, code, talk := h.run(who, "credentials", "edit", "web02/root", "--add-endpoint", endpoint)
		if code == 0 {
			return
		}
		if code != 107 || !strings.Contains(talk, "was changed meanwhile") {
			h.Errorf("%s: edit: code %d: %s", who, code, talk)
			return
		}
	}
	h.Errorf("%s: others were always faster", who)
}

// soundAfter checks what eight people left.
func (h vaultHome) soundAfter(released int64, edits int) {
	h.Helper()
	v := h.open()
	defer func() { _ = v.Close() }()
	h.sound(v)
	if open := h.held(v); len(open) > 0 {
		h.Errorf("%d leases are open", len(open))
	}
	events := 0
	for _, list := range h.releases(v) {
		events += len(list)
	}
	if released == 0 || int64(events) != released {
		h.Errorf("%d secrets were released, and %d events tell so", released, events)
	}
	c, err := v.Credential(h.Context(), "web02/root")
	if err != nil {
		h.Fatal(err)
	}
	if len(c.Endpoints) != edits || c.Version != int64(edits)+1 {
		h.Errorf("of %d updates %d are there, in version %d: %s", edits, len(c.Endpoints), c.Version, slices.Collect(slices.Values(c.Endpoints)))
	}
}

package vault_test

import (
	"strings"
	"testing"

	"github.com/redim-tools/redim/pkg/pam"
	"github.com/redim-tools/redim/pkg/vault"
)

func TestARecordIsNamedByTheBeginningOfItsID(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	ids := []string{"01900000-0000-7000-8000-00000000aaaa", "01900000-0000-7000-8000-00000000aaab", "deadbeef-0000-7000-8000-000000000001"}
	for _, id := range ids {
		w.store.state.integrations[id] = vault.Integration{ID: id, Name: "name of " + id}
		w.store.state.requests[id] = vault.Request{ID: id}
	}
	w.store.state.integrations["dead"] = vault.Integration{ID: "dead", Name: "beef"}
	for ref, want := range map[string]string{
		ids[0]: ids[0], ids[0][:36]: ids[0], "01900000-0000-7000-8000-00000000aaaB": ids[1], "dead": ids[2], "deadbeef-": ids[2], " DEADBEEF-00 ": ids[2],
		"01900000-0000-7000-8000-00000000aaa": "", "0190": "",
		"dea": "none", "deadbeef0": "none", "dead-": "none", "zzzz": "none", "feed": "none", "": "none", strings.Repeat("0", 40): "none",
	} {
		i, err := w.Integration(t.Context(), ref)
		id, err2 := w.RequestID(t.Context(), ref)
		switch want {
		case "":
			refused(t, err, pam.ErrUsage, "several integrations begin with")
			refused(t, err2, pam.ErrUsage, "give more of the id")
		case "none":
			refused(t, err, pam.ErrNotFound, "there is no integration")
			if id != ref || err2 != nil {
				t.Errorf("%q: %q, %v", ref, id, err2)
			}
		default:
			if err != nil || i.ID != want || err2 != nil || id != want && !strings.EqualFold(id, want) {
				t.Errorf("%q: %q %q, %v %v", ref, i.ID, id, err, err2)
			}
		}
	}
}

package vault_test

import (
	"errors"
	"net/netip"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/redim-tools/redim/pkg/audit"
	"github.com/redim-tools/redim/pkg/pam"
	"github.com/redim-tools/redim/pkg/secret"
	"github.com/redim-tools/redim/pkg/vault"
)

func (w *world) refusedEvents() []audit.Event {
	var out []audit.Event
	for _, r := range w.store.state.records {
		if r.Event.Kind == audit.IntegrationLoginRefused {
			out = append(out, r.Event)
		}
	}
	return out
}

func TestTenThousandGuessesMakeAFewEventsThatCountThemAll(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	i, _ := w.applicant("nightly")
	guess, _ := vault.ProveGenerated()
	for range 10_000 {
		if _, err := w.LogIn(t.Context(), door("192.0.2.9"), "nightly", guess); !errors.Is(err, pam.ErrSignInRefused) {
			t.Fatal(err)
		}
	}
	if got := w.refusedEvents(); len(got) != 1 || got[0].Integration != "nightly" || got[0].Address != "192.0.2.9" || got[0].Reason != "wrong_credential" || got[0].Outcome != "sign_in_refused" {
		t.Fatalf("%+v", got)
	}
	w.pass(time.Minute)
	if _, err := w.Maintain(t.Context()); err != nil {
		t.Fatal(err)
	}
	got := w.refusedEvents()
	if len(got) != 2 || got[1].IntegrationID != i.ID || !strings.Contains(got[1].Comment, "refused 9999 times more since 2026-03-01T12:00:00Z") {
		t.Fatalf("%+v", got)
	}
	w.intact()
}

func TestEventsOfAFloodAreBoundedWhateverItSends(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	names := []string{"nobody"}
	for n := range 20 {
		name := "app" + string(rune('a'+n))
		w.applicant(name)
		names = append(names, name)
	}
	guess, _ := vault.ProveGenerated()
	before := len(w.store.state.records)
	for n := range 2000 {
		from := vault.Door{From: netip.AddrFrom4([4]byte{198, 51, byte(n / 250), byte(n % 250)})}
		_, _ = w.LogIn(t.Context(), from, names[n%len(names)], guess)
		_, _ = w.LogIn(t.Context(), door("2001:db8::"+string(rune('1'+n%9))), names[n%len(names)], guess)
	}
	if err := w.RecordRefused(t.Context()); err != nil {
		t.Fatal(err)
	}
	if made := len(w.store.state.records) - before; made > 200 {
		t.Errorf("%d events", made)
	}
	if got := w.refusedEvents(); !slices.ContainsFunc(got, func(e audit.Event) bool { return e.Actor == "several" }) {
		t.Error("nothing tells of the many names")
	}
	if err := w.RecordRefused(t.Context()); err != nil || len(w.refusedEvents()) == 0 {
		t.Error(err)
	}
}

func TestWhatAStrangerGivesAsANameIsWrittenNowhere(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	for _, name := range []string{canary, "", "  ", "a\x00b", strings.Repeat("n", 129), "\xff"} {
		_, err := w.LogIn(t.Context(), door("192.0.2.9"), name, secret.FromString(canary))
		r, ok := errors.AsType[*vault.Refusal](err)
		if !ok || r.Cause != vault.CauseUnknownName || strings.Contains(r.Detail+r.Error(), "c4nary") {
			t.Error(err)
		}
	}
	if err := w.RecordRefused(t.Context()); err != nil {
		t.Fatal(err)
	}
	for _, r := range w.store.state.records {
		if strings.Contains(string(r.Event.Encode()), "c4nary") {
			t.Errorf("%+v", r.Event)
		}
	}
}

func TestWhoeverIsRefusedStaysRefusedWhenNothingCanBeWritten(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	_, credential := w.applicant("nightly")
	full := pam.Failf(pam.ErrJournal, "the disk is full")
	w.store.fail = full
	_, err := w.LogIn(t.Context(), door("192.0.2.9"), "nobody", secret.FromString(canary))
	if r, ok := errors.AsType[*vault.Refusal](err); !ok || !errors.Is(r.Unrecorded, full) || errors.Is(err, pam.ErrJournal) {
		t.Error(err)
	}
	if err := w.RecordRefused(t.Context()); err != nil || len(w.refusedEvents()) != 1 {
		t.Error("what could not be written was lost", err)
	}
	w.store.fail = full
	if _, err := w.LogIn(t.Context(), door("10.0.0.1"), "nightly", credential); !errors.Is(err, pam.ErrJournal) {
		t.Error("a token without its event:", err)
	}
	if len(w.store.state.tokens) != 0 {
		t.Error("a token was kept")
	}
}

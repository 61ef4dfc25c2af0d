package engine

import (
	"context"
	"errors"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/redim-tools/redim/pkg/pam"
)

func noReason() error {
	f := pam.Failf(pam.ErrDenied, "refused")
	f.Err = pam.ErrVague
	return f
}

func lost() error { return pam.Failf(pam.ErrUnreachable, "no answer").Uncertain() }

func TestACheckInThatIsNotDoneIsTakenForWhatItIs(t *testing.T) {
	t.Parallel()
	held := func(by string) answer {
		c := open().Credential
		c.CheckedOutBy = by
		return answer{creds: []pam.Credential{windows("web01", "other"), c}}
	}
	untold := held("")
	untold.creds[1].HolderUntold = true
	tests := map[string]struct {
		says   error
		listed answer
		absent bool
		err    pam.Class
	}{
		"somebody else has it, so it ended":                 {says: refusal(pam.ErrCheckedOut), absent: true},
		"no reason, and nobody holds it":                    {noReason(), held(""), true, ""},
		"no reason, and somebody else holds it":             {noReason(), held(`EX\erin`), true, ""},
		"no reason, and it is still held":                   {noReason(), held(`ex\ALICE`), false, pam.ErrDenied},
		"no reason, and the service does not say who holds": {noReason(), untold, false, pam.ErrDenied},
		"no reason, and it is not listed":                   {noReason(), answer{}, false, pam.ErrDenied},
		"no reason, and nothing can be listed":              {noReason(), answer{err: refusal(pam.ErrUnreachable)}, false, pam.ErrDenied},
		"the answer is lost, and nobody holds it":           {lost(), held(""), false, ""},
		"the answer is lost, and it is still held":          {lost(), held(`EX\alice`), false, pam.ErrUnreachable},
		"a plain refusal":                                   {refusal(pam.ErrDenied), held(""), false, pam.ErrDenied},
	}
	for name, tt := range tests {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			e, source, journal := newFake(spinRules())
			source.tell(`EX\alice`, "stored web01", tt.listed)
			source.checkIn = func(context.Context) error { return tt.says }
			got, err := e.CheckIn(t.Context(), open())
			if classOf(err) != tt.err || got.Absent != tt.absent {
				t.Fatalf("got %v, absent %v", err, got.Absent)
			}
			if spun := len(source.created) == 1; spun != (tt.err == "" && !tt.absent) {
				t.Errorf("spun %v", spun)
			}
			if back := len(journal.kept) > 0 && !got.Checkout.Back.IsZero(); back != (tt.err == "") {
				t.Errorf("recorded %+v", journal.kept)
			}
		})
	}
}

func TestWhoHoldsADomainAccountOrASharedEntryIsFoundToo(t *testing.T) {
	t.Parallel()
	domain := pam.Credential{Kind: pam.KindDomain, System: "example.local", Namespace: "EX", Account: "svc", Type: pam.StoreWindows}
	bare := domain
	bare.Kind, bare.Namespace = pam.KindLocal, "" // as a service may list it
	m := pam.DomainMap{"example.local": "EX"}
	for question, c := range map[string]pam.Credential{"stored example.local": domain, "list Network gear": shared("Network gear", "web01", "ilo")} {
		e, source, _ := newFake(Rules{DomainMap: m})
		listed := c
		if c.Kind == pam.KindDomain {
			listed = bare
		}
		source.tell(`EX\alice`, question, answer{creds: []pam.Credential{listed}})
		source.checkIn = func(context.Context) error { return noReason() }
		checkout := open()
		checkout.Credential = c
		if got, err := e.CheckIn(t.Context(), checkout); err != nil || !got.Absent {
			t.Errorf("%s: %v, absent %v", question, err, got.Absent)
		}
	}
}

func TestASpinIsOwnedUntilItsOutcomeIsKnown(t *testing.T) {
	t.Parallel()
	e, source, journal := newFake(spinRules())
	e.Process = 42
	source.create = func(context.Context) (int64, error) { return 0, lost() }
	got, err := e.CheckIn(t.Context(), open())
	if err != nil || got.Spin.Reason != SpinUnknown || !got.Spin.Failed() {
		t.Errorf("got %+v, %v", got.Spin, err)
	}
	want := []pam.Checkout{got.Checkout, got.Checkout}
	want[0].Process = 42
	if diff := cmp.Diff(want, journal.kept); diff != "" || got.Checkout.Process != 0 || got.Checkout.NoSpin != pam.SpinUnknown {
		t.Errorf("recorded (-want +got):\n%s", diff)
	}
}

func TestWhatIsKeptIsOwnedByNoProcess(t *testing.T) {
	t.Parallel()
	e, _, journal := newFake(Rules{})
	e.Process = 42
	c, release, err := e.CheckOut(t.Context(), CheckOutRequest{Identity: user("alice"), Credential: windows("web01", "a")})
	if err != nil || c.Process != 42 || journal.kept[0].Process != 42 {
		t.Fatalf("%+v, %v", c, err)
	}
	release.Secret.Wipe()
	ended, cancel := context.WithCancel(t.Context())
	cancel() // what has happened is recorded all the same
	if err := e.Keep(ended, c); err != nil {
		t.Fatal(err)
	}
	if last := journal.kept[len(journal.kept)-1]; last.Process != 0 || last.State != pam.CheckoutOpen {
		t.Errorf("recorded %+v", last)
	}
	journal.fail[pam.CheckoutOpen] = refusal(pam.ErrJournal)
	if err := e.Keep(t.Context(), c); !errors.Is(err, pam.ErrJournal) {
		t.Errorf("got %v", err)
	}
}

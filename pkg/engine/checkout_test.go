package engine

import (
	"context"
	"errors"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/redim-tools/redim/pkg/pam"
	"github.com/redim-tools/redim/pkg/secret"
)

func request() CheckOutRequest {
	return CheckOutRequest{Identity: user(`EX\alice`), Credential: windows("web01", "Administrator"), Comment: "patching", Ticket: "CHG-1"}
}

const (
	askLine  = `check out web01/Administrator as EX\alice: [CHG-1] patching`
	backLine = `check in web01/Administrator as EX\alice: [CHG-1] patching`
)

// Every position at which a check-out can fail: what is done, in which order,
// what is told, and in which state the journal is left.
func TestCheckOutFailsSafelyAtEveryPosition(t *testing.T) {
	t.Parallel()
	full := refusal(pam.ErrJournal)
	lost := pam.Failf(pam.ErrUnreachable, "no answer").Uncertain()
	fails := func(states ...pam.CheckoutState) map[pam.CheckoutState]error {
		m := map[pam.CheckoutState]error{}
		for _, s := range states {
			m[s] = full
		}
		return m
	}
	tests := map[string]struct {
		ask, back error
		journal   map[pam.CheckoutState]error
		log       []string
		state     pam.CheckoutState // of the checkout that is returned
		is        []error
		hint      string
	}{
		"nothing fails": {
			log: []string{"journal intended", askLine, "journal open"}, state: pam.CheckoutOpen,
		},
		"the intent can't be written, nothing is asked": {
			journal: fails(pam.CheckoutIntended),
			log:     []string{"journal fails at intended"}, state: pam.CheckoutIntended, is: []error{pam.ErrJournal},
		},
		"the service refuses": {
			ask: refusal(pam.ErrCheckedOut),
			log: []string{"journal intended", askLine, "journal refused"}, state: pam.CheckoutRefused, is: []error{pam.ErrCheckedOut},
		},
		"the service refuses and that can't be written": {
			ask: refusal(pam.ErrDenied), journal: fails(pam.CheckoutRefused),
			log: []string{"journal intended", askLine, "journal fails at refused"}, state: pam.CheckoutRefused, is: []error{pam.ErrDenied, pam.ErrJournal},
		},
		"the answer is lost": {
			ask: lost, log: []string{"journal intended", askLine}, state: pam.CheckoutIntended,
			is: []error{pam.ErrUnreachable, pam.ErrUncertain}, hint: "checkin id1",
		},
		"interrupted by the user": {
			ask: refusal(pam.ErrInterrupted), log: []string{"journal intended", askLine}, state: pam.CheckoutIntended,
			is: []error{pam.ErrInterrupted, pam.ErrUncertain}, hint: "checkin id1",
		},
		"a source that says nothing about its failure": {
			ask: errors.New("boom"), log: []string{"journal intended", askLine}, state: pam.CheckoutIntended,
			is: []error{pam.ErrUncertain}, hint: "checkin id1",
		},
		"a source that hands on the end of the context": {
			ask: context.Canceled, log: []string{"journal intended", askLine}, state: pam.CheckoutIntended,
			is: []error{pam.ErrInterrupted, pam.ErrUncertain}, hint: "checkin id1",
		},
		"the outcome can't be written, it is given back": {
			journal: fails(pam.CheckoutOpen),
			log:     []string{"journal intended", askLine, "journal fails at open", backLine, "journal checked_in"}, state: pam.CheckoutCheckedIn,
			is: []error{pam.ErrJournal}, hint: "then try again",
		},
		"the outcome can't be written, nor that it is back": {
			journal: fails(pam.CheckoutOpen, pam.CheckoutCheckedIn),
			log:     []string{"journal intended", askLine, "journal fails at open", backLine, "journal fails at checked_in"}, state: pam.CheckoutCheckedIn,
			is: []error{pam.ErrJournal}, hint: "then try again",
		},
		"the outcome can't be written and the service no longer holds it": {
			journal: fails(pam.CheckoutOpen), back: refusal(pam.ErrNotFound),
			log: []string{"journal intended", askLine, "journal fails at open", backLine, "journal checked_in"}, state: pam.CheckoutCheckedIn,
			is: []error{pam.ErrJournal}, hint: "then try again",
		},
		"the outcome can't be written and giving back fails": {
			journal: fails(pam.CheckoutOpen), back: refusal(pam.ErrUnreachable),
			log: []string{"journal intended", askLine, "journal fails at open", backLine}, state: pam.CheckoutOpen,
			is: []error{pam.ErrJournal, pam.ErrUnreachable}, hint: "checkin id1",
		},
	}
	for name, tt := range tests {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			e, source, journal := newFake(Rules{})
			journal.fail = tt.journal
			source.checkOut = func(context.Context) (pam.Release, error) {
				if tt.ask != nil {
					return pam.Release{}, tt.ask
				}
				return pam.Release{Secret: password()}, nil
			}
			source.checkIn = func(context.Context) error { return tt.back }
			c, release, err := e.CheckOut(t.Context(), request())
			if diff := cmp.Diff(tt.log, source.asked); diff != "" {
				t.Errorf("order (-want +got):\n%s", diff)
			}
			if c.State != tt.state || c.ID != "id1" {
				t.Errorf("checkout is %s %s, want %s", c.ID, c.State, tt.state)
			}
			checkRelease(t, release, err, tt.is)
			checkFailure(t, err, tt.is, tt.hint)
		})
	}
}

// checkRelease wants the secret where nothing failed, and else none.
func checkRelease(t *testing.T, got pam.Release, err error, is []error) {
	t.Helper()
	if (err == nil) != (len(is) == 0) || (err == nil) == got.Secret.IsEmpty() {
		t.Errorf("error %v beside a secret of %d bytes", err, got.Secret.Len())
	}
	if err == nil && !got.Secret.Equal(password()) {
		t.Error("another secret than the source's")
	}
}

func TestCheckOutWipesASecretThatItCanNotRecord(t *testing.T) {
	t.Parallel()
	e, source, journal := newFake(Rules{})
	journal.fail[pam.CheckoutOpen] = refusal(pam.ErrJournal)
	bytes := []byte("c4nary-bytes")
	source.checkOut = func(context.Context) (pam.Release, error) { return pam.Release{Secret: secret.New(bytes)}, nil }
	if _, _, err := e.CheckOut(t.Context(), request()); err == nil || string(bytes) != strings.Repeat("\x00", len(bytes)) {
		t.Errorf("got %v, bytes %q", err, bytes)
	}
}

func checkFailure(t *testing.T, err error, is []error, hint string) {
	t.Helper()
	for _, want := range is {
		if !errors.Is(err, want) {
			t.Errorf("%v is not %v", err, want)
		}
	}
	if hint == "" {
		return
	}
	f, ok := errors.AsType[*pam.Failure](err)
	if !ok || !strings.Contains(f.Hint, hint) || strings.Contains(err.Error(), "c4nary") {
		t.Errorf("got %v with hint %q, want %q", err, f.Hint, hint)
	}
}

func TestCheckOutNamesTheHolderThatTheLookUpSaw(t *testing.T) {
	t.Parallel()
	tests := map[string]struct {
		holder string
		err    error
		says   string
	}{
		"the holder is known":               {`EX\erin`, refusal(pam.ErrCheckedOut), `web01/Administrator is checked out by EX\erin: refused: checked_out_by_other`},
		"nobody held it then":               {"", refusal(pam.ErrCheckedOut), "refused: checked_out_by_other"},
		"it was refused for another reason": {`EX\erin`, refusal(pam.ErrDenied), "refused: denied"},
	}
	for name, tt := range tests {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			e, source, journal := newFake(Rules{})
			source.checkOut = func(context.Context) (pam.Release, error) { return pam.Release{}, tt.err }
			req := request()
			req.Credential.CheckedOutBy = tt.holder
			_, _, err := e.CheckOut(t.Context(), req)
			if err.Error() != tt.says || classOf(err) != classOf(tt.err) || journal.kept[1].State != pam.CheckoutRefused {
				t.Errorf("got %v", err)
			}
		})
	}
}

func TestCheckOutAsksNothingWhenItsContextHasEnded(t *testing.T) {
	t.Parallel()
	e, source, _ := newFake(Rules{})
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	if _, _, err := e.CheckOut(ctx, request()); !errors.Is(err, context.Canceled) || len(source.asked) != 0 {
		t.Errorf("got %v after %q", err, source.asked)
	}
}

func TestCheckOutRecordsTheOutcomeOfAnInterruptedCall(t *testing.T) {
	t.Parallel()
	e, source, journal := newFake(Rules{})
	ctx, cancel := context.WithCancel(t.Context())
	source.checkOut = func(context.Context) (pam.Release, error) {
		cancel() // the user's interrupt comes just as the answer does
		return pam.Release{Secret: password()}, nil
	}
	c, release, err := e.CheckOut(ctx, request())
	if err != nil || release.Secret.IsEmpty() || c.State != pam.CheckoutOpen || len(journal.kept) != 2 {
		t.Errorf("got %v, %s, %d records", err, c.State, len(journal.kept))
	}
}

func TestCheckOutRecordsWhatACheckInNeeds(t *testing.T) {
	t.Parallel()
	e, source, journal := newFake(Rules{})
	expires := moment().Add(time.Hour)
	source.checkOut = func(context.Context) (pam.Release, error) {
		return pam.Release{Secret: password(), Expires: expires}, nil
	}
	req := request()
	req.For = 10 * time.Minute
	got, _, err := e.CheckOut(t.Context(), req)
	if err != nil {
		t.Fatal(err)
	}
	want := pam.Checkout{
		ID: "id1", Profile: "default", Identity: req.Identity, Credential: req.Credential, Comment: "patching", Ticket: "CHG-1",
		At: moment(), Due: moment().Add(10 * time.Minute), State: pam.CheckoutIntended,
	}
	intent := want
	want.State = pam.CheckoutOpen
	if !slices.Equal(journal.kept, []pam.Checkout{intent, want}) || got != want {
		t.Errorf("kept %+v\nreturned %+v", journal.kept, got)
	}
}

func TestCheckOutIsDueAtTheEarlierTime(t *testing.T) {
	t.Parallel()
	in := func(d time.Duration) time.Time { return moment().Add(d) }
	tests := map[string]struct {
		wanted  time.Duration
		expires time.Time
		want    time.Time
	}{
		"nobody says":                       {0, time.Time{}, time.Time{}},
		"only the user says":                {time.Hour, time.Time{}, in(time.Hour)},
		"only the service says":             {0, in(time.Hour), in(time.Hour)},
		"the user needs less":               {time.Minute, in(time.Hour), in(time.Minute)},
		"the service allows less":           {2 * time.Hour, in(time.Hour), in(time.Hour)},
		"a time in the past is not wanted":  {-time.Hour, in(time.Hour), in(time.Hour)},
		"both say the same":                 {time.Hour, in(time.Hour), in(time.Hour)},
		"a negative time and none to allow": {-time.Hour, time.Time{}, time.Time{}},
	}
	for name, tt := range tests {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			e, source, _ := newFake(Rules{})
			source.checkOut = func(context.Context) (pam.Release, error) {
				return pam.Release{Secret: password(), Expires: tt.expires}, nil
			}
			c, _, err := e.CheckOut(t.Context(), CheckOutRequest{For: tt.wanted})
			if err != nil || !c.Due.Equal(tt.want) {
				t.Errorf("due %v (%v), want %v", c.Due, err, tt.want)
			}
		})
	}
}

func TestWireComment(t *testing.T) {
	t.Parallel()
	for want, c := range map[string]pam.Checkout{
		"": {}, "words": {Comment: "words"}, "[T-1]": {Ticket: "T-1"}, "[T-1] words": {Ticket: "T-1", Comment: "words"},
	} {
		if got := WireComment(c); got != want {
			t.Errorf("got %q, want %q", got, want)
		}
	}
}

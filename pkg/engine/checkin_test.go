package engine

import (
	"context"
	"encoding/json"
	"errors"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/redim-tools/redim/pkg/pam"
)

// open is a checkout whose password is to be spun.
func open() pam.Checkout {
	c := windows("web01", "Administrator")
	c.Random, c.AutoSpin = true, true
	return pam.Checkout{ID: "id1", Identity: user(`EX\alice`), Credential: c, Comment: "patching", Ticket: "CHG-1", At: moment(), State: pam.CheckoutOpen}
}

func spinRules() Rules {
	return Rules{SpinJobs: true, JobComment: "Checked out by <username>", TemplateJobs: map[pam.StoreType]int64{pam.StoreWindows: 101}}
}

const (
	settingsLine = "settings of job 101 as svc-redim"
	createLine   = "create job as svc-redim"
	commentLine  = `comment job 7 as svc-redim: Checked out by EX\alice`
)

func TestCheckInGivesBackRecordsAndSpins(t *testing.T) {
	t.Parallel()
	full := refusal(pam.ErrJournal)
	tests := map[string]struct {
		back, settings, create, comment error
		journal                         error
		log                             []string
		err                             error
		spin                            SpinResult // Err is compared by class
		spinClass                       pam.Class
		absent, failed                  bool
	}{
		"all goes well": {
			log:  []string{backLine, "journal checked_in", settingsLine, createLine, commentLine, "journal checked_in"},
			spin: SpinResult{JobID: 7},
		},
		"the service does not take it back": {
			back: refusal(pam.ErrUnreachable), log: []string{backLine}, err: pam.ErrUnreachable,
		},
		"the service no longer holds it": {
			back: refusal(pam.ErrNotFound), log: []string{backLine, "journal checked_in"},
			spin: SpinResult{Reason: SpinAbsent}, absent: true,
		},
		"the journal fails, the password is spun all the same": {
			journal: full, log: []string{backLine, "journal fails at checked_in", settingsLine, createLine, commentLine, "journal fails at checked_in"},
			err: pam.ErrJournal, spin: SpinResult{JobID: 7},
		},
		"the template is missing": {
			settings: refusal(pam.ErrNotFound), log: []string{backLine, "journal checked_in", settingsLine, "journal checked_in"},
			spin: SpinResult{Reason: SpinTemplateMissing}, spinClass: pam.ErrNotFound, failed: true,
		},
		"the template may not be read": {
			settings: refusal(pam.ErrDenied), log: []string{backLine, "journal checked_in", settingsLine, "journal checked_in"},
			spin: SpinResult{Reason: SpinNotPermitted}, spinClass: pam.ErrDenied, failed: true,
		},
		"the service is away by then": {
			settings: refusal(pam.ErrUnreachable), log: []string{backLine, "journal checked_in", settingsLine, "journal checked_in"},
			spin: SpinResult{Reason: SpinFailed}, spinClass: pam.ErrUnreachable, failed: true,
		},
		"the job may not be created": {
			create: refusal(pam.ErrSpinNotPermitted), log: []string{backLine, "journal checked_in", settingsLine, createLine, "journal checked_in"},
			spin: SpinResult{Reason: SpinNotPermitted}, spinClass: pam.ErrSpinNotPermitted, failed: true,
		},
		"creating finds something missing, which is no template": {
			create: refusal(pam.ErrNotFound), log: []string{backLine, "journal checked_in", settingsLine, createLine, "journal checked_in"},
			spin: SpinResult{Reason: SpinFailed}, spinClass: pam.ErrNotFound, failed: true,
		},
		"the comment fails, the job stands": {
			comment: refusal(pam.ErrNotFound), log: []string{backLine, "journal checked_in", settingsLine, createLine, commentLine, "journal checked_in"},
			spin: SpinResult{JobID: 7}, spinClass: pam.ErrNotFound,
		},
	}
	for name, tt := range tests {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			e, source, journal := newFake(spinRules())
			journal.fail[pam.CheckoutCheckedIn] = tt.journal
			source.checkIn = func(context.Context) error { return tt.back }
			source.settings = func(context.Context, int64) (json.RawMessage, error) { return json.RawMessage(`{}`), tt.settings }
			source.create = func(context.Context) (int64, error) { return 7, tt.create }
			source.comment = func(context.Context) error { return tt.comment }
			got, err := e.CheckIn(t.Context(), open())
			if diff := cmp.Diff(tt.log, source.asked); diff != "" {
				t.Errorf("order (-want +got):\n%s", diff)
			}
			if !errors.Is(err, tt.err) || got.Absent != tt.absent || got.Spin.Failed() != tt.failed {
				t.Errorf("got %v, absent %v, spin failed %v", err, got.Absent, got.Spin.Failed())
			}
			if got.Spin.JobID != tt.spin.JobID || got.Spin.Reason != tt.spin.Reason || classOf(got.Spin.Err) != tt.spinClass {
				t.Errorf("spin %+v, want %+v and class %q", got.Spin, tt.spin, tt.spinClass)
			}
			checkRecorded(t, got, journal, err)
		})
	}
}

// checkRecorded wants the last record to be what CheckIn returned.
func checkRecorded(t *testing.T, got CheckInResult, journal *fakeJournal, err error) {
	t.Helper()
	want := pam.CheckoutCheckedIn
	if err != nil && !errors.Is(err, pam.ErrJournal) {
		want = pam.CheckoutOpen
	}
	if got.Checkout.State != want || (want == pam.CheckoutCheckedIn && (got.Checkout.SpinJob != got.Spin.JobID || got.Checkout.NoSpin != string(got.Spin.Reason))) {
		t.Errorf("returned %+v", got.Checkout)
	}
	if n := len(journal.kept); err == nil && (n == 0 || journal.kept[n-1] != got.Checkout) {
		t.Errorf("recorded %+v, returned %+v", journal.kept, got.Checkout)
	}
}

func TestCheckInRecordsWhyNothingIsSpun(t *testing.T) {
	t.Parallel()
	tests := map[string]struct {
		change func(*Rules, *pam.Credential)
		want   SpinReason
	}{
		"spin jobs are off":                      {func(r *Rules, _ *pam.Credential) { r.SpinJobs = false }, SpinOff},
		"the password is not random":             {func(_ *Rules, c *pam.Credential) { c.Random = false }, SpinNotRandom},
		"the credential is not set to auto-spin": {func(_ *Rules, c *pam.Credential) { c.AutoSpin = false }, SpinNotAutoSpin},
		"its type has no template":               {func(_ *Rules, c *pam.Credential) { c.Type = pam.StoreUnix }, SpinNoTemplate},
		"off comes before all else":              {func(r *Rules, c *pam.Credential) { *r, *c = Rules{}, pam.Credential{} }, SpinOff},
	}
	for name, tt := range tests {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			rules, c := spinRules(), open()
			tt.change(&rules, &c.Credential)
			e, source, journal := newFake(rules)
			got, err := e.CheckIn(t.Context(), c)
			if err != nil || got.Spin != (SpinResult{Reason: tt.want}) || got.Spin.Failed() || len(source.asked) != 2 {
				t.Errorf("got %v, %+v after %q", err, got.Spin, source.asked)
			}
			if kept := journal.kept[0]; kept.NoSpin != string(tt.want) || kept.SpinJob != 0 {
				t.Errorf("recorded %+v", kept)
			}
			if plan := e.SpinPlan(c.Credential); plan != (SpinPlan{Reason: tt.want}) {
				t.Errorf("plan %+v", plan)
			}
		})
	}
}

func TestCheckInSpinsWithoutACommentOrAnID(t *testing.T) {
	t.Parallel()
	tests := map[string]struct {
		id      int64
		comment string
	}{
		"no comment is set":             {7, ""},
		"the service tells no job's id": {0, "words"},
	}
	for name, tt := range tests {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			rules := spinRules()
			rules.JobComment = tt.comment
			e, source, _ := newFake(rules)
			source.create = func(context.Context) (int64, error) { return tt.id, nil }
			got, err := e.CheckIn(t.Context(), open())
			if err != nil || got.Spin != (SpinResult{JobID: tt.id}) {
				t.Errorf("got %v, %+v", err, got.Spin)
			}
			if diff := cmp.Diff([]string{backLine, "journal checked_in", settingsLine, createLine, "journal checked_in"}, source.asked); diff != "" {
				t.Errorf("order (-want +got):\n%s", diff)
			}
		})
	}
}

func TestCheckInOfATemplateThatIsNone(t *testing.T) {
	t.Parallel()
	e, source, _ := newFake(spinRules())
	source.settings = func(context.Context, int64) (json.RawMessage, error) { return json.RawMessage(`[1]`), nil }
	got, err := e.CheckIn(t.Context(), open())
	if err != nil || got.Spin.Reason != SpinFailed || !errors.Is(got.Spin.Err, pam.ErrProtocol) || len(source.created) != 0 {
		t.Errorf("got %v, %+v", err, got.Spin)
	}
}

func TestFindOpen(t *testing.T) {
	t.Parallel()
	list := []pam.Checkout{{ID: "abcd1"}, {ID: "abcd2"}, {ID: "ab"}, {ID: "xyz"}}
	tests := map[string]struct {
		id    string
		want  string
		class pam.Class
	}{
		"the whole id":                          {"abcd1", "abcd1", ""},
		"a beginning that fits one":             {"x", "xyz", ""},
		"a beginning that is an id of its own":  {"ab", "ab", ""},
		"a beginning that fits two":             {"abc", "", pam.ErrUsage},
		"nothing fits":                          {"q", "", pam.ErrNotFound},
		"an id that goes on after one of these": {"xyzz", "", pam.ErrNotFound},
		"nothing was given":                     {"", "", pam.ErrNotFound},
	}
	for name, tt := range tests {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			got, err := FindOpen(list, tt.id)
			if got.ID != tt.want || classOf(err) != tt.class {
				t.Errorf("got %q, %v", got.ID, err)
			}
		})
	}
}

func TestACheckoutOfAnotherServiceIsNotGivenBackHere(t *testing.T) {
	t.Parallel()
	for name, tt := range map[string]struct {
		made, here string
		refused    bool
	}{
		"the same":       {"pam.example.com", "pam.example.com", false},
		"another":        {"pam.example.com", "lab.example.com", true},
		"nobody said":    {"", "lab.example.com", false},
		"nobody can say": {"pam.example.com", "", false},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			asked := false
			source := &fakeSource{checkIn: func(context.Context) error { asked = true; return nil }}
			c := open()
			c.Service = tt.made
			e := &Engine{Source: source, Journal: &fakeJournal{log: source}, Clock: moment, Service: tt.here}
			_, err := e.CheckIn(t.Context(), c)
			if errors.Is(err, pam.ErrUsage) != tt.refused || asked == tt.refused {
				t.Errorf("asked %v, %v", asked, err)
			}
		})
	}
}

package engine

import (
	"context"
	"encoding/json"
	"errors"
	"strings"
	"sync/atomic"
	"testing"
	"testing/synctest"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/redim-tools/redim/pkg/pam"
)

// stubFacts are facts that never change.
type stubFacts struct {
	offset     time.Duration
	ok         bool
	unattested []string
}

func (s stubFacts) ClockOffset() (time.Duration, bool) { return s.offset, s.ok }
func (s stubFacts) Unattested() []string               { return s.unattested }

func spinning(typ pam.StoreType, account string) pam.Credential {
	return pam.Credential{System: "s", Account: account, Type: typ, Random: true, AutoSpin: true}
}

func held(by string) pam.Credential {
	c := windows("web01", "a")
	c.CheckedOutBy = by
	return c
}

func TestReviewWarns(t *testing.T) {
	t.Parallel()
	templates := map[pam.StoreType]int64{pam.StoreWindows: 101}
	tests := map[string]struct {
		creds    []pam.Credential
		rules    Rules
		settings error
		facts    Facts
		want     []string // class: message
	}{
		"nothing is wrong": {creds: []pam.Credential{windows("web01", "a"), spinning(pam.StoreWindows, "b")}, rules: Rules{SpinJobs: true, TemplateJobs: templates}, facts: stubFacts{ok: true}},
		"somebody else holds it": {
			creds: []pam.Credential{held(`EX\erin`)}, want: []string{`checked_out_by_other: web01/a is checked out by EX\erin`},
		},
		"the user holds it, in whatever spelling": {
			creds: []pam.Credential{held(`ex\ALICE`), held(`alice@example.local`)}, rules: Rules{DomainMap: pam.DomainMap{"example.local": "EX"}},
		},
		"a local account of the same name holds it": {
			creds: []pam.Credential{held(`alice`)}, want: []string{`checked_out_by_other: web01/a is checked out by alice`},
		},
		"the holder is no name that we can read": {
			creds: []pam.Credential{held(`EX\`)}, want: []string{`checked_out_by_other: web01/a is checked out by EX\`},
		},
		"no template for a type, told once": {
			creds: []pam.Credential{spinning(pam.StoreUnix, "a"), spinning(pam.StoreUnix, "b"), spinning(pam.StoreOracle, "c")}, rules: Rules{SpinJobs: true},
			want: []string{"no_template_job: no template job for credentials of type linux, such as s/a", "no_template_job: no template job for credentials of type oracle, such as s/c"},
		},
		"no template for what is never spun is fine": {
			creds: []pam.Credential{{Type: pam.StoreUnix, Random: true}, {Type: pam.StoreUnix, AutoSpin: true}}, rules: Rules{SpinJobs: true},
		},
		"no template while spin jobs are off is fine": {creds: []pam.Credential{spinning(pam.StoreUnix, "a")}},
		"the template does not exist": {
			creds: []pam.Credential{spinning(pam.StoreWindows, "a")}, rules: Rules{SpinJobs: true, TemplateJobs: templates}, settings: refusal(pam.ErrNotFound),
			want: []string{"no_template_job: template job 101 for type windows does not exist"},
		},
		"the delegation identity may not read it": {
			creds: []pam.Credential{spinning(pam.StoreWindows, "a")}, rules: Rules{SpinJobs: true, TemplateJobs: templates}, settings: refusal(pam.ErrDenied),
			want: []string{"spin_not_permitted: svc-redim may not read template job 101"},
		},
		"it can't be read for another reason": {
			creds: []pam.Credential{spinning(pam.StoreWindows, "a")}, rules: Rules{SpinJobs: true, TemplateJobs: templates}, settings: refusal(pam.ErrProtocol),
			want: []string{"spin_not_permitted: template job 101 can't be read: refused: protocol"},
		},
		"a minute off is fine":        {facts: stubFacts{offset: time.Minute, ok: true}},
		"an offset nobody knows":      {facts: stubFacts{offset: time.Hour}},
		"the service's clock is fast": {facts: stubFacts{offset: 61 * time.Second, ok: true}, want: []string{"clock_skew: the service's clock is 1m1s ahead of ours"}},
		"the service's clock is slow": {facts: stubFacts{offset: -2 * time.Hour, ok: true}, want: []string{"clock_skew: the service's clock is 2h0m0s behind ours"}},
		"operations nobody attests": {
			facts: stubFacts{unattested: []string{"A", "B"}}, want: []string{"unattested: operations that no public material attests are in use: A, B"},
		},
	}
	for name, tt := range tests {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			e, source, _ := newFake(tt.rules)
			source.settings = func(context.Context, int64) (json.RawMessage, error) { return json.RawMessage(`{}`), tt.settings }
			e.Facts = tt.facts
			var got []string
			for _, w := range e.Review(t.Context(), Finding{Identity: user(`EX\alice`), Credentials: tt.creds}) {
				got = append(got, string(w.Class)+": "+w.Message)
				if w.Hint == "" {
					t.Errorf("%s has no hint", w.Class)
				}
			}
			if diff := cmp.Diff(tt.want, got); diff != "" {
				t.Errorf("(-want +got):\n%s", diff)
			}
		})
	}
}

func reviewed(ctx context.Context, e *Engine) []*pam.Failure {
	return e.Review(ctx, Finding{Credentials: []pam.Credential{spinning(pam.StoreWindows, "a")}})
}

func TestReviewAsksForATemplateOnceHoweverManyLookUps(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		e, source, _ := newFake(spinRules())
		gate := make(chan struct{})
		source.settings = func(context.Context, int64) (json.RawMessage, error) {
			<-gate
			return nil, refusal(pam.ErrNotFound)
		}
		var warned atomic.Int32
		for range 20 {
			go func() { warned.Add(int32(len(reviewed(t.Context(), e)))) }()
		}
		synctest.Wait() // one asks, nineteen wait
		close(gate)
		synctest.Wait()
		if len(reviewed(t.Context(), e)) != 1 || warned.Load() != 20 || len(source.asked) != 1 {
			t.Errorf("%d warnings after %q", warned.Load(), source.asked)
		}
	})
}

func TestReviewWaitsForATemplateNoLongerThanItsContext(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		e, source, _ := newFake(spinRules())
		gate := make(chan struct{})
		source.settings = func(context.Context, int64) (json.RawMessage, error) { <-gate; return nil, nil }
		go reviewed(t.Context(), e)
		synctest.Wait()
		ctx, cancel := context.WithTimeout(t.Context(), time.Second)
		defer cancel()
		if got := reviewed(ctx, e); len(got) != 0 {
			t.Errorf("warned of %v", got)
		}
		close(gate)
	})
}

func TestReviewDoesNotRememberWhatAnInterruptedOneCameTo(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		e, source, _ := newFake(spinRules())
		source.settings = func(ctx context.Context, _ int64) (json.RawMessage, error) {
			if len(source.asked) > 1 {
				return nil, refusal(pam.ErrNotFound)
			}
			<-ctx.Done()
			return nil, pam.Failf(pam.ErrInterrupted, "%w", ctx.Err())
		}
		ctx, cancel := context.WithCancel(t.Context())
		first := make(chan int)
		go func() { first <- len(reviewed(ctx, e)) }()
		synctest.Wait()
		second := make(chan int)
		go func() { second <- len(reviewed(t.Context(), e)) }()
		synctest.Wait() // the second waits for the first
		cancel()
		if a, b := <-first, <-second; a != 0 || b != 1 || len(source.asked) != 2 {
			t.Errorf("%d and %d warnings after %q", a, b, source.asked)
		}
	})
}

func TestReviewAsksAgainWhenTheServiceWasAway(t *testing.T) {
	t.Parallel()
	e, source, _ := newFake(spinRules())
	source.settings = func(context.Context, int64) (json.RawMessage, error) { return nil, refusal(pam.ErrUnreachable) }
	before := reviewed(t.Context(), e)
	source.settings = func(context.Context, int64) (json.RawMessage, error) { return json.RawMessage(`{}`), nil }
	after := reviewed(t.Context(), e)
	if len(before) != 1 || !errors.Is(before[0], pam.ErrUnreachable) || len(after) != 0 {
		t.Errorf("before %v, after %v", before, after)
	}
}

func TestReviewAsksForDifferentTemplatesAtOnce(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		rules := spinRules()
		rules.TemplateJobs[pam.StoreUnix] = 102
		e, source, _ := newFake(rules)
		gate := make(chan struct{})
		source.settings = func(context.Context, int64) (json.RawMessage, error) { <-gate; return nil, nil }
		for _, typ := range []pam.StoreType{pam.StoreWindows, pam.StoreUnix} {
			go e.Review(t.Context(), Finding{Credentials: []pam.Credential{spinning(typ, "a")}})
		}
		synctest.Wait()
		if got := strings.Join(source.asked, "; "); len(source.asked) != 2 {
			t.Errorf("only asked %s", got)
		}
		close(gate)
	})
}

package sqldb

import (
	"context"
	"errors"
	"fmt"
	"testing"
)

// riddle is a question whose answer is its number and the edition.
type riddle struct {
	n      int
	worth  bool
	answer string
}

func (q *riddle) Key() any        { return q.n }
func (q *riddle) Take(answer any) { q.answer, _ = answer.(string) }
func (q *riddle) Answer() any {
	if !q.worth {
		return nil
	}
	return q.answer
}

// oracle answers riddles, and tells how often it looked and was asked.
type oracle struct {
	recall
	edition        string
	failure        error // of the next look
	looked, solved int
}

func (o *oracle) look(context.Context, *Tx) (string, error) {
	o.looked++
	return o.edition, o.failure
}

func (o *oracle) solve(_ context.Context, _ *Tx, items []any) error {
	for _, item := range items {
		q, ok := item.(*riddle)
		if !ok {
			return errSpoilt
		}
		o.solved++
		q.answer = fmt.Sprint(q.n, " in ", o.edition)
	}
	return nil
}

// put asks riddles at once and checks their answers.
func (o *oracle) put(t *testing.T, worth bool, numbers ...int) {
	t.Helper()
	var items []any
	for _, n := range numbers {
		items = append(items, &riddle{n: n, worth: worth})
	}
	if err := o.ask(t.Context(), nil, o.look, o.solve, items); err != nil {
		t.Fatal(err)
	}
	for _, item := range items {
		q, ok := item.(*riddle)
		if want := fmt.Sprint(q.n, " in ", o.edition); !ok || q.answer != want {
			t.Errorf("%q, want %q", q.answer, want)
		}
	}
}

func (o *oracle) want(t *testing.T, solved int) {
	t.Helper()
	if o.solved != solved {
		t.Errorf("%d were asked of the database, want %d", o.solved, solved)
	}
}

func TestAnAnswerIsRecalledInItsEditionOnly(t *testing.T) {
	t.Parallel()
	o := &oracle{edition: "a"}
	o.put(t, true, 1, 2)
	o.put(t, true, 1, 2)
	o.want(t, 2)
	o.put(t, true, 2, 3, 1)
	o.want(t, 3)
	o.edition = "b"
	o.put(t, true, 1)
	o.want(t, 4)
	o.edition = "a" // which no database does
	o.put(t, true, 2)
	o.want(t, 5)
	o.put(t, false, 9)
	o.put(t, false, 9)
	o.want(t, 7)
	o.edition = "" // it can't be told
	o.put(t, true, 2)
	o.put(t, true, 2)
	o.want(t, 9)
}

func TestALookThatFailsIsAFailureAndForgetsAll(t *testing.T) {
	t.Parallel()
	o := &oracle{edition: "a"}
	o.put(t, true, 1)
	o.failure = errSpoilt
	if err := o.ask(t.Context(), nil, o.look, o.solve, []any{&riddle{n: 1}}); !errors.Is(err, errSpoilt) || o.answers != nil {
		t.Error(err, o.answers)
	}
	o.failure = nil
	o.put(t, true, 1)
	o.want(t, 2)
	if err := o.ask(t.Context(), nil, o.look, o.solve, []any{"no riddle"}); !errors.Is(err, errSpoilt) || len(o.answers) != 1 {
		t.Error(err, o.answers)
	}
}

func TestWhatIsRecalledIsBounded(t *testing.T) {
	t.Parallel()
	o := &oracle{edition: "a"}
	for n := range 3 * recalled {
		o.put(t, true, n, n+1) // one of both is recalled
	}
	if len(o.answers) != recalled {
		t.Errorf("%d answers", len(o.answers))
	}
}

// TestLooksAreRareWhileTheySpareNothing changes the edition before every lot, as a
// load of writes does; when that ends, answers are recalled again soon.
func TestLooksAreRareWhileTheySpareNothing(t *testing.T) {
	t.Parallel()
	o := &oracle{}
	const lots = 10_000
	for n := range lots {
		o.edition = fmt.Sprint(n)
		o.put(t, true, 1)
	}
	if o.looked < lots/(rarest+2) || o.looked > lots/rarest+2*barrenLooks {
		t.Errorf("%d looks at %d lots", o.looked, lots)
	}
	o.looked = 0
	for range 2*rarest + 100 {
		o.put(t, true, 1)
	}
	if o.looked < 100 || o.solved > lots+2*rarest+2 {
		t.Errorf("%d looks, %d were asked of the database", o.looked, o.solved-lots)
	}
}

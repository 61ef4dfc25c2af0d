package engine

import (
	"context"
	"testing"
	"time"

	"github.com/redim-tools/redim/pkg/pam"
)

func TestARequestThatIsStillOnItsWayIsWaitedFor(t *testing.T) {
	t.Parallel()
	e, source, _ := newFake(Rules{})
	now := e.Clock()
	var waited time.Duration
	e.Pause = func(_ context.Context, d time.Duration) error { waited += d; return nil }
	source.checkIn = func(context.Context) error {
		if waited > 0 {
			return nil // it has arrived meanwhile
		}
		return refusal(pam.ErrNotFound)
	}
	for name, tt := range map[string]struct {
		state pam.CheckoutState
		age   time.Duration
		waits time.Duration
	}{
		"an intent of a moment ago":    {pam.CheckoutIntended, time.Second, 4 * time.Second},
		"an intent of the future":      {pam.CheckoutIntended, -time.Hour, 5 * time.Second},
		"an intent of a minute ago":    {pam.CheckoutIntended, time.Minute, 0},
		"one that was answered before": {pam.CheckoutOpen, time.Second, 0},
	} {
		c := open()
		c.State, c.At, waited = tt.state, now.Add(-tt.age), 0
		got, err := e.CheckIn(t.Context(), c)
		if err != nil || waited != tt.waits || got.Absent != (waited == 0) {
			t.Errorf("%s: waited %s, %+v, %v", name, waited, got, err)
		}
	}
}

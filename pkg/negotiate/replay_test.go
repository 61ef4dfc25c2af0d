package negotiate

import (
	"testing"
	"time"
)

func TestATokenIsRememberedForTheWholeSpanAndNotForever(t *testing.T) {
	t.Parallel()
	start := time.Date(2026, 1, 1, 0, 0, 0, 0, time.UTC)
	r := newReplays(100, 10*time.Minute)
	at := func(minutes int) time.Time { return start.Add(time.Duration(minutes) * time.Minute) }
	steps := []struct {
		minute int
		token  string
		want   verdict
	}{
		{0, "a", fresh}, {9, "b", fresh}, {9, "a", replayed},
		{11, "c", fresh}, {18, "b", replayed}, {18, "a", replayed}, // b is 9 minutes old
		{22, "b", fresh}, {22, "c", replayed},
		{60, "c", fresh}, {0, "c", replayed}, // a clock that was put back forgets nothing
	}
	for _, s := range steps {
		if got := r.seen([]byte(s.token), at(s.minute)); got != s.want {
			t.Errorf("minute %d, %s: %d, want %d", s.minute, s.token, got, s.want)
		}
	}
}

func TestAFullMemoryRefusesUntilItsSpanIsOver(t *testing.T) {
	t.Parallel()
	start := time.Date(2026, 1, 1, 0, 0, 0, 0, time.UTC)
	r := newReplays(4, 10*time.Minute)
	for i, want := range []verdict{fresh, fresh, forgotten, forgotten} {
		if got := r.seen([]byte{byte(i)}, start); got != want {
			t.Errorf("token %d: %d, want %d", i, got, want)
		}
	}
	if got := r.seen([]byte{9}, start.Add(10*time.Minute)); got != fresh {
		t.Errorf("after the span: %d", got)
	}
}

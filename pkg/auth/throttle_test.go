package auth_test

import (
	"context"
	"errors"
	"fmt"
	"net/netip"
	"strings"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"github.com/redim-tools/redim/pkg/auth"
	"github.com/redim-tools/redim/pkg/pam"
)

// clock is a time that passes when it is told to.
type clock struct {
	mu  sync.Mutex
	now time.Time
}

func (c *clock) Now() time.Time {
	c.mu.Lock()
	defer c.mu.Unlock()
	return c.now
}

func (c *clock) pass(d time.Duration) {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.now = c.now.Add(d)
}

func newThrottle() (*auth.Throttle, *clock) {
	c := &clock{now: time.Date(2026, 3, 1, 12, 0, 0, 0, time.UTC)}
	return auth.NewThrottle(c.Now, strings.ToLower), c
}

func wrong(context.Context) error { return pam.Failf(pam.ErrSignInRefused, "no") }
func right(context.Context) error { return nil }

func attempt(t *auth.Throttle, name, from string, try func(context.Context) error) error {
	return t.Attempt(context.Background(), name, netip.MustParseAddr(from), try)
}

// slowed reports whether an attempt was turned away, and for how long.
func slowed(err error) (time.Duration, bool) {
	s, ok := errors.AsType[*auth.SlowDownError](err)
	if !ok {
		return 0, false
	}
	return s.RetryAfter(), true
}

func TestTenThousandGuessesGetAFewTriesAndTheCallerRecovers(t *testing.T) {
	t.Parallel()
	throttle, clock := newThrottle()
	tried := 0
	for range 10_000 {
		err := attempt(throttle, "nightly", "192.0.2.9", func(ctx context.Context) error { tried++; return wrong(ctx) })
		if wait, ok := slowed(err); ok && (wait < time.Second || wait > 2*time.Minute || !errors.Is(err, pam.ErrUnreachable)) {
			t.Fatal(wait, err)
		}
		clock.pass(time.Millisecond / 2)
	}
	if tried != 5 { // 5 seconds have passed; there is one more in 10
		t.Errorf("%d were tried", tried)
	}
	wait, ok := slowed(attempt(throttle, "NIGHTLY", "192.0.2.9", right))
	if !ok {
		t.Fatal("case makes another name")
	}
	clock.pass(wait)
	if err := attempt(throttle, "nightly", "192.0.2.9", right); err != nil {
		t.Error("it does not recover when it said:", err)
	}
}

func TestGuessesFromElsewhereLockNobodyOut(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		throttle := auth.NewThrottle(time.Now, strings.ToLower)
		flood := func(guesses int) {
			for n := range guesses {
				go func() {
					from := netip.AddrFrom4([4]byte{198, 51, byte(n >> 8), byte(n)})
					_ = throttle.Attempt(t.Context(), "nightly", from, wrong)
				}()
			}
			synctest.Wait()
		}
		flood(500)
		time.Sleep(2 * time.Second) // those that were delayed have failed by now
		began := time.Now()
		if err := attempt(throttle, "nightly", "10.0.0.1", right); err != nil || time.Since(began) != time.Second {
			t.Errorf("%v after %s", err, time.Since(began))
		}
		flood(5000) // more than may be delayed at once
		if err := attempt(throttle, "nightly", "10.0.0.2", right); err != nil {
			t.Error(err)
		}
		began = time.Now()
		if err := attempt(throttle, "other", "10.0.0.1", right); err != nil || time.Since(began) != 0 {
			t.Errorf("%v after %s", err, time.Since(began))
		}
		time.Sleep(10 * time.Minute)
		began = time.Now()
		if err := attempt(throttle, "nightly", "10.0.0.1", right); err != nil || time.Since(began) != 0 {
			t.Errorf("it does not recover: %v after %s", err, time.Since(began))
		}
	})
}

func TestAnAttemptThatWaitsEndsWithItsCaller(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		throttle := auth.NewThrottle(time.Now, strings.ToLower)
		for n := range 100 {
			_ = throttle.Attempt(t.Context(), "nightly", netip.AddrFrom4([4]byte{198, 51, 100, byte(n)}), wrong)
		}
		ctx, cancel := context.WithTimeout(t.Context(), time.Millisecond)
		defer cancel()
		err := throttle.Attempt(ctx, "nightly", netip.MustParseAddr("10.0.0.1"), func(context.Context) error {
			t.Error("it was tried all the same")
			return nil
		})
		if !errors.Is(err, context.DeadlineExceeded) {
			t.Error(err)
		}
	})
}

func TestOneApplicationThatFailsSlowsNoOtherDownOnItsHost(t *testing.T) {
	t.Parallel()
	throttle, clock := newThrottle()
	for range 200 {
		_ = attempt(throttle, "broken", "10.0.0.1", wrong)
		clock.pass(time.Second)
	}
	if err := attempt(throttle, "sound", "10.0.0.1", right); err != nil {
		t.Error(err)
	}
	_ = attempt(throttle, "broken", "10.0.0.1", wrong)
	if _, ok := slowed(attempt(throttle, "broken", "10.0.0.1", wrong)); !ok {
		t.Error("the broken one is not slowed")
	}
}

func TestManyNamesFromOneAddressAreSlowedTooAndWithoutOne(t *testing.T) {
	t.Parallel()
	for _, from := range []string{"192.0.2.9", "2001:db8::"} {
		for _, name := range []string{"app%d", ""} {
			throttle, _ := newThrottle()
			admitted := 0
			for n := range 1000 {
				who, address := name, from
				if name != "" {
					who = fmt.Sprintf(name, n)
				}
				if strings.Contains(from, ":") {
					address += fmt.Sprintf("%x", n+1) // one network
				}
				if _, ok := slowed(attempt(throttle, who, address, wrong)); !ok {
					admitted++
				}
			}
			if admitted != 50 {
				t.Errorf("%s %q: %d", from, name, admitted)
			}
		}
	}
}

func TestOnlyRefusalsCount(t *testing.T) {
	t.Parallel()
	throttle, _ := newThrottle()
	for range 1000 {
		for _, err := range []error{nil, pam.Failf(pam.ErrJournal, "full"), context.Canceled} {
			if got := attempt(throttle, "nightly", "10.0.0.1", func(context.Context) error { return err }); !errors.Is(got, err) {
				t.Fatal(got)
			}
		}
	}
	for _, class := range []pam.Class{pam.ErrTokenRefused, pam.ErrDenied} {
		throttle, _ := newThrottle()
		for range 5 {
			_ = attempt(throttle, "nightly", "10.0.0.1", func(context.Context) error { return class })
		}
		if _, ok := slowed(attempt(throttle, "nightly", "10.0.0.1", right)); !ok {
			t.Error(class, "does not count")
		}
	}
}

func TestAttemptsAtOnceDoNotOutrunTheCount(t *testing.T) {
	t.Parallel()
	throttle, _ := newThrottle()
	_ = attempt(throttle, "nightly", "10.0.0.1", wrong)
	var inside sync.WaitGroup
	var ended sync.WaitGroup
	hold := make(chan struct{})
	for range 4 {
		inside.Add(1)
		ended.Go(func() {
			_ = attempt(throttle, "nightly", "10.0.0.1", func(context.Context) error { inside.Done(); <-hold; return nil })
		})
	}
	inside.Wait()
	if _, ok := slowed(attempt(throttle, "nightly", "10.0.0.1", right)); !ok {
		t.Error("a fifth was admitted while four may fail yet")
	}
	close(hold)
	ended.Wait()
	if err := attempt(throttle, "nightly", "10.0.0.1", right); err != nil {
		t.Error("those that succeeded count:", err)
	}
}

func TestMemoryIsBoundedWhoeverGuesses(t *testing.T) {
	t.Parallel()
	throttle, clock := newThrottle()
	for n := range 60_000 {
		a := netip.AddrFrom16([16]byte{0x20, 1, 0xd, 0xb8, byte(n >> 16), byte(n >> 8), byte(n)})
		_ = throttle.Attempt(t.Context(), fmt.Sprint("name", n%10_000), a, wrong)
		clock.pass(10 * time.Millisecond) // so that nobody is delayed
	}
	if pairs, addresses, names := throttle.Remembered(); pairs > 16384 || addresses > 8192 || names > 4096 || names == 0 {
		t.Error(pairs, addresses, names)
	}
}

func TestHashesBeyondTheLimitWaitAndThenAreTooMany(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		l := auth.NewLimiter(2, 3, 10*time.Second)
		hold := make(chan struct{})
		running, most, done := 0, 0, 0
		var mu sync.Mutex
		work := func() {
			mu.Lock()
			running++
			most = max(most, running)
			mu.Unlock()
			<-hold
			mu.Lock()
			running--
			done++
			mu.Unlock()
		}
		for range 4 {
			go func() {
				if err := l.Do(t.Context(), work); err != nil {
					t.Error(err)
				}
			}()
		}
		synctest.Wait()
		ctx, cancel := context.WithCancel(t.Context())
		ended := make(chan error)
		go func() { ended <- l.Do(ctx, work) }()
		synctest.Wait()
		err := l.Do(t.Context(), work)
		if b, ok := errors.AsType[*auth.BusyError](err); !ok || !errors.Is(err, pam.ErrUnreachable) || b.Hint == "" {
			t.Error("a fourth may wait:", err)
		}
		cancel()
		if err := <-ended; !errors.Is(err, context.Canceled) {
			t.Error(err)
		}
		close(hold)
		synctest.Wait()
		if most != 2 || done != 4 {
			t.Errorf("%d at once, %d done", most, done)
		}
	})
}

func TestAHashThatIsNotReachedInTimeIsTooMany(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		l := auth.NewLimiter(1, 3, 10*time.Second)
		hold := make(chan struct{})
		go func() { _ = l.Do(t.Context(), func() { <-hold }) }()
		synctest.Wait()
		began := time.Now()
		_, ok := errors.AsType[*auth.BusyError](l.Do(t.Context(), func() {}))
		if !ok || time.Since(began) != 10*time.Second {
			t.Error(time.Since(began))
		}
		close(hold)
		synctest.Wait()
		if err := l.Do(t.Context(), func() {}); err != nil {
			t.Error(err)
		}
	})
}

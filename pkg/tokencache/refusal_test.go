package tokencache

import (
	"context"
	"errors"
	"fmt"
	"strings"
	"testing"
	"time"

	"github.com/redim-tools/redim/pkg/pam"
	"github.com/redim-tools/redim/pkg/secret"
)

func refusal() *pam.Failure {
	return pam.Failf(pam.ErrDelegationRefused, "the service refused svc-redim").WithHint("check api_password")
}

// wantRefused asks and wants the refusal without a log-in.
func (b *bench) wantRefused(s *Store, id pam.Identity) {
	b.t.Helper()
	l := &login{text: "x"}
	_, err := s.Token(context.Background(), id, l.do)
	f, ok := errors.AsType[*pam.Failure](err)
	if !ok || f.Class != pam.ErrDelegationRefused || l.calls != 0 {
		b.t.Fatalf("got %v after %d log-ins", err, l.calls)
	}
	if !strings.HasPrefix(f.Message, "the service refused svc-redim") || !strings.HasPrefix(f.Hint, "check api_password") {
		b.t.Fatalf("got %q, hint %q", f.Message, f.Hint)
	}
}

func TestARefusedPasswordIsNotTriedAgainAtOnce(t *testing.T) {
	t.Parallel()
	b := newBench(t)
	first := &login{err: refusal()}
	if _, err := b.store().Token(t.Context(), delegation(), first.do); !errors.Is(err, pam.ErrDelegationRefused) {
		t.Fatalf("got %v", err)
	}
	b.wantRefused(b.store(), delegation())
	b.pass(pause - time.Second)
	b.wantRefused(b.store(), delegation())
	b.pass(time.Second)
	b.wantLogin(b.store(), delegation(), "the password was mended")
	b.wantCached(b.store(), delegation(), "the password was mended")
}

func TestWhoWaitedSharesTheRefusalHoweverLongItTook(t *testing.T) {
	t.Parallel()
	b := newBench(t)
	waiting, done := make(chan struct{}), make(chan error)
	waiter := b.store(func(o *Options) {
		o.Now = func() time.Time { // asked first when the waiter starts
			now := b.clock()
			select {
			case <-waiting:
			default:
				close(waiting)
			}
			return now
		}
	})
	_, err := b.store().Token(t.Context(), delegation(), func(context.Context) (pam.Token, error) {
		go func() {
			_, err := waiter.Token(t.Context(), delegation(), (&login{text: "x"}).do)
			done <- err
		}()
		<-waiting
		b.pass(time.Minute)
		return pam.Token{}, refusal()
	})
	if !errors.Is(err, pam.ErrDelegationRefused) {
		t.Fatal(err)
	}
	if err := <-done; !errors.Is(err, pam.ErrDelegationRefused) {
		t.Fatalf("the waiter got %v", err)
	}
}

func TestOneRefusalSpeaksForAllUsers(t *testing.T) {
	t.Parallel()
	b := newBench(t)
	tries := &login{err: refusal()}
	for i := range 20 {
		s := b.store()
		_, err := s.Token(t.Context(), pam.Identity{Domain: "EX", Name: fmt.Sprint("user", i)}, func(ctx context.Context) (pam.Token, error) {
			return s.Token(ctx, delegation(), tries.do)
		})
		if !errors.Is(err, pam.ErrDelegationRefused) {
			t.Fatal(err)
		}
	}
	if tries.calls != 1 || len(b.files()) != 1 {
		t.Fatalf("%d tries, files %v", tries.calls, b.files())
	}
}

func TestOtherRefusalsLeaveNoWord(t *testing.T) {
	t.Parallel()
	b := newBench(t)
	for _, class := range []pam.Class{pam.ErrNoImpersonation, pam.ErrUserUnknown, pam.ErrTLS, pam.ErrTokenRefused, pam.ErrOther} {
		if _, err := b.store().Token(t.Context(), alice(), (&login{err: pam.Failf(class, "no")}).do); !errors.Is(err, class) {
			t.Fatal(err)
		}
	}
	if len(b.files()) != 0 {
		t.Fatalf("left %v", b.files())
	}
}

func TestARefusalDoesNotReplaceALiveToken(t *testing.T) {
	t.Parallel()
	b := newBench(t)
	s := b.store()
	_, err := s.Token(t.Context(), alice(), func(context.Context) (pam.Token, error) {
		b.wantLogin(&Store{o: s.o, lockWait: time.Millisecond}, alice(), "of the impatient one")
		return pam.Token{}, refusal()
	})
	if !errors.Is(err, pam.ErrDelegationRefused) {
		t.Fatal(err)
	}
	b.wantCached(b.store(), alice(), "of the impatient one")
}

func TestARefusalIsNoEntryAndIsCleared(t *testing.T) {
	t.Parallel()
	b := newBench(t)
	silent := pam.Failf(pam.ErrDelegationRefused, "no")
	if _, err := b.store().Token(t.Context(), delegation(), (&login{err: silent}).do); err == nil {
		t.Fatal("no error")
	}
	_, err := b.store().Token(t.Context(), delegation(), (&login{}).do)
	if f, ok := errors.AsType[*pam.Failure](err); !ok || !strings.Contains(f.Hint, "api_password") {
		t.Fatalf("got %v", err)
	}
	if l, err := b.store().List(t.Context()); err != nil || len(l.Entries) != 0 || l.Unreadable != 0 {
		t.Fatalf("listed %+v, %v", l, err)
	}
	must(t, b.store().Drop(t.Context(), delegation(), secret.Value{}))
	c, err := b.store().Clear(t.Context(), ClearRequest{})
	if err != nil || len(c.Removed) != 0 || len(b.files()) != 0 {
		t.Fatalf("cleared %+v, %v; left %v", c, err, b.files())
	}
	b.wantLogin(b.store(), delegation(), "at once")
}

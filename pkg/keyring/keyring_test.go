package keyring

import (
	"context"
	"errors"
	"fmt"
	"strings"
	"testing"
	"time"

	zalando "github.com/zalando/go-keyring"

	"github.com/redim-tools/redim/pkg/pam"
	"github.com/redim-tools/redim/pkg/secret"
)

const canary = `c4nary-Pa55/+"<&é`

// fake is a keyring in memory that fails or hangs on demand.
type fake struct {
	entries map[string]string
	err     error
	hang    chan struct{}
}

func (f *fake) gate() error {
	if f.hang != nil {
		<-f.hang
	}
	return f.err
}

func (f *fake) Set(service, user, password string) error {
	if err := f.gate(); err != nil {
		return err
	}
	f.entries[service+"/"+user] = password
	return nil
}

func (f *fake) Get(service, user string) (string, error) {
	if err := f.gate(); err != nil {
		return "", err
	}
	text, ok := f.entries[service+"/"+user]
	if !ok {
		return "", zalando.ErrNotFound
	}
	return text, nil
}

func (f *fake) Delete(service, user string) error {
	if _, err := f.Get(service, user); err != nil {
		return err
	}
	delete(f.entries, service+"/"+user)
	return nil
}

func with(b backend) *Keyring {
	return &Keyring{backend: b, missing: func() error { return nil }, timeout: 20 * time.Millisecond}
}

func TestWhatWasSetIsReadBackAndDeleted(t *testing.T) {
	t.Parallel()
	f := &fake{entries: map[string]string{}}
	k, want := with(f), secret.FromString(canary)
	if err := k.Set(t.Context(), "api", want); err != nil {
		t.Fatal(err)
	}
	if got := f.entries["redim/api"]; got != canary {
		t.Fatal("not stored under the service redim")
	}
	if got, err := k.Get(t.Context(), "api"); err != nil || !got.Equal(want) {
		t.Fatalf("got %v, %v", got, err)
	}
	if err := k.Delete(t.Context(), "api"); err != nil {
		t.Fatal(err)
	}
	if _, err := k.Get(t.Context(), "api"); !errors.Is(err, pam.ErrNotFound) {
		t.Fatalf("got %v", err)
	}
	if err := k.Delete(t.Context(), "api"); !errors.Is(err, pam.ErrNotFound) {
		t.Fatalf("got %v", err)
	}
	if err := k.Check(t.Context()); err != nil {
		t.Fatal(err)
	}
}

func TestEachFailureHasItsClassAndAHint(t *testing.T) {
	t.Parallel()
	cancelled, cancel := context.WithCancel(t.Context())
	cancel()
	hang := make(chan struct{})
	t.Cleanup(func() { close(hang) })
	headless := with(&fake{})
	headless.missing = func() error { return errNoBus }
	for _, c := range []struct {
		name, message, hint string
		ctx                 context.Context
		k                   *Keyring
		class               pam.Class
	}{
		{"no entry", "the OS keyring has no entry api of redim", "config set", t.Context(), with(&fake{}), pam.ErrNotFound},
		{"hangs", "no answer within 3 s", "unlock it", t.Context(), with(&fake{hang: hang}), pam.ErrOther},
		{"cancelled", "context canceled", "", cancelled, with(&fake{}), pam.ErrInterrupted},
		{"headless", "there is no desktop session", "on a server", t.Context(), headless, pam.ErrOther},
		{"broken", "bus on fire", "on a server", t.Context(), with(&fake{err: errors.New("bus on fire")}), pam.ErrOther},
		{"too big", "too long", "file:PATH", t.Context(), with(&fake{err: fmt.Errorf("set: %w", zalando.ErrSetDataTooBig)}), pam.ErrUsage},
	} {
		t.Run(c.name, func(t *testing.T) {
			t.Parallel()
			_, err := c.k.Get(c.ctx, "api")
			check(t, err, c.class, c.message, c.hint)
		})
	}
}

func TestSettingNamesNoSecretInItsFailure(t *testing.T) {
	t.Parallel()
	err := with(&fake{err: errors.New("bus on fire")}).Set(t.Context(), "api", secret.FromString(canary))
	check(t, err, pam.ErrOther, "could not store api in the OS keyring: bus on fire", "on a server")
	if strings.Contains(fmt.Sprintf("%+v %#v", err, err), "c4nary") {
		t.Fatal("the failure shows the secret")
	}
	if err := with(&fake{err: errors.New("bus on fire")}).Check(t.Context()); err == nil {
		t.Fatal("a broken keyring was found usable")
	}
}

func TestACallEndsWithItsContext(t *testing.T) {
	t.Parallel()
	hang := make(chan struct{})
	defer close(hang)
	k := with(&fake{hang: hang})
	k.timeout = time.Hour
	ctx, cancel := context.WithTimeout(t.Context(), 10*time.Millisecond)
	defer cancel()
	_, err := k.Get(ctx, "api")
	check(t, err, pam.ErrInterrupted, "deadline exceeded", "")
}

func check(t *testing.T, err error, class pam.Class, message, hint string) {
	t.Helper()
	var f *pam.Failure
	if !errors.As(err, &f) || f.Class != class || !strings.Contains(f.Message, message) || !strings.Contains(f.Hint, hint) {
		t.Fatalf("got %v (%+v), want %s with %q and hint %q", err, f, class, message, hint)
	}
}

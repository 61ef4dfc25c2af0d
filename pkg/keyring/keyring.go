package keyring

import (
	"context"
	"errors"
	"time"

	zalando "github.com/zalando/go-keyring"

	"github.com/redim-tools/redim/pkg/pam"
	"github.com/redim-tools/redim/pkg/secret"
)

const (
	service = "redim" // under which all entries stand
	timeout = 3 * time.Second
)

// backend is what reaches the system's keyring.
type backend interface {
	Set(service, user, password string) error
	Get(service, user string) (string, error)
	Delete(service, user string) error
}

// Keyring is a keyring. A call takes three seconds at most: a locked keyring
// may be waiting for a person to unlock it. It is safe for concurrent use.
type Keyring struct {
	backend backend
	missing func() error // why there can't be a keyring, or nil
	timeout time.Duration
}

// System is the keyring of the user who runs this process. Nothing is opened
// before the first call.
func System() *Keyring {
	return &Keyring{backend: system{}, missing: noBus, timeout: timeout}
}

// Get reads an entry. ErrNotFound when there is none.
func (k *Keyring) Get(ctx context.Context, name string) (secret.Value, error) {
	text, err := k.call(ctx, func() (string, error) { return k.backend.Get(service, name) })
	if err != nil {
		return secret.Value{}, failure("read "+name+" from", name, err)
	}
	return secret.FromString(text), nil
}

// Set writes an entry, replacing the one of that name.
func (k *Keyring) Set(ctx context.Context, name string, v secret.Value) error {
	var text string
	_ = v.Reveal(func(b []byte) error { text = string(b); return nil })
	_, err := k.call(ctx, func() (string, error) { return "", k.backend.Set(service, name, text) })
	if err != nil {
		return failure("store "+name+" in", name, err)
	}
	return nil
}

// Delete removes an entry. ErrNotFound when there is none.
func (k *Keyring) Delete(ctx context.Context, name string) error {
	_, err := k.call(ctx, func() (string, error) { return "", k.backend.Delete(service, name) })
	if err != nil {
		return failure("remove "+name+" from", name, err)
	}
	return nil
}

// Check says why the keyring can't be used, or nil. It changes nothing.
func (k *Keyring) Check(ctx context.Context) error {
	_, err := k.Get(ctx, "check")
	if errors.Is(err, pam.ErrNotFound) {
		return nil
	}
	return err
}

var (
	errTimeout = errors.New("no answer within 3 s")
	errNoBus   = errors.New("there is no desktop session")
)

// call runs do and stops waiting for it when its time is over. What is late
// ends in the buffer.
func (k *Keyring) call(ctx context.Context, do func() (string, error)) (string, error) {
	if err := errors.Join(ctx.Err(), k.missing()); err != nil {
		return "", err
	}
	type answer struct {
		text string
		err  error
	}
	done := make(chan answer, 1)
	go func() {
		text, err := do()
		done <- answer{text, err}
	}()
	timer := time.NewTimer(k.timeout)
	defer timer.Stop()
	select {
	case a := <-done:
		return a.text, a.err
	case <-ctx.Done():
		return "", ctx.Err()
	case <-timer.C:
		return "", errTimeout
	}
}

// system is the real backend.
type system struct{}

func (system) Set(service, user, password string) error { return zalando.Set(service, user, password) }
func (system) Get(service, user string) (string, error) { return zalando.Get(service, user) }
func (system) Delete(service, user string) error        { return zalando.Delete(service, user) }

package keyring

import (
	"context"
	"errors"

	zalando "github.com/zalando/go-keyring"

	"github.com/redim-tools/redim/pkg/pam"
)

// failure says what the caller wanted, why it could not be had, and where else
// the secret may live.
func failure(act, name string, err error) error {
	switch {
	case errors.Is(err, zalando.ErrNotFound):
		return pam.Failf(pam.ErrNotFound, "the OS keyring has no entry %s of redim", name).
			WithHint("store it first, for example with: redim config set api_password")
	case errors.Is(err, context.Canceled), errors.Is(err, context.DeadlineExceeded):
		return pam.Failf(pam.ErrInterrupted, "could not %s the OS keyring: %w", act, err)
	case errors.Is(err, errTimeout):
		return pam.Failf(pam.ErrOther, "could not %s the OS keyring: %w", act, err).
			WithHint("it may be waiting for a person to unlock it; unlock it, or use a place that needs nobody: a key file (cache.key: file), a secret from file:PATH or secrets:NAME")
	case errors.Is(err, zalando.ErrSetDataTooBig):
		return pam.Failf(pam.ErrUsage, "%s is too long for the OS keyring", name).
			WithHint("keep it in a file that only you can read, and name it as file:PATH")
	}
	return pam.Failf(pam.ErrOther, "could not %s the OS keyring: %w", act, err).
		WithHint("without a desktop session there is usually no keyring; on a server use a key file (cache.key: file), and for secrets file:PATH, env:NAME or secrets:NAME")
}

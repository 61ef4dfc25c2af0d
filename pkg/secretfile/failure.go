package secretfile

import (
	"context"
	"errors"
	"strings"
	"unicode"
	"unicode/utf8"

	"github.com/redim-tools/redim/pkg/pam"
	"github.com/redim-tools/redim/pkg/seal"
)

func (f *File) notFound(name string) error {
	return pam.Failf(pam.ErrNotFound, "the secrets file has no %q", name).
		WithHint("store it first, for example with: redim config set api_password")
}

// sealed explains a file that does not open. Only the right key, or doing
// without what is in it, helps.
func (f *File) sealed(err error) error {
	if errors.Is(err, seal.ErrForeignKey) {
		return pam.Failf(pam.ErrOther, "the secrets file %s is %w", f.path, err).
			WithHint("restore the key that it was made with, or set cache.key back to what it was; if the key is lost, remove %s and store the secrets anew", f.path)
	}
	return pam.Failf(pam.ErrOther, "the secrets file %s can not be opened: %w", f.path, err).
		WithHint("restore %s from a backup, or remove it and store the secrets anew", f.path)
}

func (f *File) busy(ctx context.Context, err error) error {
	switch {
	case ctx.Err() != nil:
		return pam.Failf(pam.ErrInterrupted, "interrupted while waiting for %s: %w", f.path, context.Cause(ctx))
	case errors.Is(err, context.DeadlineExceeded):
		return pam.Failf(pam.ErrOther, "another redim has been writing %s for too long: %w", f.path, err).
			WithHint("look for a stopped redim process, end it, and try again")
	}
	return err
}

func checkName(name string) error {
	bad := strings.ContainsFunc(name, func(r rune) bool { return r == utf8.RuneError || !unicode.IsPrint(r) })
	if name == "" || len(name) > maxName || bad {
		return pam.Failf(pam.ErrUsage, "%q can not name a secret", name).WithHint("use 1 to %d printable characters, for example api_password", maxName)
	}
	return nil
}

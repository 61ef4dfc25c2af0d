package seal

import (
	"errors"
	"fmt"

	"golang.org/x/sys/unix"

	"github.com/redim-tools/redim/pkg/secret"
)

// kernel keeps keys in the user's keyring of the Linux kernel: never on disk,
// and gone when the time is over or the machine restarts.
type kernel struct{}

func systemKeeper() keeper { return kernel{} }

const (
	ring = unix.KEY_SPEC_USER_KEYRING
	// Full rights for who possesses the key, and for processes of the same
	// user that do not, such as those of a systemd service.
	ringPerm = 0x3f3f0000
)

func (kernel) get(name string) (secret.Value, error) {
	id, err := unix.KeyctlSearch(ring, "user", name, 0)
	if err != nil {
		return secret.Value{}, errors.Join(errNotKept, err)
	}
	b := make([]byte, KeySize)
	if n, err := unix.KeyctlBuffer(unix.KEYCTL_READ, id, b, 0); err != nil || n != KeySize {
		return secret.Value{}, errors.Join(errNotKept, err)
	}
	_ = prolong(id)
	return secret.New(b), nil
}

func (kernel) put(name string, v secret.Value) error {
	return v.Reveal(func(b []byte) error {
		id, err := unix.AddKey("user", name, b, ring)
		if err != nil {
			return err
		}
		if err := prolong(id); err != nil { // never keep what would be kept for ever
			_, _ = unix.KeyctlInt(unix.KEYCTL_REVOKE, id, 0, 0, 0)
			return err
		}
		return unix.KeyctlSetperm(id, ringPerm)
	})
}

func (kernel) usable() error {
	if _, err := unix.KeyctlGetKeyringID(ring, true); err != nil {
		return fmt.Errorf("its keyring: %w", err)
	}
	return nil
}

func prolong(id int) error {
	_, err := unix.KeyctlInt(unix.KEYCTL_SET_TIMEOUT, id, int(held.Seconds()), 0, 0)
	return err
}

package seal

import (
	"errors"
	"testing"

	"golang.org/x/sys/unix"

	"github.com/redim-tools/redim/pkg/secret"
)

func TestTheKernelHoldsAKeyForTheUser(t *testing.T) {
	t.Parallel()
	k := systemKeeper()
	if err := k.usable(); err != nil {
		t.Skipf("needs a kernel keyring: %v", err)
	}
	want := GenerateKey()
	name := "redim:test:" + want.ID()
	if _, err := k.get(name); !errors.Is(err, errNotKept) {
		t.Fatalf("before: %v", err)
	}
	if err := k.put(name, want.root); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		if id, err := unix.KeyctlSearch(ring, "user", name, 0); err == nil {
			_, _ = unix.KeyctlInt(unix.KEYCTL_INVALIDATE, id, 0, 0, 0)
		}
	})
	v, err := k.get(name)
	if err != nil {
		t.Fatal(err)
	}
	if got, err := NewKey(v); err != nil || !got.Equal(want) {
		t.Fatalf("got %v, %v", got, err)
	}
	if err := k.put(name+":short", secret.FromString("x")); err != nil {
		t.Fatal(err)
	}
	if _, err := k.get(name + ":short"); !errors.Is(err, errNotKept) {
		t.Fatalf("took what is no key: %v", err)
	}
	if id, err := unix.KeyctlSearch(ring, "user", name+":short", 0); err == nil {
		_, _ = unix.KeyctlInt(unix.KEYCTL_INVALIDATE, id, 0, 0, 0)
	}
}

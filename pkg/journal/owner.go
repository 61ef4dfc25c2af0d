package journal

import (
	"context"
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"io/fs"
	"os"
	"path/filepath"
	"slices"

	"github.com/redim-tools/redim/pkg/atomicfile"
	"github.com/redim-tools/redim/pkg/pam"
)

// Who answers for a checkout holds a lock on a file of its own for it. The
// system frees the lock when the process ends, however it ends, so that a
// living owner is known from a dead one without trusting process numbers, which
// come again, and differ between containers. All of this happens while the
// journal is locked.

const (
	ownersName   = "owners"
	recoveryName = "recovery.lock"
)

// ownerPath is the lock file of one checkout.
func (j *Journal) ownerPath(id string) string {
	sum := sha256.Sum256([]byte(id))
	return filepath.Join(j.dir, ownersName, hex.EncodeToString(sum[:12]))
}

// own makes this process the owner of c, if c names one and nobody else is.
func (j *Journal) own(c pam.Checkout) error {
	j.mu.Lock()
	defer j.mu.Unlock()
	if c.Process == 0 || j.owned[c.ID] != nil {
		return nil
	}
	path := j.ownerPath(c.ID)
	if err := os.MkdirAll(filepath.Dir(path), 0o700); err != nil {
		return unavailable(err)
	}
	release, got, err := atomicfile.TryLock(path)
	if err != nil {
		return unavailable(err)
	}
	if got {
		if j.owned == nil {
			j.owned = map[string]func(){}
		}
		j.owned[c.ID] = release
	}
	return nil
}

// disown gives up c, once it names no owner any more.
func (j *Journal) disown(c pam.Checkout) {
	if c.Process != 0 {
		return
	}
	j.mu.Lock()
	defer j.mu.Unlock()
	if release := j.owned[c.ID]; release != nil {
		release()
		delete(j.owned, c.ID)
		return
	}
	j.alive(c.ID) // for the file that a dead owner left
}

// alive reports whether a process lives that owns the checkout. The file that a
// dead one left is removed.
func (j *Journal) alive(id string) bool {
	path := j.ownerPath(id)
	if _, err := os.Stat(path); errors.Is(err, fs.ErrNotExist) {
		return false
	}
	release, got, err := atomicfile.TryLock(path)
	if err != nil || !got {
		return true // what can't be told is left alone
	}
	release()
	return false
}

// Abandoned lists, oldest first, the checkouts that a process owned and did not
// bring to an end, and whose process has ended: asked for and no outcome
// recorded, open and nobody has it, or given back and not spun. What somebody
// keeps, and what a living process owns, is not among them.
func (j *Journal) Abandoned(ctx context.Context) ([]pam.Checkout, error) {
	all, err := j.All(ctx)
	if err != nil || !slices.ContainsFunc(all, isUnfinished) {
		return nil, err
	}
	var left []pam.Checkout
	err = j.locked(ctx, func() error {
		now, err := j.read() // what was open may have been brought to its end meanwhile
		for _, c := range now.checkouts {
			if isUnfinished(c) && !j.alive(c.ID) {
				left = append(left, c)
			}
		}
		return err
	})
	return left, err
}

// isUnfinished reports whether only a process can bring c to its end.
func isUnfinished(c pam.Checkout) bool {
	return c.State == pam.CheckoutIntended || c.Process != 0 && (c.State == pam.CheckoutOpen || c.State == pam.CheckoutCheckedIn)
}

// sweepOwners removes what dead owners left of checkouts that are closed, or
// were never recorded.
func (j *Journal) sweepOwners() { atomicfile.SweepLocks(filepath.Join(j.dir, ownersName), 0) }

// tidy does so where that is possible; nothing depends on it.
func (j *Journal) tidy(ctx context.Context) {
	_ = j.locked(ctx, func() error {
		j.sweepOwners()
		return nil
	})
}

// Recover makes the caller the only one who recovers what is abandoned, until it
// calls release or its process ends. It waits for another one, after it has told
// so by waiting. ErrInterrupted when ctx ends first.
func (j *Journal) Recover(ctx context.Context, waiting func()) (release func(), err error) {
	if err := os.MkdirAll(j.dir, 0o700); err != nil {
		return nil, unavailable(err)
	}
	path := filepath.Join(j.dir, recoveryName)
	release, got, err := atomicfile.TryLock(path)
	if err != nil {
		return nil, unavailable(err)
	}
	if got {
		j.tidy(ctx)
		return release, nil
	}
	waiting()
	if release, err = atomicfile.Lock(ctx, path); err != nil && ctx.Err() != nil {
		return nil, pam.Failf(pam.ErrInterrupted, "interrupted while waiting for another recovery")
	} else if err != nil {
		return nil, unavailable(err)
	}
	j.tidy(ctx)
	return release, nil
}

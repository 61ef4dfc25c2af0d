package store_test

import (
	"context"
	"errors"
	"sync"
	"testing"

	"github.com/redim-tools/redim/pkg/store"
	"github.com/redim-tools/redim/pkg/vault"
)

func ruleCases() []suiteCase {
	return []suiteCase{
		{"a name is taken in whatever case", caseANameIsTakenInWhateverCase},
		{"the second writer of a version is refused", caseTheSecondWriterOfAVersionIsRefused},
		{"what is in use stays", caseWhatIsInUseStays},
		{"an exclusive lease has one holder", caseAnExclusiveLeaseHasOneHolder},
		{"an idempotency key is good for one lease of its holder", caseAnIdempotencyKeyIsGoodForOneLeaseOfItsHolder},
		{"a unit that fails leaves nothing", caseAUnitThatFailsLeavesNothing},
		{"a view sees one moment", caseAViewSeesOneMoment},
		{"units that do nothing are fine", caseUnitsThatDoNothingAreFine},
	}
}

func caseANameIsTakenInWhateverCase(t *testing.T, s *store.Store) {
	update(t, s, func(ctx context.Context, tx vault.Tx) error {
		return errors.Join(tx.AddIntegration(ctx, anIntegration(1, "Backup")), tx.AddIntegration(ctx, anIntegration(2, "Other")), tx.AddPolicy(ctx, aPolicy(1, "P")), tx.AddCredential(ctx, aCredential(1, "Web01", "root")))
	})
	refuses(t, s, vault.ErrTaken, func(ctx context.Context, tx vault.Tx) error {
		return tx.AddIntegration(ctx, anIntegration(3, "BACKUP"))
	})
	refuses(t, s, vault.ErrTaken, func(ctx context.Context, tx vault.Tx) error {
		return tx.ChangeIntegration(ctx, anIntegration(2, "bACKUP"))
	})
	refuses(t, s, vault.ErrTaken, func(ctx context.Context, tx vault.Tx) error { return tx.AddPolicy(ctx, aPolicy(2, "p")) })
	refuses(t, s, vault.ErrTaken, func(ctx context.Context, tx vault.Tx) error {
		return tx.AddCredential(ctx, aCredential(2, "WEB01", "ROOT"))
	})
}

func caseTheSecondWriterOfAVersionIsRefused(t *testing.T, s *store.Store) {
	update(t, s, func(ctx context.Context, tx vault.Tx) error {
		return tx.AddIntegration(ctx, anIntegration(1, "Backup"))
	})
	update(t, s, func(ctx context.Context, tx vault.Tx) error {
		return tx.ChangeIntegration(ctx, anIntegration(1, "Backup"))
	})
	refuses(t, s, vault.ErrStale, func(ctx context.Context, tx vault.Tx) error {
		return tx.ChangeIntegration(ctx, anIntegration(1, "Backup"))
	})
	refuses(t, s, vault.ErrStale, func(ctx context.Context, tx vault.Tx) error { return tx.RemoveIntegration(ctx, id(1), 1) })
	refuses(t, s, vault.ErrAbsent, func(ctx context.Context, tx vault.Tx) error {
		return tx.ChangeIntegration(ctx, anIntegration(9, "Gone"))
	})
}

func caseWhatIsInUseStays(t *testing.T, s *store.Store) {
	c := aCredential(1, "web01", "root")
	c.PolicyID = id(5)
	refuses(t, s, vault.ErrAbsent, func(ctx context.Context, tx vault.Tx) error { return tx.AddCredential(ctx, c) })
	update(t, s, func(ctx context.Context, tx vault.Tx) error {
		return errors.Join(tx.AddPolicy(ctx, aPolicy(5, "p")), tx.AddCredential(ctx, c), tx.AddSecretVersion(ctx, aSecret(c.ID, 1, "k")), tx.AddLease(ctx, aLease("l1", c.ID)))
	})
	refuses(t, s, vault.ErrInUse, func(ctx context.Context, tx vault.Tx) error { return tx.RemovePolicy(ctx, id(5), 1) })
	refuses(t, s, vault.ErrInUse, func(ctx context.Context, tx vault.Tx) error { return tx.RemoveCredential(ctx, c.ID, 1) })
	ended := aLease("l1", c.ID)
	ended.State, ended.Ended = vault.LeaseExpired, at(9)
	update(t, s, func(ctx context.Context, tx vault.Tx) error { return tx.ChangeLease(ctx, ended) })
	update(t, s, func(ctx context.Context, tx vault.Tx) error {
		return errors.Join(tx.RemoveCredential(ctx, c.ID, 1), tx.RemovePolicy(ctx, id(5), 1))
	})
	view(t, s, func(ctx context.Context, r vault.Reader) error {
		versions, err := r.SecretVersions(ctx, c.ID)
		if len(versions) > 0 {
			t.Error("the secrets of a removed credential stay")
		}
		_, err2 := r.Lease(ctx, "l1")
		return errors.Join(err, err2)
	})
}

func caseAnExclusiveLeaseHasOneHolder(t *testing.T, s *store.Store) {
	var wg sync.WaitGroup
	errs := make([]error, 16)
	for i := range errs {
		wg.Go(func() {
			l := aLease("lease"+string(rune('a'+i)), id(1))
			errs[i] = s.Update(context.Background(), func(ctx context.Context, tx vault.Tx) error {
				if err := tx.AddLease(ctx, l); err != nil {
					return err
				}
				return record(ctx, tx, anEvent(i, "checkout.outcome", "x"))
			})
		})
	}
	wg.Wait()
	won := 0
	for _, err := range errs {
		switch {
		case err == nil:
			won++
		case !errors.Is(err, vault.ErrTaken):
			t.Error(err)
		}
	}
	if won != 1 {
		t.Errorf("%d hold it", won)
	}
	verify(t, s, 1)
	shared := aLease("shared", id(1))
	shared.Exclusive = false
	update(t, s, func(ctx context.Context, tx vault.Tx) error { return tx.AddLease(ctx, shared) })
}

func caseAnIdempotencyKeyIsGoodForOneLeaseOfItsHolder(t *testing.T, s *store.Store) {
	one, two, other := aLease("one", id(1)), aLease("two", id(2)), aLease("three", id(3))
	one.Key, two.Key, other.Key = "k", "k", "k"
	other.Holder.ID = id(901)
	update(t, s, func(ctx context.Context, tx vault.Tx) error {
		return errors.Join(tx.AddLease(ctx, one), tx.AddLease(ctx, other))
	})
	refuses(t, s, vault.ErrTaken, func(ctx context.Context, tx vault.Tx) error { return tx.AddLease(ctx, two) })
}

func caseAUnitThatFailsLeavesNothing(t *testing.T, s *store.Store) {
	mine := errors.New("mine")
	refuses(t, s, mine, func(ctx context.Context, tx vault.Tx) error {
		return errors.Join(tx.AddIntegration(ctx, anIntegration(1, "a")), record(ctx, tx, anEvent(1, "x", "a")), mine)
	})
	view(t, s, func(ctx context.Context, r vault.Reader) error {
		p, err := r.Integrations(ctx, vault.IntegrationCriteria{Paging: vault.Paging{Limit: 5}})
		if len(p.Items) > 0 {
			t.Error("it left an integration")
		}
		return err
	})
	verify(t, s, 0)
}

func caseAViewSeesOneMoment(t *testing.T, s *store.Store) {
	view(t, s, func(ctx context.Context, r vault.Reader) error {
		_, err := r.Integration(ctx, id(1))
		if !errors.Is(err, vault.ErrAbsent) {
			t.Error(err)
		}
		update(t, s, func(ctx context.Context, tx vault.Tx) error { return tx.AddIntegration(ctx, anIntegration(1, "a")) })
		if _, err := r.Integration(ctx, id(1)); !errors.Is(err, vault.ErrAbsent) {
			t.Errorf("a later change shows: %v", err)
		}
		return nil
	})
}

func caseUnitsThatDoNothingAreFine(t *testing.T, s *store.Store) {
	view(t, s, func(context.Context, vault.Reader) error { return nil })
	update(t, s, func(context.Context, vault.Tx) error { return nil })
}

package store_test

import (
	"context"
	"errors"
	"net/netip"
	"strconv"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/redim-tools/redim/pkg/audit"
	"github.com/redim-tools/redim/pkg/store"
	"github.com/redim-tools/redim/pkg/store/storetest"
	"github.com/redim-tools/redim/pkg/vault"
)

func issueCases() []suiteCase {
	return []suiteCase{
		{"a lease is issued only on what it was decided on", caseALeaseIsIssuedOnItsGrounds},
		{"of many that issue one credential at once one gets it", caseOneOfManyGetsTheCredential},
		{"a credential that is removed meanwhile is not issued", caseWhatIsRemovedIsNotIssued},
		{"no rule changes beside a check-out", caseNoRuleChangesBesideACheckOut},
		{"who has a credential that several could have keeps others from it", caseSharedLeasesKeepExclusiveOnesAway},
	}
}

// issuable adds what a lease can be decided on, and returns the lease.
func issuable(t *testing.T, s *store.Store, n int) vault.Issue {
	t.Helper()
	i, p, c := anIntegration(900+n, "app"+strconv.Itoa(n)), aPolicy(100+n, "p"+strconv.Itoa(n)), aCredential(200+n, "web"+strconv.Itoa(n), "root")
	update(t, s, func(ctx context.Context, tx vault.Tx) error {
		return errors.Join(tx.AddIntegration(ctx, i), tx.AddPolicy(ctx, p), tx.AddCredential(ctx, c))
	})
	l := aLease("issued "+strconv.Itoa(n)+" at once", c.ID)
	l.Holder.ID, l.RequestID, l.Key = i.ID, "", "key"+strconv.Itoa(n)
	return vault.Issue{
		Lease: l, On: vault.Grounds{Credential: edition(1), PolicyID: p.ID, Policy: edition(1), Integration: edition(1)},
		Events: []audit.Event{anEvent(4, audit.CheckoutIntent, i.Name), anEvent(4, audit.CheckoutOutcome, i.Name)},
		Seal:   func(h audit.Head) audit.Head { return h.Seal([]byte("key")) },
	}
}

// refusals are what makes a lease one that must not be issued.
func refusals(t *testing.T, s *store.Store, good vault.Issue) map[string]func(*vault.Issue) {
	t.Helper()
	asks := aRequest(1, "c")
	asks.Requester, asks.Key = good.Lease.Holder, "asked for"
	update(t, s, func(ctx context.Context, tx vault.Tx) error { return tx.AddRequest(ctx, asks) })
	return map[string]func(*vault.Issue){
		"the same after a restore": func(i *vault.Issue) { i.On.Credential++ },
		"no credential at all":     func(i *vault.Issue) { i.Lease.CredentialID, i.On.Credential = id(999), 0 },
		"another credential":       func(i *vault.Issue) { i.On.Credential = edition(2) },
		"no credential":            func(i *vault.Issue) { i.Lease.CredentialID = id(999) },
		"another policy":           func(i *vault.Issue) { i.On.Policy = edition(2) },
		"no policy":                func(i *vault.Issue) { i.On.PolicyID = id(999) },
		"another integration":      func(i *vault.Issue) { i.On.Integration = edition(2) },
		"no integration":           func(i *vault.Issue) { i.Lease.Holder.ID = id(999) },
		"a request's key":          func(i *vault.Issue) { i.Lease.Holder, i.Lease.Key, i.On.Integration = good.Lease.Holder, asks.Key, 0 },
		"no token":                 func(i *vault.Issue) { i.On.Token = vault.TokenHash{9} },
	}
}

func caseALeaseIsIssuedOnItsGrounds(t *testing.T, s *store.Store) {
	good := issuable(t, s, 1)
	other := issuable(t, s, 2)
	for name, spoil := range refusals(t, s, good) {
		bad := good
		spoil(&bad)
		if err := s.Issue(t.Context(), bad); !errors.Is(err, vault.ErrStale) {
			t.Errorf("%s: %v", name, err)
		}
	}
	verify(t, s, 0)
	update(t, s, func(ctx context.Context, tx vault.Tx) error {
		return tx.AddToken(ctx, vault.Token{Hash: vault.TokenHash{7}, IntegrationID: good.Lease.Holder.ID, From: netip.MustParseAddr("10.0.0.1"), Made: at(1), Expires: at(9)}, edition(1))
	})
	good.On.Token = vault.TokenHash{7}
	if err := s.Issue(t.Context(), good); err != nil {
		t.Fatal(err)
	}
	verify(t, s, 2)
	good.Lease.Version = 1
	view(t, s, func(ctx context.Context, r vault.Reader) error {
		l, err := r.Lease(ctx, good.Lease.ID)
		same(t, l, good.Lease)
		return err
	})
	for name, again := range map[string]func(*vault.Lease){
		"its id":     func(l *vault.Lease) { l.ID = good.Lease.ID },
		"its key":    func(l *vault.Lease) { l.Holder, l.Key = good.Lease.Holder, good.Lease.Key },
		"its holder": func(l *vault.Lease) { l.CredentialID = good.Lease.CredentialID },
	} {
		taken := other
		again(&taken.Lease)
		taken.On.Integration = 0
		if err := s.Issue(t.Context(), taken); !errors.Is(err, vault.ErrStale) {
			t.Errorf("%s: %v", name, err)
		}
	}
	verify(t, s, 2)
}

// caseOneOfManyGetsTheCredential has callers that want a few credentials, each in
// an order of its own, beside some whose grounds have moved.
func caseOneOfManyGetsTheCredential(t *testing.T, s *store.Store) {
	const credentials, callers = 5, 32
	var wanted []vault.Issue
	for n := range credentials {
		wanted = append(wanted, issuable(t, s, n))
	}
	var got atomic.Int64
	var wg sync.WaitGroup
	for caller := range callers {
		wg.Go(func() {
			for n := range credentials {
				i := wanted[(n+caller)%credentials]
				i.Lease.ID, i.Lease.Key = "by "+strconv.Itoa(caller)+" of "+i.Lease.ID, ""
				if caller%4 == 0 {
					i.On.Policy = edition(2)
				}
				err := s.Issue(t.Context(), i)
				switch {
				case err == nil && caller%4 != 0:
					got.Add(1)
				case !errors.Is(err, vault.ErrStale):
					t.Error(err)
				}
			}
		})
	}
	wg.Wait()
	if got.Load() != credentials {
		t.Errorf("%d were issued, want one of each of %d credentials", got.Load(), credentials)
	}
	verify(t, s, 2*credentials)
}

// caseWhatIsRemovedIsNotIssued has one and several issued while a removal, which saw
// no lease, is about to be committed.
func caseWhatIsRemovedIsNotIssued(t *testing.T, s *store.Store) {
	i := issuable(t, s, 1)
	const callers = 6
	issued := make(chan error, callers)
	update(t, s, func(ctx context.Context, tx vault.Tx) error {
		err := tx.RemoveCredential(ctx, i.Lease.CredentialID, 1)
		for n := range callers {
			go func() {
				mine := i
				mine.Lease.ID, mine.Lease.Key, mine.Lease.Exclusive = "by "+strconv.Itoa(n), "", false
				issued <- s.Issue(t.Context(), mine)
			}()
		}
		select {
		case early := <-issued:
			issued <- early
		case <-time.After(200 * time.Millisecond): // they wait, as they should
		}
		return err
	})
	for range callers {
		if err := <-issued; !errors.Is(err, vault.ErrStale) {
			t.Errorf("of a credential that is gone: %v", err)
		}
	}
}

// TestNobodyElseWaitsBehindARecordThatIsHeld issues several at once, one of which
// another session is about to take.
func TestNobodyElseWaitsBehindARecordThatIsHeld(t *testing.T) {
	t.Parallel()
	s := open(t, storetest.Start(t).Database(t))
	const credentials = 6
	var wanted []vault.Issue
	for n := range credentials {
		wanted = append(wanted, issuable(t, s, n))
	}
	held, release := make(chan struct{}), make(chan struct{})
	var blocker, wg sync.WaitGroup
	blocker.Go(func() {
		l := wanted[0].Lease
		l.ID, l.Key = "of somebody else", ""
		err := s.Update(t.Context(), func(ctx context.Context, tx vault.Tx) error {
			err := tx.AddLease(ctx, l)
			close(held)
			<-release
			return errors.Join(err, vault.ErrAbsent)
		})
		if !errors.Is(err, vault.ErrAbsent) {
			t.Error(err)
		}
	})
	<-held
	for range 24 { // more than there are connections
		blocker.Go(func() {
			i := wanted[0]
			i.Lease.ID, i.Lease.Key = strconv.Itoa(int(time.Now().UnixNano()))+" waits", ""
			if err := s.Issue(t.Context(), i); err != nil && !errors.Is(err, vault.ErrStale) {
				t.Error(err)
			}
		})
	}
	for _, i := range wanted[1:] {
		wg.Go(func() {
			if err := s.Issue(t.Context(), i); err != nil {
				t.Error(err)
			}
		})
	}
	wg.Wait()
	close(release)
	blocker.Wait()
	verify(t, s, 2*credentials)
}

// caseSharedLeasesKeepExclusiveOnesAway issues an exclusive lease of a credential
// whose policy, or another one that it had, let several have it before.
func caseSharedLeasesKeepExclusiveOnesAway(t *testing.T, s *store.Store) {
	for n, change := range map[int]func(context.Context, vault.Tx, *vault.Issue) error{
		1: func(ctx context.Context, tx vault.Tx, i *vault.Issue) error {
			is, err := tx.Policy(ctx, i.On.PolicyID)
			is.Exclusive = true
			i.On.Policy = edition(is.Version + 1)
			return errors.Join(err, tx.ChangePolicy(ctx, is))
		},
		2: func(ctx context.Context, tx vault.Tx, i *vault.Issue) error {
			is, err := tx.Credential(ctx, i.Lease.CredentialID)
			is.PolicyID, i.On.PolicyID, i.On.Policy, i.On.Credential = "", "", 0, edition(is.Version+1)
			return errors.Join(err, tx.ChangeCredential(ctx, is))
		},
	} {
		shared := issuable(t, s, n)
		several(t, s, &shared)
		shared.Lease.Exclusive = false
		if err := s.Issue(t.Context(), shared); err != nil {
			t.Fatal(err)
		}
		alone := shared
		alone.Lease.ID, alone.Lease.Key, alone.Lease.Exclusive = "alone "+strconv.Itoa(n)+" at last", "", true
		update(t, s, func(ctx context.Context, tx vault.Tx) error { return change(ctx, tx, &alone) })
		if err := s.Issue(t.Context(), alone); !errors.Is(err, vault.ErrStale) {
			t.Errorf("beside another one: %v", err)
		}
		update(t, s, func(ctx context.Context, tx vault.Tx) error {
			is, err := tx.Lease(ctx, shared.Lease.ID)
			is.State, is.Ended = vault.LeaseReturned, at(9)
			return errors.Join(err, tx.ChangeLease(ctx, is), tx.AddLease(ctx, alone.Lease))
		})
		again := alone
		again.Lease.ID = "again " + strconv.Itoa(n) + " at last"
		update(t, s, func(ctx context.Context, tx vault.Tx) error {
			is, err := tx.Lease(ctx, alone.Lease.ID)
			is.State, is.Ended = vault.LeaseReturned, at(9)
			return errors.Join(err, tx.ChangeLease(ctx, is))
		})
		if err := s.Issue(t.Context(), again); err != nil {
			t.Errorf("after those: %v", err)
		}
	}
}

// several gives the credential of an issue a policy that lets several have it.
func several(t *testing.T, s *store.Store, i *vault.Issue) {
	t.Helper()
	update(t, s, func(ctx context.Context, tx vault.Tx) error {
		p, err := tx.Policy(ctx, i.On.PolicyID)
		p.Exclusive = false
		c, e := tx.Credential(ctx, i.Lease.CredentialID)
		c.PolicyID = p.ID
		i.On.Policy, i.On.Credential = edition(p.Version+1), edition(c.Version+1)
		return errors.Join(err, e, tx.ChangePolicy(ctx, p), tx.ChangeCredential(ctx, c))
	})
}

// caseNoRuleChangesBesideACheckOut changes an integration or a policy while a lease
// that was decided on them waits for its credential: whoever comes first, nobody is
// told that the change is made and has a lease added on the old rules afterwards.
func caseNoRuleChangesBesideACheckOut(t *testing.T, s *store.Store) {
	for n, change := range map[int]func(context.Context, vault.Tx, vault.Issue) error{
		1: func(ctx context.Context, tx vault.Tx, i vault.Issue) error {
			return tx.RemoveIntegration(ctx, i.Lease.Holder.ID, 1)
		},
		2: func(ctx context.Context, tx vault.Tx, i vault.Issue) error {
			is, err := tx.Integration(ctx, i.Lease.Holder.ID)
			return errors.Join(err, tx.ChangeIntegration(ctx, is))
		},
		3: func(ctx context.Context, tx vault.Tx, i vault.Issue) error {
			is, err := tx.Policy(ctx, i.On.PolicyID)
			return errors.Join(err, tx.ChangePolicy(ctx, is))
		},
	} {
		i := issuable(t, s, n)
		held, release := make(chan struct{}), make(chan struct{})
		issued, changed := make(chan error, 1), make(chan error, 1)
		var blocker sync.WaitGroup
		blocker.Go(func() {
			_ = s.Update(t.Context(), func(ctx context.Context, tx vault.Tx) error {
				_, err := tx.LockCredential(ctx, i.Lease.CredentialID)
				close(held)
				<-release
				return errors.Join(err, vault.ErrAbsent)
			})
		})
		<-held
		go func() { issued <- s.Issue(t.Context(), i) }()
		time.Sleep(50 * time.Millisecond) // it waits for the credential
		go func() {
			changed <- s.Update(t.Context(), func(ctx context.Context, tx vault.Tx) error { return change(ctx, tx, i) })
		}()
		first := false
		select {
		case err := <-changed:
			changed <- err
			first = true
		case <-time.After(200 * time.Millisecond): // it waits for the lease
		}
		close(release)
		if err := <-issued; first && !errors.Is(err, vault.ErrStale) {
			t.Errorf("change %d was made, and then the lease: %v", n, err)
		}
		if err := <-changed; err != nil {
			t.Error(err)
		}
		blocker.Wait()
		again := i
		again.Lease.ID, again.Lease.Key, again.Lease.Exclusive = "again "+strconv.Itoa(n), "", false
		if err := s.Issue(t.Context(), again); !errors.Is(err, vault.ErrStale) {
			t.Errorf("after change %d: %v", n, err)
		}
	}
}

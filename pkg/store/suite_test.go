package store_test

import (
	"context"
	"errors"
	"fmt"
	"net/netip"
	"slices"
	"testing"

	"github.com/google/go-cmp/cmp"
	"github.com/google/go-cmp/cmp/cmpopts"

	"github.com/redim-tools/redim/pkg/pam"
	"github.com/redim-tools/redim/pkg/store"
	"github.com/redim-tools/redim/pkg/vault"
)

type suiteCase struct {
	name string
	run  func(*testing.T, *store.Store)
}

func suite() []suiteCase {
	return slices.Concat(recordCases(), tokenCases(), issueCases(), passageCases(), ruleCases(), searchCases(), eventCases(), lotCases(), collectCases())
}

func view(t *testing.T, s *store.Store, read func(context.Context, vault.Reader) error) {
	t.Helper()
	if err := s.View(t.Context(), read); err != nil {
		t.Fatal(err)
	}
}

func update(t *testing.T, s *store.Store, work func(context.Context, vault.Tx) error) {
	t.Helper()
	if err := s.Update(t.Context(), work); err != nil {
		t.Fatal(err)
	}
}

// refuses expects an Update to end with want and to keep nothing.
func refuses(t *testing.T, s *store.Store, want error, work func(context.Context, vault.Tx) error) {
	t.Helper()
	if err := s.Update(t.Context(), work); !errors.Is(err, want) {
		t.Fatalf("got %v, want %v", err, want)
	}
}

func same[T any](t *testing.T, got, want T) {
	t.Helper()
	if diff := cmp.Diff(want, got, cmpopts.EquateComparable(netip.Prefix{}, netip.Addr{}), cmpopts.EquateEmpty()); diff != "" {
		t.Errorf("-want +got\n%s", diff)
	}
}

func recordCases() []suiteCase {
	return []suiteCase{
		{"an empty store answers", caseAnEmptyStoreAnswers},
		{"integrations come back as they were", caseIntegrationsComeBackAsTheyWere},
		{"credentials, secrets and policies come back as they were", caseCredentialsSecretsAndPoliciesComeBackAsTheyWere},
		{"requests and leases come back as they were", caseRequestsAndLeasesComeBackAsTheyWere},
		{"a request that comes back frees the key of its lease", caseARequestThatComesBackFreesTheKeyOfItsLease},
		{"changed credentials and policies come back as they were", caseChangedCredentialsAndPoliciesComeBackAsTheyWere},
		{"leases and requests are listed page by page", caseLeasesAndRequestsAreListedPageByPage},
		{"ids are found by their beginnings", caseIDsAreFoundByTheirBeginnings},
		{"rotations that are due come back as they were", caseDueRotationsComeBackAsTheyWere},
		{"keys come back as they were", caseKeysComeBackAsTheyWere},
	}
}

func caseAnEmptyStoreAnswers(t *testing.T, s *store.Store) {
	view(t, s, func(ctx context.Context, r vault.Reader) error {
		_, err := r.Integration(ctx, id(1))
		if !errors.Is(err, vault.ErrAbsent) {
			t.Errorf("%v", err)
		}
		p, err := r.Integrations(ctx, vault.IntegrationCriteria{Paging: vault.Paging{Limit: 50}})
		if len(p.Items) > 0 || p.Next != "" {
			t.Errorf("%v", p)
		}
		return err
	})
}

func caseIntegrationsComeBackAsTheyWere(t *testing.T, s *store.Store) {
	want := anIntegration(1, "Straße BACKUP")
	update(t, s, func(ctx context.Context, tx vault.Tx) error { return tx.AddIntegration(ctx, want) })
	changed := want
	changed.Active, changed.Skip, changed.Allowed, changed.Proof = false, vault.Skip{}, nil, vault.Proof{}
	update(t, s, func(ctx context.Context, tx vault.Tx) error {
		got, err := tx.IntegrationNamed(ctx, "sTRASSE backup")
		if !errors.Is(err, vault.ErrAbsent) {
			t.Errorf("folding is not spelling: %v %v", got, err)
		}
		got, err = tx.IntegrationNamed(ctx, "sTRAßE backup")
		same(t, got, want)
		if err != nil {
			return err
		}
		return tx.ChangeIntegration(ctx, changed)
	})
	view(t, s, func(ctx context.Context, r vault.Reader) error {
		got, err := r.Integration(ctx, id(1))
		changed.Version = 2
		same(t, got, changed)
		return err
	})
	update(t, s, func(ctx context.Context, tx vault.Tx) error { return tx.RemoveIntegration(ctx, id(1), 2) })
	refuses(t, s, vault.ErrAbsent, func(ctx context.Context, tx vault.Tx) error { return tx.RemoveIntegration(ctx, id(1), 2) })
}

func caseCredentialsSecretsAndPoliciesComeBackAsTheyWere(t *testing.T, s *store.Store) {
	policy, c := aPolicy(1, "Two eyes"), aCredential(2, "Web01", "Root")
	c.PolicyID = policy.ID
	update(t, s, func(ctx context.Context, tx vault.Tx) error {
		return errors.Join(tx.AddPolicy(ctx, policy), tx.AddCredential(ctx, c), tx.AddSecretVersion(ctx, aSecret(c.ID, 1, "k1")), tx.AddSecretVersion(ctx, aSecret(c.ID, 2, "k2")))
	})
	view(t, s, func(ctx context.Context, r vault.Reader) error {
		p, err1 := r.PolicyNamed(ctx, "TWO EYES")
		same(t, p, policy)
		got, err2 := r.CredentialNamed(ctx, "WEB01", "root")
		same(t, got, c)
		versions, err3 := r.SecretVersions(ctx, c.ID)
		same(t, versions, []vault.SecretVersion{aSecret(c.ID, 2, "k2"), aSecret(c.ID, 1, "k1")})
		one, err4 := r.SecretVersion(ctx, c.ID, 1)
		same(t, one, aSecret(c.ID, 1, "k1"))
		others, err5 := r.WrappedByOthers(ctx, "k1", 10)
		same(t, others, []vault.SecretVersion{aSecret(c.ID, 2, "k2")})
		w, err6 := r.Wrappings(ctx)
		same(t, w, []vault.Wrapping{{KeyID: "k1", Secrets: 1}, {KeyID: "k2", Secrets: 1}})
		return errors.Join(err1, err2, err3, err4, err5, err6)
	})
	rewrapped := aSecret(c.ID, 1, "k3")
	refuses(t, s, vault.ErrStale, func(ctx context.Context, tx vault.Tx) error { return tx.Rewrap(ctx, rewrapped, "k2") })
	update(t, s, func(ctx context.Context, tx vault.Tx) error { return tx.Rewrap(ctx, rewrapped, "k1") })
}

func caseRequestsAndLeasesComeBackAsTheyWere(t *testing.T, s *store.Store) {
	request, lease := aRequest(1, id(2)), aLease("a1b2c3d4", id(2))
	update(t, s, func(ctx context.Context, tx vault.Tx) error {
		return errors.Join(tx.AddRequest(ctx, request), tx.AddLease(ctx, lease))
	})
	ended := lease
	ended.State, ended.Ended = vault.LeaseReturned, at(9)
	update(t, s, func(ctx context.Context, tx vault.Tx) error {
		got, err1 := tx.Request(ctx, id(1))
		same(t, got, request)
		l, err2 := tx.Lease(ctx, "a1b2c3d4")
		same(t, l, lease)
		return errors.Join(err1, err2, tx.ChangeLease(ctx, ended), tx.ChangeRequest(ctx, request))
	})
	ended.Version = 2
	view(t, s, func(ctx context.Context, r vault.Reader) error {
		l, err := r.Leases(ctx, vault.LeaseCriteria{Holder: &lease.Holder, Paging: vault.Paging{Limit: 2}})
		same(t, l.Items, []vault.Lease{ended})
		q, err2 := r.Requests(ctx, vault.RequestCriteria{States: []vault.RequestState{vault.RequestPending, vault.RequestApproved}, Requester: &vault.Actor{Kind: vault.ActorAdmin, Name: "ERIN"}, Before: at(31), Paging: vault.Paging{Limit: 2}})
		if len(q.Items) != 1 || q.Items[0].Version != 2 {
			t.Errorf("%v", q)
		}
		return errors.Join(err, err2)
	})
}

func caseARequestThatComesBackFreesTheKeyOfItsLease(t *testing.T, s *store.Store) {
	approved, first := aRequest(1, id(2)), aLease("a1b2c3d4", id(2))
	approved.State, first.Key, first.RequestID = vault.RequestApproved, approved.Key, approved.ID
	second := first
	second.ID = "a1b2c3d5"
	update(t, s, func(ctx context.Context, tx vault.Tx) error {
		return errors.Join(tx.AddRequest(ctx, approved), tx.AddLease(ctx, first), tx.ChangeRequest(ctx, approved.Collect(first.ID)))
	})
	first.State, first.Ended = vault.LeaseReturned, at(9)
	update(t, s, func(ctx context.Context, tx vault.Tx) error { return tx.ChangeLease(ctx, first) })
	refuses(t, s, vault.ErrTaken, func(ctx context.Context, tx vault.Tx) error { return tx.AddLease(ctx, second) })
	first.Key, first.Digest, first.Version = "", "", 2
	update(t, s, func(ctx context.Context, tx vault.Tx) error {
		collected, err1 := tx.Request(ctx, approved.ID)
		back, err2 := collected.Reopen(first.ID)
		return errors.Join(err1, err2, tx.ChangeRequest(ctx, back), tx.ChangeLease(ctx, first), tx.AddLease(ctx, second))
	})
	first.Version, approved.Version = 3, 3
	view(t, s, func(ctx context.Context, r vault.Reader) error {
		both, err1 := r.Leases(ctx, vault.LeaseCriteria{Holder: &first.Holder, Paging: vault.Paging{Limit: 3}})
		same(t, both.Items, []vault.Lease{first, second})
		keyed, err2 := r.Leases(ctx, vault.LeaseCriteria{Holder: &first.Holder, Key: second.Key, Paging: vault.Paging{Limit: 3}})
		same(t, keyed.Items, []vault.Lease{second})
		got, err3 := r.Request(ctx, approved.ID)
		same(t, got, approved)
		return errors.Join(err1, err2, err3)
	})
}

func caseChangedCredentialsAndPoliciesComeBackAsTheyWere(t *testing.T, s *store.Store) {
	policy, c := aPolicy(1, "p"), aCredential(2, "web01", "root")
	update(t, s, func(ctx context.Context, tx vault.Tx) error {
		return errors.Join(tx.AddPolicy(ctx, policy), tx.AddCredential(ctx, c))
	})
	policy.Approval, policy.Exclusive, policy.Name = vault.Approval{}, false, "q"
	c.PolicyID, c.Endpoints, c.Account, c.Secret = policy.ID, []string{"other"}, "admin", 3
	update(t, s, func(ctx context.Context, tx vault.Tx) error {
		return errors.Join(tx.ChangePolicy(ctx, policy), tx.ChangeCredential(ctx, c))
	})
	refuses(t, s, vault.ErrStale, func(ctx context.Context, tx vault.Tx) error { return tx.ChangeCredential(ctx, c) })
	policy.Version, c.Version = 2, 2
	view(t, s, func(ctx context.Context, r vault.Reader) error {
		p, err1 := r.Policy(ctx, policy.ID)
		same(t, p, policy)
		got, err2 := r.Credential(ctx, c.ID)
		same(t, got, c)
		for endpoint, n := range map[string]int{"other": 1, "front01": 0} {
			page, err := r.Credentials(ctx, vault.CredentialCriteria{For: endpoint, Paging: vault.Paging{Limit: 5}})
			if err != nil || len(page.Items) != n {
				t.Errorf("for %s: %d %v", endpoint, len(page.Items), err)
			}
		}
		return errors.Join(err1, err2)
	})
}

func caseLeasesAndRequestsAreListedPageByPage(t *testing.T, s *store.Store) {
	update(t, s, func(ctx context.Context, tx vault.Tx) error {
		for n := range 5 {
			l := aLease("lease"+string(rune('z'-n)), id(n))
			l.Due = at(40 + n)
			if n%2 == 1 {
				l.State, l.Ended = vault.LeaseReturned, at(5)
			}
			if err := errors.Join(tx.AddLease(ctx, l), tx.AddRequest(ctx, aRequest(n, id(n)))); err != nil {
				return err
			}
		}
		return nil
	})
	for want, c := range map[string]vault.LeaseCriteria{
		"zyxwv": {}, "zxv": {State: vault.LeaseOpen}, "yw": {State: vault.LeaseReturned}, "zx": {State: vault.LeaseOpen, Before: at(43)},
		"x": {CredentialID: id(2)}, "": {Key: "none"},
	} {
		got := ""
		for c.Limit = 1; ; {
			var p vault.Page[vault.Lease]
			view(t, s, func(ctx context.Context, r vault.Reader) (err error) { p, err = r.Leases(ctx, c); return err })
			for _, l := range p.Items {
				got += l.ID[5:]
			}
			if p.Next == "" {
				break
			}
			c.After, _ = vault.ParseCursor(p.Next, "")
		}
		if got != want {
			t.Errorf("%+v: %s, want %s", c, got, want)
		}
	}
	view(t, s, func(ctx context.Context, r vault.Reader) error {
		p, err := r.Requests(ctx, vault.RequestCriteria{CredentialID: id(3), Paging: vault.Paging{Limit: 1}})
		if len(p.Items) != 1 || p.Next != "" {
			t.Errorf("%v", p)
		}
		_, bad := r.Leases(ctx, vault.LeaseCriteria{Paging: vault.Paging{Limit: 1, After: vault.Cursor{Key: "x", ID: "x"}}})
		fails(t, bad, pam.ErrUsage, "cursor")
		_, bad = r.Events(ctx, vault.EventCriteria{Paging: vault.Paging{Limit: 1, After: vault.Cursor{Key: "x", ID: "x"}}})
		fails(t, bad, pam.ErrUsage, "cursor")
		return err
	})
}

func caseKeysComeBackAsTheyWere(t *testing.T, s *store.Store) {
	k := vault.KeyRecord{Name: vault.KeyHash, Wrapped: []byte{1}, WrappedBy: "m1", Version: 1}
	update(t, s, func(ctx context.Context, tx vault.Tx) error { return tx.AddKeyRecord(ctx, k) })
	refuses(t, s, vault.ErrTaken, func(ctx context.Context, tx vault.Tx) error { return tx.AddKeyRecord(ctx, k) })
	update(t, s, func(ctx context.Context, tx vault.Tx) error {
		got, err := tx.LockKeyRecord(ctx, vault.KeyHash)
		same(t, got, k)
		all, err2 := tx.KeyRecords(ctx)
		same(t, all, []vault.KeyRecord{k})
		return errors.Join(err, err2, tx.ChangeKeyRecord(ctx, k))
	})
	refuses(t, s, vault.ErrStale, func(ctx context.Context, tx vault.Tx) error { return tx.ChangeKeyRecord(ctx, k) })
}

func caseIDsAreFoundByTheirBeginnings(t *testing.T, s *store.Store) {
	update(t, s, func(ctx context.Context, tx vault.Tx) error {
		for n := range 12 {
			err := errors.Join(tx.AddIntegration(ctx, anIntegration(n, fmt.Sprint("i", n))), tx.AddCredential(ctx, aCredential(n, fmt.Sprint("c", n), "a")),
				tx.AddPolicy(ctx, aPolicy(n, fmt.Sprint("p", n))), tx.AddRequest(ctx, aRequest(n, id(n))))
			if err != nil {
				return err
			}
		}
		return nil
	})
	view(t, s, func(ctx context.Context, r vault.Reader) error {
		for _, kind := range []vault.RecordKind{vault.KindIntegration, vault.KindCredential, vault.KindPolicy, vault.KindRequest} {
			one, err1 := r.IDsBetween(ctx, kind, id(7), id(7), 2)
			same(t, one, []string{id(7)})
			two, err2 := r.IDsBetween(ctx, kind, id(10), "01900000-0000-7000-8000-00000000001f", 9)
			same(t, two, []string{id(10), id(11)})
			few, err3 := r.IDsBetween(ctx, kind, id(0), id(99), 3)
			same(t, few, []string{id(0), id(1), id(2)})
			if err := errors.Join(err1, err2, err3); err != nil {
				return err
			}
		}
		return nil
	})
}

func caseDueRotationsComeBackAsTheyWere(t *testing.T, s *store.Store) {
	due := func(n, look int) vault.DueRotation {
		return vault.DueRotation{CredentialID: id(n), Salt: []byte{0, 1, 2}, Since: at(1), Tries: int64(n), Running: n == 1, Look: at(look)}
	}
	update(t, s, func(ctx context.Context, tx vault.Tx) error {
		for n := range 3 {
			if err := errors.Join(tx.AddCredential(ctx, aCredential(n, fmt.Sprint("c", n), "a")), tx.AddDueRotation(ctx, due(n, 9-n))); err != nil {
				return err
			}
		}
		return nil
	})
	refuses(t, s, vault.ErrTaken, func(ctx context.Context, tx vault.Tx) error { return tx.AddDueRotation(ctx, due(1, 5)) })
	refuses(t, s, vault.ErrStale, func(ctx context.Context, tx vault.Tx) error { return tx.ChangeDueRotation(ctx, due(1, 5), at(7)) })
	view(t, s, func(ctx context.Context, r vault.Reader) error {
		one, err1 := r.DueRotation(ctx, id(1))
		same(t, one, due(1, 8))
		some, err2 := r.DueRotations(ctx, at(9), 9)
		same(t, some, []vault.DueRotation{due(2, 7), due(1, 8)})
		first, err3 := r.DueRotations(ctx, at(30), 1)
		same(t, first, []vault.DueRotation{due(2, 7)})
		return errors.Join(err1, err2, err3)
	})
	update(t, s, func(ctx context.Context, tx vault.Tx) error {
		return errors.Join(tx.ChangeDueRotation(ctx, due(1, 20), at(8)), tx.RemoveDueRotation(ctx, id(2)), tx.RemoveDueRotation(ctx, id(2)), tx.RemoveCredential(ctx, id(0), 1))
	})
	view(t, s, func(ctx context.Context, r vault.Reader) error {
		left, err := r.DueRotations(ctx, at(59), 9)
		same(t, left, []vault.DueRotation{due(1, 20)})
		_, gone := r.DueRotation(ctx, id(0))
		if !errors.Is(gone, vault.ErrAbsent) {
			t.Errorf("it outlives its credential: %v", gone)
		}
		return err
	})
}

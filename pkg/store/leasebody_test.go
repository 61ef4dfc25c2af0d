package store_test

import (
	"context"
	"testing"
	"time"

	"pgregory.net/rapid"

	"github.com/redim-tools/redim/pkg/store"
	"github.com/redim-tools/redim/pkg/store/storetest"
	"github.com/redim-tools/redim/pkg/vault"
)

// TestALeaseIsReadAsItWasKept keeps leases of all sorts, and some that earlier
// versions wrote, which left nothing out.
func TestALeaseIsReadAsItWasKept(t *testing.T) {
	t.Parallel()
	s := open(t, sqliteBackend().make(t))
	n := 0
	rapid.Check(t, func(rt *rapid.T) {
		text := rapid.OneOf(rapid.Just(""), rapid.StringMatching(`[ -~]{1,8}`), rapid.StringMatching("[<>&\"\\\\\u2028é]{1,3}"))
		name := rapid.SampledFrom([]string{"App", "app", "ünï \"q\"", "a:b"})
		when := rapid.Map(rapid.IntRange(1, 3), at)
		n++
		l := vault.Lease{
			ID: "lease " + time.Duration(n).String() + " 0123456789", CredentialID: id(1), Credential: name.Draw(rt, "credential"), Secret: rapid.Int64Range(1, 9).Draw(rt, "secret"),
			Holder: vault.Actor{Kind: rapid.SampledFrom([]vault.ActorKind{vault.ActorIntegration, vault.ActorAdmin, vault.ActorVault}).Draw(rt, "kind"), Name: name.Draw(rt, "name"), Address: text.Draw(rt, "address")},
			Reason: text.Draw(rt, "reason"), Comment: text.Draw(rt, "comment"), Ticket: text.Draw(rt, "ticket"), RequestID: text.Draw(rt, "request"), Digest: text.Draw(rt, "digest"),
			At: when.Draw(rt, "at"), Due: at(9), State: vault.LeaseOpen,
			Stamp: vault.Stamp{Version: 1, Created: when.Draw(rt, "created"), CreatedBy: name.Draw(rt, "created by"), Changed: when.Draw(rt, "changed"), ChangedBy: name.Draw(rt, "changed by")},
		}
		if l.Holder.Kind == vault.ActorIntegration {
			l.Holder.ID = id(7)
		}
		update(t, s, func(ctx context.Context, tx vault.Tx) error { return tx.AddLease(ctx, l) })
		if got := leaseOf(t, s, l.ID); got != l {
			rt.Fatalf("kept\n%+v\nread\n%+v", l, got)
		}
	})
}

func leaseOf(t *testing.T, s *store.Store, id string) (l vault.Lease) {
	t.Helper()
	view(t, s, func(ctx context.Context, r vault.Reader) (err error) { l, err = r.Lease(ctx, id); return err })
	return l
}

func TestALeaseOfAnEarlierVersionIsRead(t *testing.T) {
	t.Parallel()
	s := open(t, sqliteBackend().make(t))
	err := s.Script(t.Context(), `insert into leases (n, id, credential_id, actor_key, exclusive, idempotency, due, state, ended, version, body)
values (1, 'an older one 1', 'c', 'integration:X', 0, '', 9000000, 'open', 0, 1,
  '{"credential":"web01/root","secret":2,"kind":"integration","actor":"X","name":"App","at":1000000,"created":1000000,"created_by":"App","changed":2000000,"changed_by":"root"}')`)
	if err != nil {
		t.Fatal(err)
	}
	second := func(n int64) time.Time { return time.Unix(n, 0).UTC() }
	want := vault.Lease{
		ID: "an older one 1", CredentialID: "c", Credential: "web01/root", Secret: 2, Holder: vault.Actor{Kind: vault.ActorIntegration, ID: "X", Name: "App"},
		At: second(1), Due: second(9), State: vault.LeaseOpen, Stamp: vault.Stamp{Version: 1, Created: second(1), CreatedBy: "App", Changed: second(2), ChangedBy: "root"},
	}
	if got := leaseOf(t, s, want.ID); got != want {
		t.Errorf("read\n%+v\nwant\n%+v", got, want)
	}
}

// TestServersOfAnEarlierVersionCanReadLeases has one on PostgreSQL, whose body leaves
// nothing out.
func TestServersOfAnEarlierVersionCanReadLeases(t *testing.T) {
	t.Parallel()
	address := storetest.Start(t).Database(t)
	s := open(t, address)
	update(t, s, func(ctx context.Context, tx vault.Tx) error { return tx.AddLease(ctx, aLease("as it was", id(1))) })
	const whole = `do $$ begin
  if not exists (select 1 from leases where body like '%"kind":"integration"%"actor":"%"created_by":"%"changed_by":"%"at":%"created":%"changed":%') then
    raise exception 'it is not whole';
  end if;
end $$`
	if err := beneathPostgreSQL(t, address)(whole); err != nil {
		t.Error(err)
	}
}

package store_test

import (
	"context"
	"fmt"
	"net/netip"
	"time"

	"github.com/redim-tools/redim/pkg/audit"
	"github.com/redim-tools/redim/pkg/vault"
)

func at(minute int) time.Time { return time.Date(2026, 11, 21, 12, minute, 0, 123000, time.UTC) }

func stamp() vault.Stamp {
	return vault.Stamp{Version: 1, Created: at(0), CreatedBy: "alice", Changed: at(1), ChangedBy: "bob"}
}

// edition is that of a record whose stamp is of this version.
func edition(version int64) vault.Edition {
	return vault.Edition(version + stamp().Changed.UnixMicro())
}

// id is an id whose order is that of n.
func id(n int) string { return fmt.Sprintf("01900000-0000-7000-8000-%012d", n) }

func anIntegration(n int, name string) vault.Integration {
	return vault.Integration{
		ID: id(n), Name: name, Description: "Backs the Ünïcode files up, nightly", Active: true, Auth: vault.AuthApplication,
		Proof:   vault.Proof{Kind: vault.ProofArgon2id, Salt: []byte{1, 0, 2}, Sum: []byte{3, 255}},
		Account: `EX\svc`, Allowed: []netip.Prefix{netip.MustParsePrefix("10.0.0.0/24"), netip.MustParsePrefix("2001:db8::1/128")},
		Reason: "backup", Hours: 90 * time.Minute, Comment: "from the <backup> & more", Skip: vault.Skip{Justification: "it runs at night", Until: at(59)},
		Grants: []vault.Pattern{{System: "web*", Account: "svc-*"}}, Stamp: stamp(),
	}
}

func aPolicy(n int, name string) vault.Policy {
	return vault.Policy{
		ID: id(n), Name: name, Description: "two pairs of eyes", Approval: vault.Approval{Needed: 2, Approvers: []string{"carol", "dave"}, Timeout: 2 * time.Hour, Then: vault.ThenReject},
		Exclusive: true, Longest: 4 * time.Hour, Rotator: "none", Access: vault.AccessRestricted, Stamp: stamp(),
	}
}

func aCredential(n int, system, account string) vault.Credential {
	return vault.Credential{
		ID: id(n), System: system, Account: account, Kind: vault.KindPassword, Description: "a % of _ and \\", Access: vault.AccessShared,
		Endpoints: []string{"Front01", "front02"}, Secret: 1, Stamp: stamp(),
	}
}

func aSecret(credential string, number int64, key string) vault.SecretVersion {
	return vault.SecretVersion{CredentialID: credential, Number: number, Sealed: []byte{0, 1, 2, byte(number)}, Wrapped: []byte{9, 0}, WrappedBy: key, Created: at(2), CreatedBy: "alice"}
}

func aRequest(n int, credential string) vault.Request {
	return vault.Request{
		ID: id(n), CredentialID: credential, Credential: "web01/root", Requester: vault.Actor{Kind: vault.ActorAdmin, Name: "Erin", Address: "10.1.2.3"},
		For: 3 * time.Hour, Reason: "patch", Comment: "now", Ticket: "CHG-1", Needed: 1, Approvers: []string{"carol"}, Then: vault.ThenAccept,
		State: vault.RequestPending, Until: at(30), Decisions: []vault.Decision{{By: "carol", At: at(3), Approve: true, Comment: "fine"}}, Key: "key " + id(n), Digest: "d1", Stamp: stamp(),
	}
}

func aLease(name, credential string) vault.Lease {
	return vault.Lease{
		ID: name, CredentialID: credential, Credential: "web01/root", Secret: 1, Holder: vault.Actor{Kind: vault.ActorIntegration, ID: id(900), Name: "backup"},
		Exclusive: true, Reason: "r", Comment: "c", Ticket: "t", RequestID: id(7), Digest: "d2", At: at(4), Due: at(40), State: vault.LeaseOpen, Stamp: stamp(),
	}
}

func anEvent(minute int, kind audit.Kind, integration string) audit.Event {
	return audit.Event{
		Time: at(minute), Kind: kind, Actor: "Alice", Address: "10.0.0.9", IntegrationID: id(1), Integration: integration, CredentialID: id(2), Credential: "Web01/Root",
		Lease: "a1b2c3d4", Reason: "why", Outcome: audit.OutcomeReleased, Released: "keyed", Changes: []audit.Change{{Field: "hours", Old: "1", New: "2"}},
	}
}

// record adds events as the service does.
func record(ctx context.Context, tx vault.Tx, events ...audit.Event) error {
	head, err := tx.Head(ctx)
	if err != nil {
		return err
	}
	records := make([]audit.Record, len(events))
	for i, e := range events {
		records[i], head = head.Link(e)
	}
	return tx.AddRecords(ctx, records, head.Seal([]byte("key")))
}

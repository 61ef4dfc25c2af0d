//go:build unix

package store_test

import "github.com/redim-tools/redim/pkg/vault"

const benchIntegration = "01900000-0000-7000-8000-000000000001"

// sameRows go to the tables of the store, with their indexes, checks and triggers.
func sameRows() rowSet {
	return rowSet{
		credential: "insert into secret_versions (credential_id, number, sealed, wrapped, wrapped_by, created, created_by) values (?, 1, ?, x'00', 'k', 0, '')",
		read:       "select sealed from secret_versions where credential_id = ? and number = 1",
		lease: `insert into leases (id, credential_id, actor_name, reason, comment, at, due, credential, secret, exclusive, ticket, request_id, idempotency, state, ended, actor_kind, actor_id, actor_address, actor_key, version, created, created_by, changed, changed_by)
values (?, ?, 'backup', 'nightly backup', 'from the datacentre; run 17', ?, ?, 'host000001/root', 1, 0, 'CHG-4711', '', '', 'open', 0, 'integration', '` + benchIntegration + `', '10.1.2.3', 'integration:` + benchIntegration + `', 1, 1, 'backup', 1, 'backup')`,
		event:  "insert into events (chain, seq, prev, hash, at, credential, lease, released, kind, body, actor, integration_id, integration) values ('01900000-0000-7000-8000-000000000900', ?, ?, ?, ?, ?, ?, ?, ?, ?, 'backup', '" + benchIntegration + "', 'backup')",
		head:   "insert into heads (chain, seq, hash, mac) values ('01900000-0000-7000-8000-000000000900', ?, zeroblob(32), zeroblob(32)) on conflict (chain) do update set seq = excluded.seq, hash = excluded.hash, mac = excluded.mac",
		values: sameValues,
	}
}

func sameValues(n int64, credential string) (lease, intent, outcome []any) {
	at, name := 1763726460000123+97*n, vault.NewLeaseID()
	ref := "host" + credential[len(credential)-6:] + "/root"
	event := func(seq int64, kind, released string) []any {
		return []any{seq, make([]byte, 32), make([]byte, 32), at, ref, name, released, kind, make([]byte, 230)}
	}
	return []any{name, credential, at, at + 3_600_000_000}, event(2*n, "checkout.intent", ""), event(2*n+1, "checkout.outcome", "k:0123456789abcdef0123456789abcdef0123456789ab")
}

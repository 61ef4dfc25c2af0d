//go:build unix

package store_test

import "github.com/redim-tools/redim/pkg/vault"

const benchIntegration = "01900000-0000-7000-8000-000000000001"

// sameRows go to the tables of the store, with their indexes, checks and triggers.
func sameRows() rowSet {
	return rowSet{
		credential: "insert into secret_versions (credential_id, number, sealed, wrapped, wrapped_by, created, created_by) values (?, 1, ?, x'00', 'k', 0, '')",
		read:       "select sealed from secret_versions where credential_id = ? and number = 1",
		lease:      "insert into leases (id, credential_id, due, actor_key, exclusive, idempotency, state, ended, version, body) values (?, ?, ?, 'integration:" + benchIntegration + "', 1, '', 'open', 0, 1, '" + benchBody + "') on conflict do nothing",
		events:     "insert or fail into events (seq, prev, hash, at, credential, lease, released, body, kind, rare, actor, integration_id, integration) values (?, ?, ?, ?, ?, ?, ?, ?, 'checkout.intent checkout.outcome', 0, 'backup', '" + benchIntegration + "', 'backup')",
		head:       "insert into heads (chain, seq, hash, mac) values ('01900000-0000-7000-8000-000000000900', ?, zeroblob(32), zeroblob(32)) on conflict (chain) do update set seq = excluded.seq, hash = excluded.hash, mac = excluded.mac",
		rest:       "update leases set state = 'expired', ended = 1, version = 2 where state = 'open'",
		values:     sameValues,
	}
}

const benchBody = `{"credential":"host000001/root","secret":1,"kind":"integration","actor":"` + benchIntegration + `","name":"backup","address":"10.1.2.3","reason":"nightly backup","comment":"from the datacentre; run 17","ticket":"CHG-4711","at":1763726460000123,"created":1763726460000123,"created_by":"backup","changed":1763726460000123,"changed_by":"backup"}`

func sameValues(n int64, credential string) (lease, events []any) {
	at, name, ref := 1763726460000123+97*n, vault.NewLeaseID(), "host"+credential[len(credential)-6:]+"/root"
	return []any{name, credential, at + 3_600_000_000}, []any{2 * n, make([]byte, 32), make([]byte, 64), at, ref, name, benchHash, make([]byte, 580)}
}

// benchHash is as long as the keyed hash of a secret.
const benchHash = "hmac-sha256:0123456789abcdef0123456789abcdef0123456789abcdef0123456789abcdef"

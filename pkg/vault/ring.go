package vault

import (
	"context"
	"crypto/ed25519"
	"crypto/rand"
	"errors"
	"sync"

	"github.com/redim-tools/redim/pkg/audit"
	"github.com/redim-tools/redim/pkg/pam"
	"github.com/redim-tools/redim/pkg/secret"
)

// ring holds the keys that are open.
type ring struct {
	source Keys
	hash   secret.Value      // set once by openRing
	redact audit.Redactor    // as above: hashes with hash
	sign   secret.Value      // as above: an ed25519 seed
	public ed25519.PublicKey // as above

	mu   sync.RWMutex
	keys map[string]Key
}

// find is the master key with this id, fetched once.
func (r *ring) find(ctx context.Context, id string) (Key, error) {
	r.mu.RLock()
	key := r.keys[id]
	r.mu.RUnlock()
	if key != nil {
		return key, nil
	}
	key, err := r.source.Find(ctx, id)
	if err != nil {
		return nil, noKey(id, err)
	}
	r.mu.Lock()
	defer r.mu.Unlock()
	r.keys[id] = key
	return key, nil
}

func noKey(id string, err error) error {
	class := pam.ErrOther
	if errors.Is(err, pam.ErrInterrupted) {
		class = pam.ErrInterrupted
	}
	f := pam.Failf(class, "the master key %s of this store can not be had: %w", id, err)
	if cause, ok := errors.AsType[*pam.Failure](err); ok && cause.Class != pam.ErrNotFound && cause.Hint != "" {
		return f.WithHint("%s", cause.Hint) // the key may be there
	}
	return f.WithHint("put the key back where the setting key says, from its backup; without it nothing in the store can be opened")
}

// openRing opens the keys of the store, or makes them in a store that has none.
func (s *Service) openRing(ctx context.Context) error {
	records, err := view(ctx, s, func(ctx context.Context, r Reader) ([]KeyRecord, error) { return r.KeyRecords(ctx) })
	if err != nil {
		return err
	}
	if len(records) == 0 {
		err := s.makeRing(ctx)
		if !errors.Is(err, ErrTaken) {
			return err
		}
		if records, err = view(ctx, s, func(ctx context.Context, r Reader) ([]KeyRecord, error) { return r.KeyRecords(ctx) }); err != nil {
			return err
		}
	}
	return s.ring.load(ctx, records)
}

func (r *ring) load(ctx context.Context, records []KeyRecord) error {
	opened := map[string]secret.Value{}
	for _, k := range records {
		v, err := r.unwrap(ctx, k)
		if err != nil {
			return err
		}
		opened[k.Name] = v
	}
	if opened[KeyMaster].IsEmpty() || opened[KeyHash].IsEmpty() || opened[KeyCheckpoint].Len() != ed25519.SeedSize {
		return pam.Failf(pam.ErrOther, "the store lacks one of its keys").WithHint("put the store back from a backup")
	}
	r.hash, r.sign = opened[KeyHash], opened[KeyCheckpoint]
	r.redact = audit.NewRedactor(r.hash)
	return r.sign.Reveal(func(seed []byte) error {
		r.public, _ = ed25519.NewKeyFromSeed(seed).Public().(ed25519.PublicKey)
		return nil
	})
}

func (r *ring) unwrap(ctx context.Context, k KeyRecord) (secret.Value, error) {
	key, err := r.find(ctx, k.WrappedBy)
	if err != nil {
		return secret.Value{}, err
	}
	b, err := key.Open(k.Wrapped, k.place())
	if err != nil {
		return secret.Value{}, pam.Failf(pam.ErrOther, "key %s of the store can not be opened: %w", k.Name, err).
			WithHint("the master key is not the one that this store was made with; put the right one back from its backup")
	}
	return secret.New(b), nil
}

// wrap seals the content of a key record by key.
func (k KeyRecord) wrap(key Key, content []byte) (KeyRecord, error) {
	var err error
	k.Wrapped, err = key.Seal(content, k.place())
	k.WrappedBy = key.ID()
	return k, err
}

func (k KeyRecord) place() []byte { return []byte("redim key 1\n" + k.Name) }

// makeRing makes the keys of a new store. ErrTaken when another process was faster.
func (s *Service) makeRing(ctx context.Context) error {
	key, err := s.ring.source.Current(ctx)
	if err != nil {
		return err
	}
	records, err := newKeyRecords(key)
	if err != nil {
		return err
	}
	s.ring.keys[key.ID()] = key
	if err := s.ring.load(ctx, records); err != nil {
		return err
	}
	return s.store.Update(ctx, func(ctx context.Context, tx Tx) error {
		if err := noKeysYet(ctx, tx); err != nil {
			return err
		}
		for _, k := range records {
			if err := tx.AddKeyRecord(ctx, k); err != nil {
				return err
			}
		}
		e := s.event(audit.KeyMade, vaultActor())
		e.Changes = []audit.Change{{Field: "master key", New: key.ID()}}
		return s.record(ctx, tx, e)
	})
}

// noKeysYet looks for what is wrapped before it looks for the keys: what another
// process commits between both must not look like secrets without keys.
func noKeysYet(ctx context.Context, tx Tx) error {
	wrapped, err := tx.Wrappings(ctx)
	if err != nil {
		return err
	}
	switch made, err := tx.KeyRecords(ctx); {
	case err != nil:
		return err
	case len(made) > 0:
		return ErrTaken
	}
	return orphaned(len(wrapped))
}

func orphaned(n int) error {
	if n == 0 {
		return nil
	}
	return pam.Failf(pam.ErrOther, "the store holds secrets and no keys").WithHint("put the store back from a backup")
}

func newKeyRecords(key Key) ([]KeyRecord, error) {
	public, private, err := ed25519.GenerateKey(nil)
	if err != nil {
		return nil, err
	}
	hash, mark := make([]byte, 32), make([]byte, 32)
	_, _ = rand.Read(hash) // never fails: it ends the process instead
	_, _ = rand.Read(mark)
	var out []KeyRecord
	for _, k := range []struct {
		record  KeyRecord
		content []byte
	}{
		{KeyRecord{Name: KeyMaster, Version: 1}, mark},
		{KeyRecord{Name: KeyHash, Version: 1}, hash},
		{KeyRecord{Name: KeyCheckpoint, Public: public, Version: 1}, private.Seed()},
	} {
		record, err := k.record.wrap(key, k.content)
		if err != nil {
			return nil, err
		}
		out = append(out, record)
	}
	return out, nil
}

func vaultActor() Actor { return Actor{Kind: ActorVault, Name: "vault"} }

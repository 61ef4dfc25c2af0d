package vault

import (
	"context"
	"errors"
	"slices"
	"strings"

	"github.com/redim-tools/redim/pkg/audit"
	"github.com/redim-tools/redim/pkg/pam"
	"github.com/redim-tools/redim/pkg/secret"
)

// CredentialResult is what became of a change.
type CredentialResult struct {
	Credential Credential
	Changes    []audit.Change // empty: it was so already
	Rotated    bool           // it has a new secret version
}

// errMoved tells that the master key became another one before the unit began.
var errMoved = errors.New("the master key was rotated meanwhile")

// Credentials searches. An empty cursor begins, and Next of a page goes on.
func (s *Service) Credentials(ctx context.Context, c CredentialCriteria, cursor string) (Page[Credential], error) {
	c.For = Fold(c.For)
	bare := c
	bare.Paging = c.bare()
	var err error
	if c.Paging, err = c.Paging.normalise(cursor, bare); err != nil {
		return Page[Credential]{}, err
	}
	return view(ctx, s, func(ctx context.Context, r Reader) (Page[Credential], error) { return r.Credentials(ctx, c) })
}

// Credential finds one by system/account or id.
func (s *Service) Credential(ctx context.Context, ref string) (Credential, error) {
	return view(ctx, s, func(ctx context.Context, r Reader) (Credential, error) { return credentialOf(ctx, r, ref) })
}

// credentialOf finds one by system/account, its id or the beginning of that.
func credentialOf(ctx context.Context, r Reader, ref string) (Credential, error) {
	id, err := wholeID(ctx, r, KindCredential, ref)
	if err != nil {
		return Credential{}, err
	}
	if isID(id) {
		c, err := r.Credential(ctx, id)
		return c, found(err, "credential", ref, "credentials list")
	}
	system, account, err := ParseRef(ref)
	if err != nil {
		return Credential{}, err
	}
	c, err := r.CredentialNamed(ctx, system, account)
	return c, found(err, "credential", ref, "credentials list")
}

// History lists the secret versions of a credential, newest first, without
// what is sealed in them.
func (s *Service) History(ctx context.Context, ref string) (Credential, []SecretVersion, error) {
	var c Credential
	versions, err := view(ctx, s, func(ctx context.Context, r Reader) (_ []SecretVersion, err error) {
		if c, err = credentialOf(ctx, r, ref); err != nil {
			return nil, err
		}
		return r.SecretVersions(ctx, c.ID)
	})
	for n := range versions {
		versions[n].Sealed, versions[n].Wrapped = nil, nil
	}
	return c, versions, err
}

// CreateCredential makes a new one. ErrConflict when the name is taken.
func (s *Service) CreateCredential(ctx context.Context, a Actor, edit CredentialEdit) (CredentialResult, error) {
	var result CredentialResult
	err := s.withMaster(ctx, func(master Key) error {
		return s.store.Update(ctx, func(ctx context.Context, tx Tx) (err error) {
			if err := stillMaster(ctx, tx, master); err != nil {
				return err
			}
			result, err = s.addCredential(ctx, tx, a, master, edit)
			return err
		})
	})
	return result, err
}

func (s *Service) addCredential(ctx context.Context, tx Tx, a Actor, master Key, edit CredentialEdit) (CredentialResult, error) {
	c, err := edit.apply(NewCredential())
	if err != nil {
		return CredentialResult{}, err
	}
	if c.PolicyID, err = policyIDOf(ctx, tx, edit.Policy, ""); err != nil {
		return CredentialResult{}, err
	}
	c.ID, c.Stamp = s.newID(), s.stamp(a)
	if !edit.Secret.IsEmpty() {
		c.Secret = 1
	}
	if err := tx.AddCredential(ctx, c); err != nil {
		return CredentialResult{}, credentialTaken(err, c)
	}
	changes := Credential{}.Diff(s.redactor(), c)
	if !edit.Secret.IsEmpty() {
		if err := s.addVersion(ctx, tx, a, master, c, edit.Secret); err != nil {
			return CredentialResult{}, err
		}
		changes = s.redactor().Diff(changes, "secret", audit.Hashed(secret.Value{}), audit.Hashed(edit.Secret))
	}
	e := s.credentialEvent(audit.CredentialCreated, a, c)
	e.Changes = changes
	return CredentialResult{Credential: c, Changes: changes, Rotated: c.Secret > 0}, s.record(ctx, tx, e)
}

// addVersion seals the secret as version c.Secret.
func (s *Service) addVersion(ctx context.Context, tx Tx, a Actor, master Key, c Credential, v secret.Value) error {
	version, err := sealSecret(master, SecretVersion{CredentialID: c.ID, Number: c.Secret, Created: s.now(), CreatedBy: a.Name}, v)
	if err != nil {
		return err
	}
	return tx.AddSecretVersion(ctx, version)
}

// EditCredential changes what the edit names; see EditIntegration for seen.
func (s *Service) EditCredential(ctx context.Context, a Actor, ref string, seen int64, edit CredentialEdit) (CredentialResult, error) {
	var result CredentialResult
	err := s.withMaster(ctx, func(master Key) error {
		return s.store.Update(ctx, func(ctx context.Context, tx Tx) error {
			was, err := credentialOf(ctx, tx, ref)
			if err != nil {
				return err
			}
			if was, err = tx.LockCredential(ctx, was.ID); err != nil {
				return found(err, "credential", ref, "credentials list")
			}
			if seen != 0 && seen != was.Version {
				return s.overtaken(ctx, tx, EventCriteria{Credential: was.Ref()}, "credential", was.Ref(), seen)
			}
			result, err = s.changeCredential(ctx, tx, a, master, was, edit)
			return err
		})
	})
	return result, err
}

func (s *Service) changeCredential(ctx context.Context, tx Tx, a Actor, master Key, was Credential, edit CredentialEdit) (CredentialResult, error) {
	is, err := edit.apply(was)
	if err != nil {
		return CredentialResult{}, err
	}
	if is.PolicyID, err = policyIDOf(ctx, tx, edit.Policy, was.PolicyID); err != nil {
		return CredentialResult{}, err
	}
	changes := was.Diff(s.redactor(), is)
	fresh, err := s.freshSecret(ctx, tx, was, edit.Secret, &changes)
	if err != nil || len(changes) == 0 {
		return CredentialResult{Credential: was}, err
	}
	kind := audit.CredentialChanged
	if fresh {
		if err := stillMaster(ctx, tx, master); err != nil {
			return CredentialResult{}, err
		}
		is.Secret++
		if err := s.addVersion(ctx, tx, a, master, is, edit.Secret); err != nil {
			return CredentialResult{}, err
		}
		if len(changes) == 1 {
			kind = audit.CredentialRotated
		}
		if err := tx.RemoveDueRotation(ctx, was.ID); err != nil {
			return CredentialResult{}, err
		}
	}
	is.Stamp = s.touch(was.Stamp, a)
	if err := tx.ChangeCredential(ctx, is); err != nil {
		return CredentialResult{}, credentialTaken(err, is)
	}
	e := s.credentialEvent(kind, a, was)
	e.Changes = slices.Concat(changes, []audit.Change{versionChange(was.Version)})
	is.Version++
	return CredentialResult{Credential: is, Changes: changes, Rotated: fresh}, s.record(ctx, tx, e)
}

// freshSecret reports whether v is another secret than the present one, and
// appends the change.
func (s *Service) freshSecret(ctx context.Context, tx Tx, was Credential, v secret.Value, changes *[]audit.Change) (bool, error) {
	if v.IsEmpty() {
		return false, nil
	}
	present := secret.Value{}
	if was.Secret > 0 {
		version, err := tx.SecretVersion(ctx, was.ID, was.Secret)
		if err != nil {
			return false, err
		}
		key, err := s.ring.find(ctx, version.WrappedBy)
		if err != nil {
			return false, err
		}
		if present, err = openSecret(key, version); err != nil {
			return false, err
		}
		defer present.Wipe()
	}
	if present.Equal(v) {
		return false, nil
	}
	*changes = s.redactor().Diff(*changes, "secret", audit.Hashed(present), audit.Hashed(v))
	return true, nil
}

// DeleteCredential removes one with all its secrets. Its events stay.
func (s *Service) DeleteCredential(ctx context.Context, a Actor, ref string) (Credential, error) {
	var gone Credential
	err := s.store.Update(ctx, func(ctx context.Context, tx Tx) (err error) {
		if gone, err = credentialOf(ctx, tx, ref); err != nil {
			return err
		}
		err = tx.RemoveCredential(ctx, gone.ID, gone.Version)
		if errors.Is(err, ErrInUse) {
			return pam.Failf(pam.ErrConflict, "credential %s is checked out or asked for", gone.Ref()).WithHint("check it in, and drop its requests, then delete it")
		}
		if err != nil {
			return changedMeanwhile(err, "credential", gone.Ref())
		}
		e := s.credentialEvent(audit.CredentialDeleted, a, gone)
		e.Changes = gone.Diff(s.redactor(), Credential{})
		return s.record(ctx, tx, e)
	})
	return gone, err
}

func credentialTaken(err error, c Credential) error {
	if errors.Is(err, ErrTaken) {
		return pam.Failf(pam.ErrConflict, "there is a credential %s already; case does not matter", c.Ref()).WithHint("edit that one, or choose another name")
	}
	return changedMeanwhile(err, "credential", c.Ref())
}

func (s *Service) credentialEvent(kind audit.Kind, a Actor, c Credential) audit.Event {
	e := s.event(kind, a)
	e.CredentialID, e.Credential = c.ID, c.Ref()
	return e
}

// withMaster runs do with the present master key, again when it was rotated
// just before.
func (s *Service) withMaster(ctx context.Context, do func(master Key) error) error {
	const tries = 5
	var err error
	for range tries {
		var record KeyRecord
		record, err = view(ctx, s, func(ctx context.Context, r Reader) (KeyRecord, error) { return r.KeyRecord(ctx, KeyMaster) })
		if err != nil {
			return err
		}
		master, keyErr := s.ring.find(ctx, record.WrappedBy)
		if keyErr != nil {
			return keyErr
		}
		if err = do(master); !errors.Is(err, errMoved) {
			return err
		}
	}
	return pam.Failf(pam.ErrConflict, "the master key is rotated again and again: %w", err).WithHint("wait for the rotation to end, then try again")
}

func stillMaster(ctx context.Context, tx Tx, master Key) error {
	record, err := tx.LockKeyRecord(ctx, KeyMaster)
	if err == nil && record.WrappedBy != master.ID() {
		return errMoved
	}
	return err
}

// policyIDOf finds the id of the policy that an edit names.
func policyIDOf(ctx context.Context, r Reader, ref *string, present string) (string, error) {
	if ref == nil {
		return present, nil
	}
	if strings.TrimSpace(*ref) == "" {
		return "", nil
	}
	p, err := policyOf(ctx, r, *ref)
	return p.ID, err
}

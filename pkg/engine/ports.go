package engine

import (
	"context"
	"encoding/json"
	"net/netip"
	"time"

	"github.com/redim-tools/redim/pkg/pam"
)

// Source answers for one store of credentials. Every call is made as an
// identity; signing in, and signing in again when a token is refused, is the
// source's own business. Failures carry a pam.Class. Implementations are safe
// for concurrent use.
type Source interface {
	// Stored lists the stored credentials of one system, or of one DNS
	// domain, that the identity may see; none is an empty list.
	Stored(ctx context.Context, as pam.Identity, system string) ([]pam.Credential, error)
	// SharedLists names the shared credential lists.
	SharedLists(ctx context.Context, as pam.Identity) ([]string, error)
	// SharedEntries lists the entries of one of them.
	SharedEntries(ctx context.Context, as pam.Identity, list string) ([]pam.Credential, error)
	// SystemName finds the name of the system at an address.
	SystemName(ctx context.Context, as pam.Identity, ip netip.Addr) (string, error)

	// CheckOut obtains the secret. It is never retried after the request
	// may have been received: a failure from then on, unless it is the
	// service's own refusal, is also ErrUncertain. ErrCheckedOut when
	// someone else holds it.
	CheckOut(ctx context.Context, as pam.Identity, c pam.Credential, comment string) (pam.Release, error)
	// Read obtains the secret without checking it out, whoever holds it.
	// ErrDenied without the permission Ignore Password Checkout.
	Read(ctx context.Context, as pam.Identity, c pam.Credential) (pam.Release, error)
	// CheckIn gives it back. ErrNotFound when it was not checked out.
	CheckIn(ctx context.Context, as pam.Identity, c pam.Credential, comment string) error

	Jobs
}

// Jobs are the part of a source that changes passwords.
type Jobs interface {
	// JobSettings reads a job as the service keeps it, member by member.
	JobSettings(ctx context.Context, as pam.Identity, id int64) (json.RawMessage, error)
	// CreatePasswordJob creates a password-change job and returns its id, 0
	// when the service did not tell.
	CreatePasswordJob(ctx context.Context, as pam.Identity, job json.RawMessage) (int64, error)
	// SetJobComment sets a job's comment.
	SetJobComment(ctx context.Context, as pam.Identity, id int64, comment string) error
	// JobStatus tells how far a job has come. ErrNotFound when there is none.
	JobStatus(ctx context.Context, as pam.Identity, id int64) (pam.Job, error)
}

// Journal is the crash-safe record of checkouts; ErrJournal when it can't be kept.
type Journal interface {
	// Append records a checkout in its present state. An intent must outlast
	// a power failure; an outcome must outlast this process.
	Append(ctx context.Context, c pam.Checkout) error
	// Open lists the checkouts that are intended or open, oldest first.
	Open(ctx context.Context) ([]pam.Checkout, error)
}

// Facts are what a source has noticed while it was used.
type Facts interface {
	// ClockOffset is the service's clock less ours; ok is false before the
	// first answer.
	ClockOffset() (offset time.Duration, ok bool)
	// Unattested names the operations in use that no public material attests.
	Unattested() []string
}

// Clock tells the time.
type Clock func() time.Time

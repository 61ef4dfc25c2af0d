package vault

import (
	"net/netip"
	"time"
)

// AuthType is how an integration proves itself.
type AuthType string

// The two ways.
const (
	AuthApplication AuthType = "application" // a secret, typed or generated
	AuthWindows     AuthType = "windows"     // an account of a Windows domain
)

// Integration is an application that may check credentials out.
type Integration struct {
	ID          string
	Name        string // unique by Fold
	Description string
	Active      bool
	Auth        AuthType
	Proof       Proof  // application: how the secret is recognised; never the secret
	Account     string // windows: DOMAIN\name or name@REALM
	Allowed     []netip.Prefix
	Reason      string        // the base of every check-out's reason
	Hours       time.Duration // the most it gets
	Comment     string
	Skip        Skip
	Grants      []Pattern
	Epoch       int64 // tokens of an earlier one are revoked
	Stamp
}

// Skip is the permission to go without approval. The zero Skip is none.
type Skip struct {
	Justification string
	Until         time.Time // zero: no end
}

// Holds reports whether approval may be skipped now.
func (s Skip) Holds(now time.Time) bool {
	return s.Justification != "" && (s.Until.IsZero() || now.Before(s.Until))
}

// Stamp is what every record has: who made and changed it when, and the
// version that a change must name. A store adds one to it at every change.
type Stamp struct {
	Version   int64 // 1 is the first
	Created   time.Time
	CreatedBy string
	Changed   time.Time
	ChangedBy string
}

// Edition tells a version of a record from all others that it ever had: its number and
// the microsecond of the change, added up. Numbers alone come again when a store is
// restored, or goes on from a standby that lacks the last changes. 0 is none.
type Edition int64

// Edition is that of the record; 0 of one that is in no store.
func (s Stamp) Edition() Edition {
	if s.Version == 0 || s.Changed.IsZero() {
		return Edition(s.Version)
	}
	return Edition(s.Version + s.Changed.UnixMicro())
}

package cli

import (
	"time"

	"github.com/redim-tools/redim/pkg/pam"
)

// CheckoutJSON is a checkout as every command shows it. It has no secret.
type CheckoutJSON struct {
	ID         string         `json:"id"`
	State      string         `json:"state"`
	Overdue    bool           `json:"overdue"`
	Profile    string         `json:"profile,omitempty"` // none in a vault's own store
	Identity   string         `json:"identity"`
	Credential CredentialJSON `json:"credential"`
	Comment    string         `json:"comment,omitempty"`
	Ticket     string         `json:"ticket,omitempty"`
	Via        string         `json:"via,omitempty"`
	At         time.Time      `json:"at"`
	Due        time.Time      `json:"due,omitzero"`
}

// NewCheckoutJSON copies what may be shown.
func NewCheckoutJSON(c pam.Checkout, now time.Time) CheckoutJSON {
	return CheckoutJSON{
		ID: c.ID, State: string(c.State), Overdue: c.Overdue(now), Profile: c.Profile, Identity: c.Identity.String(),
		Credential: NewCredentialJSON(c.Credential), Comment: c.Comment, Ticket: c.Ticket, Via: c.Via, At: c.At, Due: c.Due,
	}
}

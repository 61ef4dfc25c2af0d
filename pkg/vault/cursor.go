package vault

import (
	"encoding/base64"
	"encoding/json"

	"github.com/redim-tools/redim/pkg/pam"
)

// Cursor is the last row of a page: where the next one goes on. Key and ID are
// the store's own words in the order that Sort names; a row that was removed
// meanwhile does no harm.
type Cursor struct {
	Sort   Sort   `json:"s,omitempty"`
	Key    string `json:"k,omitempty"`
	ID     string `json:"i"`
	Digest string `json:"d,omitempty"`
}

// IsZero reports whether it is the beginning.
func (c Cursor) IsZero() bool { return c == Cursor{} }

// String is the cursor as text for scripts to hand back. The zero Cursor is empty.
func (c Cursor) String() string {
	if c.IsZero() {
		return ""
	}
	b, _ := json.Marshal(c) // plain strings always marshal
	return base64.RawURLEncoding.EncodeToString(b)
}

// ParseCursor reads what String wrote for the criteria of this digest.
// ErrUsage for anything else.
func ParseCursor(text, digest string) (Cursor, error) {
	if text == "" {
		return Cursor{}, nil
	}
	var c Cursor
	b, err := base64.RawURLEncoding.DecodeString(text)
	if err != nil || json.Unmarshal(b, &c) != nil || c.ID == "" {
		return Cursor{}, pam.Failf(pam.ErrUsage, "the cursor is none of ours").WithHint("hand back next as it was given, or leave the cursor out")
	}
	if c.Digest != digest {
		return Cursor{}, pam.Failf(pam.ErrUsage, "the cursor belongs to another search").WithHint("repeat the search with the same criteria, or leave the cursor out")
	}
	return c, nil
}

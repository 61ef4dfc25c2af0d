package journal

import (
	"bytes"
	"encoding/json"
	"fmt"
	"hash/crc32"
	"time"

	"github.com/redim-tools/redim/pkg/pam"
)

// record is one line of the file: eight hex digits of CRC-32, a blank, JSON.
type record struct {
	Version    int               `json:"v"`
	ID         string            `json:"id"`
	State      pam.CheckoutState `json:"state"`
	Profile    string            `json:"profile"`
	Domain     string            `json:"domain,omitempty"`
	User       string            `json:"user"`
	Credential credential        `json:"credential"`
	Comment    string            `json:"comment,omitempty"`
	Ticket     string            `json:"ticket,omitempty"`
	At         time.Time         `json:"at"`
	Due        time.Time         `json:"due,omitzero"`
}

type credential struct {
	Kind       pam.Kind      `json:"kind"`
	List       string        `json:"list,omitempty"`
	System     string        `json:"system"`
	Namespace  string        `json:"namespace,omitempty"`
	Account    string        `json:"account"`
	Target     string        `json:"target,omitempty"`
	Type       pam.StoreType `json:"type"`
	CustomType string        `json:"custom_type,omitempty"`
	Random     bool          `json:"random,omitempty"`
	AutoSpin   bool          `json:"auto_spin,omitempty"`
}

func encode(c pam.Checkout) []byte {
	k := c.Credential
	body, _ := json.Marshal(record{ // no member of it can fail to marshal
		Version: 1, ID: c.ID, State: c.State, Profile: c.Profile, Domain: c.Identity.Domain, User: c.Identity.Name,
		Comment: c.Comment, Ticket: c.Ticket, At: c.At, Due: c.Due,
		Credential: credential{Kind: k.Kind, List: k.List, System: k.System, Namespace: k.Namespace, Account: k.Account,
			Target: k.Target, Type: k.Type, CustomType: k.CustomType, Random: k.Random, AutoSpin: k.AutoSpin},
	})
	return fmt.Appendf(nil, "%08x %s\n", crc32.ChecksumIEEE(body), body)
}

// decode reads one line without its newline; ok is false for one that was cut
// or damaged.
func decode(line []byte) (c pam.Checkout, ok bool) {
	sum, body, found := bytes.Cut(line, []byte(" "))
	if !found || string(sum) != fmt.Sprintf("%08x", crc32.ChecksumIEEE(body)) {
		return c, false
	}
	var r record
	if json.Unmarshal(body, &r) != nil || r.Version != 1 {
		return c, false
	}
	k := r.Credential
	return pam.Checkout{
		ID: r.ID, State: r.State, Profile: r.Profile, Identity: pam.Identity{Domain: r.Domain, Name: r.User},
		Comment: r.Comment, Ticket: r.Ticket, At: r.At, Due: r.Due,
		Credential: pam.Credential{Kind: k.Kind, List: k.List, System: k.System, Namespace: k.Namespace, Account: k.Account,
			Target: k.Target, Type: k.Type, CustomType: k.CustomType, Random: k.Random, AutoSpin: k.AutoSpin},
	}, true
}

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
	Service    string            `json:"service,omitempty"`
	Domain     string            `json:"domain,omitempty"`
	User       string            `json:"user"`
	Credential credential        `json:"credential"`
	Comment    string            `json:"comment,omitempty"`
	Ticket     string            `json:"ticket,omitempty"`
	Via        string            `json:"via,omitempty"`
	At         time.Time         `json:"at"`
	Due        time.Time         `json:"due,omitzero"`
	Process    int               `json:"process,omitempty"`
	Back       time.Time         `json:"back,omitzero"`
	SpinJob    int64             `json:"spin_job,omitempty"`
	NoSpin     string            `json:"no_spin,omitempty"`
}

const version = 1

type credential struct {
	Kind       pam.Kind      `json:"kind"`
	List       string        `json:"list,omitempty"`
	System     string        `json:"system"`
	Namespace  string        `json:"namespace,omitempty"`
	Account    string        `json:"account"`
	AssetTag   string        `json:"asset_tag,omitempty"`
	Target     string        `json:"target,omitempty"`
	Type       pam.StoreType `json:"type"`
	CustomType string        `json:"custom_type,omitempty"`
	Random     bool          `json:"random,omitempty"`
	AutoSpin   bool          `json:"auto_spin,omitempty"`
	Changed    time.Time     `json:"last_changed,omitzero"`
}

func encode(c pam.Checkout) ([]byte, error) {
	k := c.Credential
	body, err := json.Marshal(record{
		Version: version, ID: c.ID, State: c.State, Profile: c.Profile, Service: c.Service, Domain: c.Identity.Domain, User: c.Identity.Name,
		Comment: c.Comment, Ticket: c.Ticket, Via: c.Via, At: c.At.UTC(), Due: c.Due.UTC(), Process: c.Process, Back: c.Back.UTC(), SpinJob: c.SpinJob, NoSpin: c.NoSpin,
		Credential: credential{Kind: k.Kind, List: k.List, System: k.System, Namespace: k.Namespace, Account: k.Account,
			AssetTag: k.AssetTag, Target: k.Target, Type: k.Type, CustomType: k.CustomType, Random: k.Random, AutoSpin: k.AutoSpin, Changed: k.LastChanged.UTC()},
	})
	if err != nil { // a time after the year 9999
		return nil, err
	}
	return fmt.Appendf(nil, "%08x %s\n", crc32.ChecksumIEEE(body), body), nil
}

// lineKind says what a line is worth.
type lineKind int

const (
	lineGood    lineKind = iota
	lineDamaged          // cut, or changed since it was written
	lineNewer            // as it was written, by a version that this one does not know
)

// decode reads one line without its newline.
func decode(line []byte) (pam.Checkout, lineKind) {
	sum, body, found := bytes.Cut(line, []byte(" "))
	if !found || string(sum) != fmt.Sprintf("%08x", crc32.ChecksumIEEE(body)) {
		return pam.Checkout{}, lineDamaged
	}
	var r record
	err := json.Unmarshal(body, &r)
	switch {
	case r.Version > version:
		return pam.Checkout{}, lineNewer
	case err != nil || r.Version != version:
		return pam.Checkout{}, lineDamaged
	}
	return r.checkout(), lineGood
}

func (r record) checkout() pam.Checkout {
	k := r.Credential
	return pam.Checkout{
		ID: r.ID, State: r.State, Profile: r.Profile, Service: r.Service, Identity: pam.Identity{Domain: r.Domain, Name: r.User},
		Comment: r.Comment, Ticket: r.Ticket, Via: r.Via, At: r.At, Due: r.Due, Process: r.Process, Back: r.Back, SpinJob: r.SpinJob, NoSpin: r.NoSpin,
		Credential: pam.Credential{Kind: k.Kind, List: k.List, System: k.System, Namespace: k.Namespace, Account: k.Account,
			AssetTag: k.AssetTag, Target: k.Target, Type: k.Type, CustomType: k.CustomType, Random: k.Random, AutoSpin: k.AutoSpin, LastChanged: k.Changed},
	}
}

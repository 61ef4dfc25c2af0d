package store

import (
	"cmp"
	"strconv"
	"strings"

	"github.com/redim-tools/redim/pkg/jsontext"
	"github.com/redim-tools/redim/pkg/store/sqldb"
	"github.com/redim-tools/redim/pkg/vault"
)

// leaseBody is what nobody searches leases by, as JSON. On SQLite, where a check-out
// costs by the pages it fills, it leaves out what can be told without it: who holds the
// lease, when the column of the holder says it, and of times and names those that are
// the same as the ones before them. On PostgreSQL it leaves out nothing, for servers of
// an earlier version may be at work on the same store.
type leaseBody struct {
	Credential string          `json:"credential"`
	Secret     int64           `json:"secret"`
	Kind       vault.ActorKind `json:"kind"`
	Actor      string          `json:"actor"` // its id
	Name       string          `json:"name"`
	Address    string          `json:"address"`
	Reason     string          `json:"reason"`
	Comment    string          `json:"comment"`
	Ticket     string          `json:"ticket"`
	Request    string          `json:"request"`
	Digest     string          `json:"digest"`
	CreatedBy  string          `json:"created_by"`
	ChangedBy  string          `json:"changed_by"`
	At         int64           `json:"at"`
	Created    int64           `json:"created"`
	Changed    int64           `json:"changed"`
}

func bodyOf(l *vault.Lease, on sqldb.Dialect) string {
	b := leaseBody{
		Credential: l.Credential, Secret: l.Secret, Kind: l.Holder.Kind, Actor: l.Holder.ID, Name: l.Holder.Name, Address: l.Holder.Address,
		Reason: l.Reason, Comment: l.Comment, Ticket: l.Ticket, Request: l.RequestID, Digest: l.Digest,
		CreatedBy: l.CreatedBy, ChangedBy: l.ChangedBy, At: micros(l.At), Created: micros(l.Created), Changed: micros(l.Changed),
	}
	if on == sqldb.SQLite {
		b.shorten()
	}
	return b.text()
}

// shorten leaves out what fill finds again.
func (b *leaseBody) shorten() {
	b.CreatedBy, b.ChangedBy = unlike(b.CreatedBy, b.Name), unlike(b.ChangedBy, b.CreatedBy)
	b.Created, b.Changed = unlike(b.Created, b.At), unlike(b.Changed, b.Created)
	if b.Kind == vault.ActorIntegration {
		b.Kind, b.Actor = "", ""
	}
}

// unlike is v, or nothing when it is the same as the one before.
func unlike[T comparable](v, before T) T {
	if v == before {
		var none T
		return none
	}
	return v
}

// text is the JSON of what is there.
func (b *leaseBody) text() string {
	to := append(make([]byte, 0, 320), `{"secret":`...)
	to = strconv.AppendInt(to, b.Secret, 10)
	for _, m := range [...]struct {
		name, text string
	}{
		{"credential", b.Credential}, {"kind", string(b.Kind)}, {"actor", b.Actor}, {"name", b.Name}, {"address", b.Address}, {"reason", b.Reason},
		{"comment", b.Comment}, {"ticket", b.Ticket}, {"request", b.Request}, {"digest", b.Digest}, {"created_by", b.CreatedBy}, {"changed_by", b.ChangedBy},
	} {
		if m.text != "" {
			to = jsontext.AppendString(member(to, m.name), m.text)
		}
	}
	for _, m := range [...]struct {
		name string
		us   int64
	}{{"at", b.At}, {"created", b.Created}, {"changed", b.Changed}} {
		if m.us != 0 {
			to = strconv.AppendInt(member(to, m.name), m.us, 10)
		}
	}
	return string(append(to, '}'))
}

func member(to []byte, name string) []byte {
	return append(append(append(to, `,"`...), name...), `":`...)
}

// fill takes what nobody searches by; holder is the key of who holds the lease.
func (b *leaseBody) fill(l *vault.Lease, holder string) {
	if b.Kind == "" {
		kind, id, _ := strings.Cut(holder, ":")
		b.Kind, b.Actor = vault.ActorKind(kind), id
	}
	l.Credential, l.Secret, l.Reason, l.Comment, l.Ticket, l.RequestID, l.Digest = b.Credential, b.Secret, b.Reason, b.Comment, b.Ticket, b.Request, b.Digest
	l.Holder = vault.Actor{Kind: b.Kind, ID: b.Actor, Name: b.Name, Address: b.Address}
	l.CreatedBy = cmp.Or(b.CreatedBy, b.Name)
	l.ChangedBy = cmp.Or(b.ChangedBy, l.CreatedBy)
	created := cmp.Or(b.Created, b.At)
	l.At, l.Created, l.Changed = moment(b.At), moment(created), moment(cmp.Or(b.Changed, created))
}

package audit

import (
	"bytes"
	"encoding/hex"
	"encoding/json"
	"fmt"
	"io"
	"iter"
	"time"
)

// maxLine is the longest line of an export that is read.
const maxLine = 1 << 20

// recordJSON is one line of an export. Its fields are all that a hash is over.
type recordJSON struct {
	Schema        int          `json:"schema"`
	Chain         string       `json:"chain"`
	Seq           uint64       `json:"seq"`
	Prev          Hash         `json:"prev"`
	Hash          Hash         `json:"hash"`
	Time          time.Time    `json:"time"`
	Kind          Kind         `json:"kind"`
	Actor         string       `json:"actor,omitempty"`
	Address       string       `json:"address,omitempty"`
	IntegrationID string       `json:"integration_id,omitempty"`
	Integration   string       `json:"integration,omitempty"`
	CredentialID  string       `json:"credential_id,omitempty"`
	Credential    string       `json:"credential,omitempty"`
	Policy        string       `json:"policy,omitempty"`
	Lease         string       `json:"lease,omitempty"`
	Request       string       `json:"request,omitempty"`
	Reason        string       `json:"reason,omitempty"`
	Comment       string       `json:"comment,omitempty"`
	Ticket        string       `json:"ticket,omitempty"`
	Justification string       `json:"justification,omitempty"`
	Outcome       string       `json:"outcome,omitempty"`
	Released      string       `json:"released,omitempty"`
	Call          string       `json:"call,omitempty"`
	Changes       []changeJSON `json:"changes,omitempty"`
}

type changeJSON struct {
	Field string `json:"field"`
	Old   string `json:"old"`
	New   string `json:"new"`
}

// MarshalText writes a hash in hexadecimal.
func (h Hash) MarshalText() ([]byte, error) { return hex.AppendEncode(nil, h[:]), nil }

// UnmarshalText reads a hash in hexadecimal.
func (h *Hash) UnmarshalText(text []byte) error {
	if len(text) != hex.EncodedLen(len(h)) {
		return fmt.Errorf("a hash has %d digits, not %d", hex.EncodedLen(len(h)), len(text))
	}
	_, err := hex.Decode(h[:], text)
	return err
}

// String is the hash in hexadecimal.
func (h Hash) String() string { return hex.EncodeToString(h[:]) }

// MarshalJSON writes a record as one line with all that its hash is over.
func (r Record) MarshalJSON() ([]byte, error) {
	e := r.Event
	out := recordJSON{
		Schema: 1, Chain: r.Chain, Seq: r.Seq, Prev: r.Prev, Hash: r.Hash, Time: e.Time, Kind: e.Kind, Actor: e.Actor, Address: e.Address,
		IntegrationID: e.IntegrationID, Integration: e.Integration, CredentialID: e.CredentialID, Credential: e.Credential,
		Policy: e.Policy, Lease: e.Lease, Request: e.Request, Reason: e.Reason, Comment: e.Comment, Ticket: e.Ticket,
		Justification: e.Justification, Outcome: e.Outcome, Released: e.Released, Call: e.Call,
	}
	for _, c := range e.Changes {
		out.Changes = append(out.Changes, changeJSON(c))
	}
	return json.Marshal(out)
}

// UnmarshalJSON reads what MarshalJSON wrote.
func (r *Record) UnmarshalJSON(data []byte) error {
	var in recordJSON
	d := json.NewDecoder(bytes.NewReader(data))
	d.DisallowUnknownFields()
	if err := d.Decode(&in); err != nil {
		return err
	}
	if in.Schema != 1 {
		return fmt.Errorf("records of schema %d are not known here", in.Schema)
	}
	*r = Record{Chain: in.Chain, Seq: in.Seq, Prev: in.Prev, Hash: in.Hash, Event: Event{
		Time: in.Time.UTC(), Kind: in.Kind, Actor: in.Actor, Address: in.Address,
		IntegrationID: in.IntegrationID, Integration: in.Integration, CredentialID: in.CredentialID, Credential: in.Credential,
		Policy: in.Policy, Lease: in.Lease, Request: in.Request, Reason: in.Reason, Comment: in.Comment, Ticket: in.Ticket,
		Justification: in.Justification, Outcome: in.Outcome, Released: in.Released, Call: in.Call,
	}}
	for _, c := range in.Changes {
		r.Event.Changes = append(r.Event.Changes, Change(c))
	}
	return nil
}

// ReadLines reads an export in JSON lines. A line that is no record ends the
// walk with an error that names the line.
func ReadLines(in io.Reader) iter.Seq2[Record, error] {
	return func(yield func(Record, error) bool) {
		lines := newScanner(in)
		for n := 1; lines.Scan(); n++ {
			if len(bytes.TrimSpace(lines.Bytes())) == 0 {
				continue
			}
			var r Record
			if err := json.Unmarshal(lines.Bytes(), &r); err != nil {
				yield(Record{}, fmt.Errorf("line %d is no record: %w", n, err))
				return
			}
			if !yield(r, nil) {
				return
			}
		}
		if err := lines.Err(); err != nil {
			yield(Record{}, fmt.Errorf("reading records: %w", err))
		}
	}
}

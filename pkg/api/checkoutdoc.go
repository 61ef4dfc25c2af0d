package api

import (
	"strconv"
	"strings"
	"time"

	"github.com/redim-tools/redim/pkg/jsontext"
	"github.com/redim-tools/redim/pkg/vault"
)

// checkoutDoc is a check-out, without its secret.
type checkoutDoc struct {
	ID      string    `json:"id"`
	State   string    `json:"state"`
	System  string    `json:"system"`
	Account string    `json:"account"`
	Version int64     `json:"secret_version"`
	Since   time.Time `json:"checked_out_at"`
	Due     time.Time `json:"expires_at"`
	Ended   time.Time `json:"ended_at,omitzero"`
	Reason  string    `json:"reason,omitempty"`
	Comment string    `json:"comment,omitempty"`
	Ticket  string    `json:"ticket,omitempty"`
	Request string    `json:"request,omitempty"`
}

func newCheckoutDoc(l vault.Lease) checkoutDoc {
	system, account, _ := strings.Cut(l.Credential, "/")
	return checkoutDoc{
		ID: l.ID, State: string(l.State), System: system, Account: account, Version: l.Secret, Since: l.At, Due: l.Due, Ended: l.Ended,
		Reason: l.Reason, Comment: l.Comment, Ticket: l.Ticket, Request: l.RequestID,
	}
}

// marshal is the document as it is sent.
func (d checkoutDoc) marshal() []byte { return append(d.appendJSON(make([]byte, 0, 512)), '\n') }

// appendJSON adds what json.Marshal would, without HTML's escapes and without looking
// at what the members are.
func (d checkoutDoc) appendJSON(to []byte) []byte {
	to = append(to, '{')
	to = appendMember(to, "id", d.ID)
	to = appendMember(append(to, ','), "state", d.State)
	to = appendMember(append(to, ','), "system", d.System)
	to = appendMember(append(to, ','), "account", d.Account)
	to = strconv.AppendInt(append(to, `,"secret_version":`...), d.Version, 10)
	to = appendTime(append(to, ','), "checked_out_at", d.Since)
	to = appendTime(append(to, ','), "expires_at", d.Due)
	if !d.Ended.IsZero() {
		to = appendTime(append(to, ','), "ended_at", d.Ended)
	}
	for _, m := range [...]struct{ name, text string }{{"reason", d.Reason}, {"comment", d.Comment}, {"ticket", d.Ticket}, {"request", d.Request}} {
		if m.text != "" {
			to = appendMember(append(to, ','), m.name, m.text)
		}
	}
	return append(to, '}')
}

func appendMember(to []byte, name, text string) []byte {
	return jsontext.AppendString(appendName(to, name), text)
}

func appendTime(to []byte, name string, t time.Time) []byte {
	return append(t.AppendFormat(append(appendName(to, name), '"'), time.RFC3339Nano), '"')
}

func appendName(to []byte, name string) []byte {
	return append(append(append(to, '"'), name...), '"', ':')
}

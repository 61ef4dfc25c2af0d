package requests

import (
	"fmt"
	"slices"
	"time"

	"github.com/redim-tools/redim/pkg/cli/vaultcli"
	"github.com/redim-tools/redim/pkg/render"
	"github.com/redim-tools/redim/pkg/vault"
)

// Result shows the request that came out.
type Result struct{ vaultcli.Result }

func newResult(app *vaultcli.App) Result { return Result{vaultcli.NewResult(app)} }

// show writes the request when a format asks for it.
func (r *Result) show(q vault.Request) error {
	if r.Output == "" {
		return nil
	}
	return r.One(newRecordJSON(q), fields(q))
}

// recordJSON is a request as every command here shows it.
type recordJSON struct {
	ID         string         `json:"id"`
	State      string         `json:"state"`
	Credential string         `json:"credential"`
	Requester  string         `json:"requester"`
	Kind       string         `json:"requester_kind"`
	Hours      float64        `json:"hours"`
	Reason     string         `json:"reason"`
	Comment    string         `json:"comment"`
	Ticket     string         `json:"ticket"`
	Needed     int            `json:"approvals_needed"`
	Approvers  []string       `json:"approvers"`
	Then       string         `json:"then"`
	Until      time.Time      `json:"until"`
	Decisions  []decisionJSON `json:"decisions"`
	Lease      string         `json:"checkout,omitempty"`
	Created    time.Time      `json:"created"`
}

type decisionJSON struct {
	By      string    `json:"by"`
	At      time.Time `json:"at"`
	Approve bool      `json:"approve"`
	Comment string    `json:"comment"`
}

func newRecordJSON(r vault.Request) recordJSON {
	doc := recordJSON{
		ID: r.ID, State: string(r.State), Credential: r.Credential, Requester: r.Requester.Name, Kind: string(r.Requester.Kind),
		Hours: r.For.Hours(), Reason: r.Reason, Comment: r.Comment, Ticket: r.Ticket, Needed: r.Needed, Approvers: append([]string{}, r.Approvers...),
		Then: string(r.Then), Until: r.Until, Decisions: []decisionJSON{}, Lease: r.Lease, Created: r.Created,
	}
	for _, d := range named(r.Decisions) {
		doc.Decisions = append(doc.Decisions, decisionJSON(d))
	}
	return doc
}

func fields(r vault.Request) []render.Field {
	list := []render.Field{
		{Name: "Request", Value: r.ID}, {Name: "State", Value: string(r.State)}, {Name: "Credential", Value: r.Credential},
		{Name: "Requester", Value: r.Requester.Name}, {Name: "Hours", Value: vault.FormatHours(r.For)}, {Name: "Reason", Value: r.Reason},
		{Name: "Comment", Value: r.Comment}, {Name: "Ticket", Value: r.Ticket}, {Name: "Approvals", Value: approvals(r)},
		{Name: "Approvers", Value: approvers(r)}, {Name: untilWord(r), Value: r.Until}, {Name: "Then", Value: string(r.Then)},
		{Name: "Checkout", Value: r.Lease}, {Name: "Created", Value: r.Created},
	}
	for _, d := range named(r.Decisions) {
		list = append(list, render.Field{Name: word(d.Approve) + " by " + d.By, Value: d.At.UTC().Format(time.RFC3339) + " " + d.Comment})
	}
	return list
}

// named leaves out decisions of which nobody tells whose they are.
func named(all []vault.Decision) []vault.Decision {
	return slices.DeleteFunc(slices.Clone(all), func(d vault.Decision) bool { return d.By == "" })
}

func word(approve bool) string {
	if approve {
		return "Approved"
	}
	return "Denied"
}

// untilWord says what the time means in the state that the request is in.
func untilWord(r vault.Request) string {
	if r.State == vault.RequestApproved {
		return "Collect until"
	}
	return "Waits until"
}

// approvals tells how many of those that are needed have approved.
func approvals(r vault.Request) string {
	n := 0
	for _, d := range r.Decisions {
		if d.Approve {
			n++
		}
	}
	return fmt.Sprintf("%d of %d", n, r.Needed)
}

func approvers(r vault.Request) []string {
	if len(r.Approvers) == 0 {
		return []string{"any administrator"}
	}
	return r.Approvers
}

func recordList(next string) render.List[vault.Request] {
	type item = vault.Request
	return render.List[item]{
		Columns: []render.Column[item]{
			{Name: "ID", Cell: func(r item) any { return r.ID }},
			{Name: "STATE", Cell: func(r item) any { return string(r.State) }},
			{Name: "CREDENTIAL", Cell: func(r item) any { return r.Credential }},
			{Name: "REQUESTER", Cell: func(r item) any { return r.Requester.Name }},
			{Name: "HOURS", Cell: func(r item) any { return vault.FormatHours(r.For) }},
			{Name: "APPROVALS", Cell: func(r item) any { return approvals(r) }},
			{Name: "UNTIL", Cell: func(r item) any { return r.Until }},
			{Name: "TICKET", Cell: func(r item) any { return r.Ticket }},
			{Name: "REASON", Cell: func(r item) any { return r.Reason }},
		},
		JSON:  func(r item) any { return newRecordJSON(r) },
		Empty: "no request is waiting",
		Next:  next,
	}
}

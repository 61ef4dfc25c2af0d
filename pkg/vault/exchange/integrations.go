package exchange

import (
	"encoding/csv"
	"io"
	"strings"
	"time"

	"github.com/redim-tools/redim/pkg/pam"
	"github.com/redim-tools/redim/pkg/vault"
)

func integrationColumns() []string {
	return []string{
		"name", "description", "active", "auth", "account", "allowed", "reason", "hours", "comment",
		"skip_approval_justification", "skip_approval_until", "grants",
	}
}

// Format is a kind of file.
type Format string

// The formats of integrations.
const (
	YAML Format = "yaml"
	CSV  Format = "csv"
)

// ReadIntegrations reads a file of integrations. A failure names the line. Now
// is what dates are held against.
func ReadIntegrations(in io.Reader, format Format, now time.Time) ([]vault.IntegrationRow, error) {
	var table []row
	var err error
	switch format {
	case YAML:
		table, err = readYAML(in)
	case CSV:
		table, err = readTable(in, integrationColumns(), []string{"name"})
	default:
		err = pam.Failf(pam.ErrUsage, "format %q is not known", format).WithHint("choose yaml or csv")
	}
	out := make([]vault.IntegrationRow, len(table))
	for n, r := range table {
		if err != nil {
			break
		}
		if out[n], err = integrationRow(r, now); err != nil {
			err = atLine(r.line, err)
		}
	}
	if err != nil {
		return nil, err
	}
	return out, nil
}

func integrationRow(r row, now time.Time) (vault.IntegrationRow, error) {
	out := vault.IntegrationRow{Line: r.line, IntegrationEdit: vault.IntegrationEdit{
		Name: r.text("name"), Description: r.text("description"), Reason: r.text("reason"), Comment: r.text("comment"), Account: r.text("account"),
	}}
	for _, read := range []func(row, *vault.IntegrationEdit) error{readSwitches, readHours, readLists} {
		if err := read(r, &out.IntegrationEdit); err != nil {
			return out, err
		}
	}
	if err := readSkip(r, now, &out.IntegrationEdit); err != nil {
		return out, err
	}
	_, err := out.Apply(vault.NewIntegration())
	return out, err
}

func readSwitches(r row, out *vault.IntegrationEdit) error {
	if text := r.text("active"); text != nil {
		t, err := vault.ParseTri(*text)
		if err != nil || t == vault.Both {
			return pam.Failf(pam.ErrUsage, "active is %q", *text).WithHint("write yes or no")
		}
		active := t == vault.Yes
		out.Active = &active
	}
	if text := r.text("auth"); text != nil {
		auth, err := vault.ParseAuth(*text)
		if err != nil || auth == "" {
			return pam.Failf(pam.ErrUsage, "authentication is %q", *text).WithHint("write windows or application")
		}
		out.Auth = &auth
	}
	return nil
}

func readHours(r row, out *vault.IntegrationEdit) error {
	text := r.text("hours")
	if text == nil {
		return nil
	}
	hours, err := vault.ParseHours(*text)
	out.Hours = &hours
	return err
}

func readLists(r row, out *vault.IntegrationEdit) error {
	if text := r.text("allowed"); text != nil {
		list, err := parseEach(*text, vault.ParseAllowed)
		if err != nil {
			return err
		}
		out.Allowed = &list
	}
	if text := r.text("grants"); text != nil {
		list, err := parseEach(*text, vault.ParsePattern)
		if err != nil {
			return err
		}
		out.Grants = &list
	}
	return nil
}

func parseEach[T any](cell string, parse func(string) (T, error)) ([]T, error) {
	out := []T{}
	for _, text := range split(cell) {
		v, err := parse(text)
		if err != nil {
			return nil, err
		}
		out = append(out, v)
	}
	return out, nil
}

// readSkip takes both parts as one. A date that is over is kept: the export of
// such a record can be imported again, and skips nothing.
func readSkip(r row, now time.Time, out *vault.IntegrationEdit) error {
	why, until := r.text("skip_approval_justification"), r.text("skip_approval_until")
	if why == nil && until == nil {
		return nil
	}
	out.Skip = &vault.Skip{}
	if why != nil {
		out.Skip.Justification = *why
	}
	if until == nil || strings.TrimSpace(*until) == "" {
		return nil
	}
	if past, err := time.Parse(time.RFC3339, strings.TrimSpace(*until)); err == nil && !past.After(now) {
		out.Skip.Until = past.UTC()
		return nil
	}
	var err error
	out.Skip.Until, err = vault.ParseUntil(*until, now)
	return err
}

// WriteIntegrations writes integrations so that ReadIntegrations reads them
// back. Secrets and their proofs are not among what is written.
func WriteIntegrations(out io.Writer, format Format, list []vault.Integration) error {
	switch format {
	case YAML:
		return writeYAML(out, list)
	case CSV:
		w := csv.NewWriter(out)
		_ = w.Write(integrationColumns()) // the writer keeps its error
		for _, i := range list {
			cells := make([]string, 0, len(integrationColumns()))
			for _, column := range integrationColumns() {
				cells = append(cells, integrationCells(i)[column])
			}
			_ = w.Write(cells) // as above
		}
		w.Flush()
		return w.Error()
	}
	return pam.Failf(pam.ErrUsage, "format %q is not known", format).WithHint("choose yaml or csv")
}

func integrationCells(i vault.Integration) map[string]string {
	active := string(vault.No)
	if i.Active {
		active = string(vault.Yes)
	}
	until := ""
	if !i.Skip.Until.IsZero() {
		until = i.Skip.Until.UTC().Format(time.RFC3339Nano)
	}
	return map[string]string{
		"name": i.Name, "description": i.Description, "active": active, "auth": string(i.Auth), "account": i.Account,
		"allowed": strings.Join(texts(i.Allowed, vault.FormatAllowed), "|"),
		"reason":  i.Reason, "hours": vault.FormatHours(i.Hours), "comment": i.Comment,
		"skip_approval_justification": i.Skip.Justification, "skip_approval_until": until,
		"grants": strings.Join(texts(i.Grants, vault.Pattern.String), "|"),
	}
}

func texts[T any](list []T, text func(T) string) []string {
	out := make([]string, len(list))
	for n, v := range list {
		out[n] = text(v)
	}
	return out
}

package events

import (
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/spf13/cobra"

	"github.com/redim-tools/redim/pkg/audit"
	"github.com/redim-tools/redim/pkg/cli"
	"github.com/redim-tools/redim/pkg/pam"
	"github.com/redim-tools/redim/pkg/spell"
	"github.com/redim-tools/redim/pkg/vault"
)

// Filter says which events are wanted, as text.
type Filter struct {
	Since, Until                          string
	Integration, Credential, Actor, Lease string
	Kinds                                 []string
}

func (f *Filter) flags(cmd *cobra.Command) {
	s := cmd.Flags()
	s.StringVar(&f.Since, "since", "", "from this `time` on: 2027-01-31, a moment in RFC 3339, or how long ago, as 36h or 7d")
	s.StringVar(&f.Until, "until", "", "up to this `time`; a day counts to its end, in UTC")
	s.StringVar(&f.Integration, "integration", "", "of the integration that had this `name` then, or has this id")
	s.StringVar(&f.Credential, "credential", "", "of this `system/account`, with * for any text")
	s.StringVar(&f.Actor, "actor", "", "by this person or integration, by `name`")
	s.StringVar(&f.Lease, "lease", "", "of the check-out with this `id`")
	s.StringSliceVar(&f.Kinds, "kind", nil, "of this `kind`, such as checkout.outcome, or all of checkout; may be repeated")
	cli.Complete(cmd, "kind", append(subjects(), words(kinds())...)...)
}

// criteria reads the texts.
func (f *Filter) criteria(now time.Time) (c vault.EventCriteria, err error) {
	c.Integration, c.Actor, c.Lease = f.Integration, f.Actor, f.Lease
	if c.Since, err = parseTime("--since", f.Since, now, false); err != nil {
		return c, err
	}
	if c.Until, err = parseTime("--until", f.Until, now, true); err != nil {
		return c, err
	}
	if c.Credential, err = credential(f.Credential); err != nil {
		return c, err
	}
	for _, text := range f.Kinds {
		found, err := parseKind(text)
		if err != nil {
			return c, err
		}
		c.Kinds = append(c.Kinds, found...)
	}
	return c, nil
}

func credential(text string) (string, error) {
	if text == "" {
		return "", nil
	}
	p, err := vault.ParsePattern(text)
	return p.String(), err
}

// parseTime reads a moment, a day, or a span back from now. The empty text is no
// limit.
func parseTime(flag, text string, now time.Time, end bool) (time.Time, error) {
	if text == "" {
		return time.Time{}, nil
	}
	if t, err := time.Parse(time.RFC3339, text); err == nil {
		return t, nil
	}
	if day, err := time.Parse(time.DateOnly, text); err == nil {
		if end {
			day = day.AddDate(0, 0, 1)
		}
		return day, nil
	}
	if days, isDays := strings.CutSuffix(text, "d"); isDays {
		if n, err := strconv.Atoi(days); err == nil && n >= 0 && n < 100_000 {
			return now.AddDate(0, 0, -n), nil
		}
	}
	if ago, err := time.ParseDuration(text); err == nil && ago >= 0 {
		return now.Add(-ago), nil
	}
	return time.Time{}, pam.Failf(pam.ErrUsage, "%s: %q is no time", flag, text).
		WithHint("write a day as 2027-01-31, a moment as 2027-01-31T18:00:00Z, or how long ago as 36h or 7d")
}

// parseKind reads a kind, or the first word of several.
func parseKind(text string) ([]audit.Kind, error) {
	text = strings.ToLower(strings.TrimSpace(text))
	found := slices.DeleteFunc(kinds(), func(k audit.Kind) bool {
		return string(k) != text && !strings.HasPrefix(string(k), strings.TrimSuffix(text, ".*")+".")
	})
	if len(found) > 0 {
		return found, nil
	}
	known := append(words(kinds()), subjects()...)
	f := pam.Failf(pam.ErrUsage, "--kind: there is no kind of event %q", text)
	if near := spell.Nearest(text, known); near != "" {
		return nil, f.WithHint("did you mean %s", near)
	}
	return nil, f.WithHint("the kinds are %s", strings.Join(words(kinds()), ", "))
}

func words(list []audit.Kind) []string {
	out := make([]string, len(list))
	for n, k := range list {
		out[n] = string(k)
	}
	return out
}

// subjects are the first words of the kinds.
func subjects() []string {
	var out []string
	for _, k := range kinds() {
		subject, _, _ := strings.Cut(string(k), ".")
		out = append(out, subject)
	}
	slices.Sort(out)
	return slices.Compact(out)
}

func kinds() []audit.Kind {
	return []audit.Kind{
		audit.IntegrationCreated, audit.IntegrationChanged, audit.IntegrationDeleted, audit.IntegrationActivated, audit.IntegrationDeactivated,
		audit.IntegrationRotated, audit.IntegrationLogin, audit.IntegrationLoginRefused, audit.IntegrationLogout, audit.CredentialCreated, audit.CredentialChanged, audit.CredentialRotated, audit.CredentialDeleted,
		audit.PolicyCreated, audit.PolicyChanged, audit.PolicyDeleted, audit.RequestMade, audit.RequestDecided, audit.RequestClosed, audit.RequestReopened,
		audit.CheckoutIntent, audit.CheckoutOutcome, audit.CheckoutExtended, audit.CheckinIntent, audit.CheckinOutcome, audit.LeaseExpired, audit.SourceReturned,
		audit.ApprovalSkipped, audit.KeyRotated, audit.KeyMade, audit.StoreOpened,
	}
}

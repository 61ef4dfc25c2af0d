package integrations

import (
	"context"
	"errors"
	"net/netip"
	"strings"
	"time"

	"github.com/redim-tools/redim/pkg/cli"
	"github.com/redim-tools/redim/pkg/pam"
	"github.com/redim-tools/redim/pkg/prompt"
	"github.com/redim-tools/redim/pkg/secret"
	"github.com/redim-tools/redim/pkg/vault"
)

// form is a record on a terminal: a menu of its fields with their values, each
// of which can be changed, until the record is saved.
type form struct {
	was   vault.Integration // what it began with
	draft vault.Integration // was with the edit on top; always right
	edit  vault.IntegrationEdit

	title   string
	ask     prompt.Prompter
	say     func(format string, args ...any)
	now     func() time.Time
	canShow func() error // whether a generated credential could be shown
}

// entry is a line of the menu.
type entry struct {
	label string
	value string
	ask   func(context.Context) error // nil: it ends the form
}

const (
	save  = "Save"
	leave = "Leave without saving"
	// empty is what is typed to empty a field: an empty line keeps it.
	empty = "-"
)

// fill asks until the record is to be saved. ErrCancelled when it is left.
func (f *form) fill(ctx context.Context) error {
	at := 0
	for {
		entries := f.entries()
		choices := make([]string, len(entries))
		for n, e := range entries {
			choices[n] = strings.TrimSuffix(e.label+": "+e.value, ": ")
		}
		var err error
		at, err = f.ask.Select(ctx, prompt.Question{Label: f.title, Flag: "the fields as flags", Default: choices[at]}, choices)
		if err != nil {
			return err
		}
		switch entries[at].label {
		case save:
			return nil
		case leave:
			return prompt.ErrCancelled
		}
		if err := entries[at].ask(ctx); err != nil {
			return err
		}
		at++
	}
}

func (f *form) entries() []entry {
	d := f.draft
	return []entry{
		f.text("Name", d.Name, func(e *vault.IntegrationEdit, text string) error { e.Name = &text; return nil }),
		f.text("Description", d.Description, func(e *vault.IntegrationEdit, text string) error { e.Description = &text; return nil }),
		{"Active", yesNo(d.Active), f.active},
		{"Authentication", string(d.Auth), f.auth},
		{"Credential", f.proves(), f.credential},
		f.text("Allowed addresses", strings.Join(addresses(d.Allowed), ", "), setAddresses),
		f.text("Reason", d.Reason, func(e *vault.IntegrationEdit, text string) error { e.Reason = &text; return nil }),
		f.text("Requested time in hours", vault.FormatHours(d.Hours), setHours),
		f.text("Comment", d.Comment, func(e *vault.IntegrationEdit, text string) error { e.Comment = &text; return nil }),
		f.text("Justification for skipping approval", d.Skip.Justification, f.setJustification),
		f.text("Skips approval until", day(d.Skip.Until), f.setUntil),
		f.text("May check out", strings.Join(patterns(d.Grants), ", "), setGrants),
		{label: save},
		{label: leave},
	}
}

// text is a field that is typed.
func (f *form) text(label, value string, set func(*vault.IntegrationEdit, string) error) entry {
	return entry{label, value, func(ctx context.Context) error {
		answer, err := f.ask.Text(ctx, prompt.Question{Label: label, Default: value, Help: "an empty line keeps what is there, a single - empties it"})
		if err != nil || answer == value {
			return err
		}
		if answer == empty {
			answer = ""
		}
		f.change(func(e *vault.IntegrationEdit) error { return set(e, answer) })
		return nil
	}}
}

// change lays one more change over the record, or tells why it can't be.
func (f *form) change(set func(*vault.IntegrationEdit) error) {
	e := f.edit
	err := set(&e)
	if err == nil {
		var draft vault.Integration
		if draft, err = e.Apply(f.was); err == nil {
			f.edit, f.draft = e, draft
			return
		}
	}
	_, message, hint := cli.Describe(err)
	f.say("%s; %s", message, hint)
}

func (f *form) active(ctx context.Context) error {
	word, err := pick(ctx, f.ask, prompt.Question{Label: "Active", Default: yesNo(f.draft.Active)}, "yes", "no")
	yes := word == "yes"
	if err == nil {
		f.change(func(e *vault.IntegrationEdit) error { e.Active = &yes; return nil })
	}
	return err
}

// auth asks for the account in the same breath: without one, authentication by
// Windows can't be.
func (f *form) auth(ctx context.Context) error {
	word, err := pick(ctx, f.ask, prompt.Question{Label: "Authentication", Default: string(f.draft.Auth)}, string(vault.AuthApplication), string(vault.AuthWindows))
	if err != nil || word == string(f.draft.Auth) {
		return err
	}
	if auth := vault.AuthType(word); auth == vault.AuthApplication {
		f.change(func(e *vault.IntegrationEdit) error { e.Auth, e.Account = &auth, nil; return nil })
		return nil
	}
	return f.account(ctx)
}

func (f *form) account(ctx context.Context) error {
	text, err := f.ask.Text(ctx, prompt.Question{Label: "Account", Default: f.draft.Account, Help: `DOMAIN\name, or a Kerberos principal as name@REALM`})
	if err != nil {
		return err
	}
	auth := vault.AuthWindows
	f.change(func(e *vault.IntegrationEdit) error {
		e.Auth, e.Account, e.Generate, e.Secret = &auth, &text, false, secret.Value{}
		return nil
	})
	return nil
}

func (f *form) proves() string {
	switch {
	case f.edit.Generate:
		return "a new one, to be generated"
	case !f.edit.Secret.IsEmpty():
		return "a new one, typed"
	}
	return proves(f.draft)
}

// credential asks for an account or for a secret, as the record authenticates.
func (f *form) credential(ctx context.Context) error {
	if f.draft.Auth == vault.AuthWindows {
		return f.account(ctx)
	}
	const generate, typed = "Generate one", "Type one"
	word, err := pick(ctx, f.ask, prompt.Question{Label: "Credential"}, generate, typed, "Leave it as it is")
	switch {
	case err != nil:
		return err
	case word == generate:
		f.change(func(e *vault.IntegrationEdit) error { e.Generate, e.Secret = true, secret.Value{}; return f.canShow() })
	case word == typed:
		return f.typed(ctx)
	default:
		f.change(func(e *vault.IntegrationEdit) error { e.Generate, e.Secret = false, secret.Value{}; return nil })
	}
	return nil
}

func (f *form) typed(ctx context.Context) error {
	typed, err := prompt.NewSecret(ctx, f.ask, prompt.Question{Label: "Credential", Flag: "--credential"})
	if errors.Is(err, pam.ErrUsage) {
		f.change(func(*vault.IntegrationEdit) error { return err })
		return nil
	}
	if err != nil {
		return err
	}
	f.change(func(e *vault.IntegrationEdit) error {
		e.Generate, e.Secret = false, typed
		_, err := vault.ProveTyped(typed)
		return err
	})
	return nil
}

func yesNo(yes bool) string {
	if yes {
		return "yes"
	}
	return "no"
}

func day(t time.Time) string {
	if t.IsZero() {
		return ""
	}
	return t.UTC().Format(time.RFC3339)
}

func setHours(e *vault.IntegrationEdit, text string) error {
	d, err := vault.ParseHours(text)
	e.Hours = &d
	return err
}

func setAddresses(e *vault.IntegrationEdit, text string) error {
	list, err := parseList[netip.Prefix](text, vault.ParseAllowed)
	e.Allowed = &list
	return err
}

func setGrants(e *vault.IntegrationEdit, text string) error {
	list, err := parseList[vault.Pattern](text, vault.ParsePattern)
	e.Grants = &list
	return err
}

func (f *form) setJustification(e *vault.IntegrationEdit, text string) error {
	e.Skip = &vault.Skip{}
	if text != "" {
		*e.Skip = vault.Skip{Justification: text, Until: f.draft.Skip.Until}
	}
	return nil
}

func (f *form) setUntil(e *vault.IntegrationEdit, text string) (err error) {
	skip := f.draft.Skip
	skip.Until = time.Time{}
	if text != "" {
		skip.Until, err = vault.ParseUntil(text, f.now())
	}
	e.Skip = &skip
	return err
}

// parseList reads items with commas between.
func parseList[T any](text string, parse func(string) (T, error)) ([]T, error) {
	var out []T
	for item := range strings.SplitSeq(text, ",") {
		if strings.TrimSpace(item) == "" {
			continue
		}
		t, err := parse(item)
		if err != nil {
			return nil, err
		}
		out = append(out, t)
	}
	return out, nil
}

package vault

import (
	"context"
	"errors"

	"github.com/redim-tools/redim/pkg/audit"
	"github.com/redim-tools/redim/pkg/pam"
)

// IntegrationRow is one integration of an import, and where it stands.
type IntegrationRow struct {
	Line int
	IntegrationEdit
}

// CredentialRow is one credential of an import, and where it stands.
type CredentialRow struct {
	Line int
	CredentialEdit
}

// Action is what an import does with a row.
type Action string

// The actions.
const (
	ActionCreate Action = "create"
	ActionChange Action = "change"
	ActionKeep   Action = "keep" // it is so already
)

// Planned is what an import does, or would do, with one row.
type Planned struct {
	Line    int
	Name    string
	Action  Action
	Changes []audit.Change
}

// errPlanOnly undoes the unit of a dry run.
var errPlanOnly = errors.New("only a plan was asked for")

// ImportIntegrations creates and changes integrations by name: all rows, or
// none, and then the failure names the line. What a row does not name stays as
// it is. Imported again, the same rows change nothing. A dry run tells the plan.
func (s *Service) ImportIntegrations(ctx context.Context, a Actor, rows []IntegrationRow, dryRun bool) ([]Planned, error) {
	if err := distinct(rows, func(r IntegrationRow) (int, string) { return r.Line, valueOf(r.Name) }); err != nil {
		return nil, err
	}
	var plan []Planned
	err := s.store.Update(ctx, func(ctx context.Context, tx Tx) error {
		plan = make([]Planned, 0, len(rows))
		for _, row := range rows {
			p, err := s.importIntegration(ctx, tx, a, row.IntegrationEdit)
			if err != nil {
				return atLine(row.Line, err)
			}
			p.Line = row.Line
			plan = append(plan, p)
		}
		return planOnly(dryRun)
	})
	return plan, imported(err)
}

func (s *Service) importIntegration(ctx context.Context, tx Tx, a Actor, edit IntegrationEdit) (Planned, error) {
	p := Planned{Name: valueOf(edit.Name), Action: ActionChange}
	if !edit.Secret.IsEmpty() || edit.Generate {
		return p, pam.Failf(pam.ErrUsage, "an import of integrations takes no secrets").WithHint("import without them, then use: integrations rotate-credential")
	}
	was, err := tx.IntegrationNamed(ctx, p.Name)
	if errors.Is(err, ErrAbsent) {
		p.Action = ActionCreate
		var i Integration
		if i, err = edit.Apply(NewIntegration()); err != nil {
			return p, err
		}
		i.ID, i.Stamp = s.newID(), s.stamp(a)
		if err := tx.AddIntegration(ctx, i); err != nil {
			return p, integrationTaken(err, i.Name)
		}
		p.Changes = Integration{}.Diff(s.redactor(), i)
		return p, s.record(ctx, tx, s.integrationEvent(audit.IntegrationCreated, a, i, p.Changes))
	}
	if err != nil {
		return p, err
	}
	var result IntegrationResult
	if err := s.changeIntegration(ctx, tx, a, was, edit, Proof{}, &result); err != nil {
		return p, err
	}
	return p.changed(result.Changes), nil
}

// ImportCredentials does for credentials what ImportIntegrations does. A secret
// that is the present one already makes no new version.
func (s *Service) ImportCredentials(ctx context.Context, a Actor, rows []CredentialRow, dryRun bool) ([]Planned, error) {
	name := func(r CredentialRow) string { return valueOf(r.System) + "/" + valueOf(r.Account) }
	if err := distinct(rows, func(r CredentialRow) (int, string) { return r.Line, name(r) }); err != nil {
		return nil, err
	}
	var plan []Planned
	err := s.withMaster(ctx, func(master Key) error {
		return s.store.Update(ctx, func(ctx context.Context, tx Tx) error {
			if err := stillMaster(ctx, tx, master); err != nil {
				return err
			}
			plan = make([]Planned, 0, len(rows))
			for _, row := range rows {
				p, err := s.importCredential(ctx, tx, a, master, row.CredentialEdit)
				if err != nil {
					return atLine(row.Line, err)
				}
				p.Line, p.Name = row.Line, name(row)
				plan = append(plan, p)
			}
			return planOnly(dryRun)
		})
	})
	return plan, imported(err)
}

func (s *Service) importCredential(ctx context.Context, tx Tx, a Actor, master Key, edit CredentialEdit) (Planned, error) {
	was, err := tx.CredentialNamed(ctx, valueOf(edit.System), valueOf(edit.Account))
	if errors.Is(err, ErrAbsent) {
		result, err := s.addCredential(ctx, tx, a, master, edit)
		return Planned{Action: ActionCreate, Changes: result.Changes}, err
	}
	if err != nil {
		return Planned{}, err
	}
	if was, err = tx.LockCredential(ctx, was.ID); err != nil {
		return Planned{}, err
	}
	result, err := s.changeCredential(ctx, tx, a, master, was, edit)
	return Planned{Action: ActionChange}.changed(result.Changes), err
}

func (p Planned) changed(changes []audit.Change) Planned {
	if p.Changes = changes; len(changes) == 0 {
		p.Action = ActionKeep
	}
	return p
}

// distinct refuses two rows for one record: the order would decide.
func distinct[T any](rows []T, of func(T) (line int, name string)) error {
	seen := map[string]int{}
	for _, row := range rows {
		line, name := of(row)
		if first, again := seen[Fold(name)]; again {
			return atLine(line, pam.Failf(pam.ErrUsage, "%q stands in line %d already", name, first).WithHint("keep one of the two"))
		}
		seen[Fold(name)] = line
	}
	return nil
}

func atLine(line int, err error) error {
	f := pam.Failf(classOf(err), "line %d: %w", line, err)
	if cause, ok := errors.AsType[*pam.Failure](err); ok {
		f.Hint = cause.Hint
	}
	return f
}

func planOnly(dryRun bool) error {
	if dryRun {
		return errPlanOnly
	}
	return nil
}

func imported(err error) error {
	if errors.Is(err, errPlanOnly) {
		return nil
	}
	return err
}

func valueOf(text *string) string {
	if text == nil {
		return ""
	}
	return *text
}

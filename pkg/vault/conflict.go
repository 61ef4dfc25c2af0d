package vault

import (
	"context"
	"errors"
	"fmt"
	"strconv"
	"strings"

	"github.com/redim-tools/redim/pkg/audit"
	"github.com/redim-tools/redim/pkg/pam"
)

// overtaken tells what others changed in a record since the version that the
// caller saw.
func (s *Service) overtaken(ctx context.Context, tx EventReader, c EventCriteria, what, name string, seen int64) error {
	c.Limit = 100
	c, err := c.normalise("")
	if err != nil {
		return err
	}
	page, err := tx.Events(ctx, c)
	if err != nil {
		return err
	}
	return pam.Failf(pam.ErrConflict, "%s %q was changed meanwhile: %s", what, name, strings.Join(since(page.Items, what, name, seen), "; ")).
		WithHint("look at it again, then repeat the edit")
}

// since says in words what records of one thing, newest first, changed after a version.
func since(records []audit.Record, what, name string, seen int64) []string {
	var out []string
	for _, r := range records {
		if what == "policy" && Fold(r.Event.Policy) != Fold(name) {
			continue
		}
		last := len(r.Event.Changes) - 1
		if last < 0 || r.Event.Changes[last].Field != "version" {
			continue
		}
		if version, err := strconv.ParseInt(r.Event.Changes[last].New, 10, 64); err != nil || version <= seen {
			continue
		}
		for _, c := range r.Event.Changes[:last] {
			out = append(out, fmt.Sprintf("%s from %q to %q by %s at %s", c.Field, c.Old, c.New, r.Event.Actor, timeOrNone(r.Event.Time)))
		}
	}
	return out
}

// versionChange is the last change of every event of an edit: since goes by it.
func versionChange(was int64) audit.Change {
	return audit.Change{Field: "version", Old: strconv.FormatInt(was, 10), New: strconv.FormatInt(was+1, 10)}
}

func changedMeanwhile(err error, what, ref string) error {
	if errors.Is(err, ErrStale) || errors.Is(err, ErrAbsent) {
		return pam.Failf(pam.ErrConflict, "%s %q was changed meanwhile", what, ref).WithHint("look at it again, then repeat the command")
	}
	return err
}

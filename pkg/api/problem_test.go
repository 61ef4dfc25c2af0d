package api

import (
	"testing"

	"github.com/redim-tools/redim/pkg/pam"
	"github.com/redim-tools/redim/pkg/vault"
)

func TestWhatAnotherServiceMayHaveReleasedIsAskedForWithANewKey(t *testing.T) {
	t.Parallel()
	lost := func() error { return pam.Failf(pam.ErrUnreachable, "no answer").Uncertain() }
	ours, theirs := problemOf(lost()), problemOf(&vault.SourceError{Err: lost()})
	if ours.Code != "outcome_unknown" || ours.Detail != "" {
		t.Errorf("of the store: %+v", ours)
	}
	if theirs.Code != ours.Code || theirs.Detail == "" {
		t.Errorf("of another service: %+v", theirs)
	}
}

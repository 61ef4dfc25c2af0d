package engine

import (
	"errors"
	"testing"

	"github.com/redim-tools/redim/pkg/pam"
)

// vague refuses to act as somebody without saying whether it knows them.
func vague() error {
	f := pam.Failf(pam.ErrNoImpersonation, "refused")
	f.Err = pam.ErrVague
	return f
}

func TestARefusalThatMayMeanAnUnknownUserDoesNotEndTheLadder(t *testing.T) {
	t.Parallel()
	plain := pam.Failf(pam.ErrNoImpersonation, "not mapped")
	tests := map[string]struct {
		first, last error // of EX\bob and bob
		have        bool  // bob has a credential
		want        error // nil: found
		asked       int
	}{
		"the local user has it":         {first: vague(), have: true, asked: 3},
		"neither is let in":             {first: vague(), last: vague(), want: pam.ErrNoImpersonation, asked: 2},
		"the first is known, the last?": {last: vague(), want: pam.ErrNoCredentials, asked: 2},
		"the last is known":             {first: vague(), want: pam.ErrNoCredentials, asked: 2},
		"a plain refusal ends it":       {first: plain, have: true, want: pam.ErrNoImpersonation, asked: 1},
		"a plain refusal at the end":    {first: vague(), last: plain, want: pam.ErrNoImpersonation, asked: 2},
	}
	for name, tt := range tests {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			local := answer{err: tt.last}
			if tt.have {
				local.creds = []pam.Credential{{System: "web02", Account: "root", Type: pam.StoreUnix}}
			}
			source := (&fakeSource{}).tell(`EX\bob`, "stored web02", answer{err: tt.first}).tell("bob", "stored web02", local)
			f, err := find(t, source, Rules{FallbackToLocal: true, IncludeSharedLists: tt.have}, `EX\bob`, host("web02"))
			if !errors.Is(err, tt.want) || (tt.want == nil) != (len(f.Credentials) == 1) {
				t.Errorf("found %q, %v", refs(f.Credentials), err)
			}
			if tt.asked != len(source.asked) {
				t.Errorf("asked %q, want %d questions", source.asked, tt.asked)
			}
		})
	}
}

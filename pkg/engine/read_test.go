package engine

import (
	"context"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/redim-tools/redim/pkg/pam"
)

func TestAReadIsOnDiskBeforeItIsAskedFor(t *testing.T) {
	t.Parallel()
	const asked = `read web01/Administrator as EX\alice`
	tests := map[string]struct {
		says, journal error
		log           []string
		class         pam.Class
		state         pam.CheckoutState
		released      bool
	}{
		"all goes well":          {nil, nil, []string{"journal read", asked}, "", pam.CheckoutRead, true},
		"it is refused":          {refusal(pam.ErrDenied), nil, []string{"journal read", asked, "journal refused"}, pam.ErrDenied, pam.CheckoutRefused, false},
		"it is not there":        {refusal(pam.ErrNotFound), nil, []string{"journal read", asked, "journal refused"}, pam.ErrNotFound, pam.CheckoutRefused, false},
		"the answer is lost":     {refusal(pam.ErrUnreachable), nil, []string{"journal read", asked}, pam.ErrUnreachable, pam.CheckoutRead, false},
		"it is interrupted":      {context.Canceled, nil, []string{"journal read", asked}, pam.ErrInterrupted, pam.CheckoutRead, false},
		"there is no journal":    {nil, refusal(pam.ErrJournal), []string{"journal fails at read"}, pam.ErrJournal, pam.CheckoutRead, false},
		"an answer that is none": {refusal(pam.ErrProtocol), nil, []string{"journal read", asked}, pam.ErrProtocol, pam.CheckoutRead, false},
	}
	for name, tt := range tests {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			e, source, journal := newFake(spinRules())
			e.Process = 42
			journal.fail[pam.CheckoutRead] = tt.journal
			source.read = func(context.Context) (pam.Release, error) {
				if tt.says != nil {
					return pam.Release{}, tt.says
				}
				return pam.Release{Secret: password()}, nil
			}
			c, release, err := e.Read(t.Context(), CheckOutRequest{Identity: user(`EX\alice`), Credential: open().Credential, Ticket: "T", For: 5})
			if diff := cmp.Diff(tt.log, source.asked); diff != "" {
				t.Errorf("order (-want +got):\n%s", diff)
			}
			if classOf(err) != tt.class || c.State != tt.state || release.Secret.Equal(password()) != tt.released {
				t.Errorf("got %v, %s", err, c.State)
			}
			if c.Process != 0 || !c.Due.IsZero() || c.Ticket != "T" {
				t.Errorf("recorded %+v", c)
			}
		})
	}
}

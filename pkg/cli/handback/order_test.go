package handback_test

import (
	"bytes"
	"context"
	"strings"
	"testing"
	"time"

	"github.com/redim-tools/redim/pkg/cli/handback"
	"github.com/redim-tools/redim/pkg/engine"
	"github.com/redim-tools/redim/pkg/pam"
	"github.com/redim-tools/redim/pkg/term"
)

// noted keeps the order in which checkouts are given back.
type noted struct{ ids []string }

func (n *noted) CheckIn(_ context.Context, c pam.Checkout) (engine.CheckInResult, error) {
	n.ids = append(n.ids, c.ID)
	return engine.CheckInResult{Checkout: c}, nil
}

func TestWhatIsHeldIsGivenBackBeforeWhatMayBeAndBothBeforeASpin(t *testing.T) {
	t.Parallel()
	tests := map[string]struct {
		states []pam.CheckoutState
		order  string
	}{
		"a spin comes last":                    {[]pam.CheckoutState{pam.CheckoutCheckedIn, pam.CheckoutOpen, pam.CheckoutIntended}, "b c a"},
		"an intent comes after what is open":   {[]pam.CheckoutState{pam.CheckoutIntended, pam.CheckoutOpen}, "b a"},
		"the older comes first where both are": {[]pam.CheckoutState{pam.CheckoutOpen, pam.CheckoutIntended, pam.CheckoutOpen, pam.CheckoutIntended}, "a c b d"},
		"there is nothing":                     {nil, ""},
	}
	for name, tt := range tests {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			service, out := &noted{}, &bytes.Buffer{}
			opts := &handback.Options{
				Command: "redim", Output: "table", Streams: term.With(strings.NewReader(""), out, &bytes.Buffer{}, term.Facts{}), Now: time.Now,
				Open: func(string) (handback.Service, error) { return service, nil },
				Pick: func(context.Context) ([]pam.Checkout, error) { return inStates(tt.states), nil },
			}
			if err := opts.Run(t.Context()); err != nil {
				t.Fatal(err)
			}
			if got := strings.Join(service.ids, " "); got != tt.order {
				t.Errorf("the order is %q, want %q", got, tt.order)
			}
		})
	}
}

// inStates are checkouts, the oldest first, with the ids a, b, c and so on.
func inStates(states []pam.CheckoutState) []pam.Checkout {
	var list []pam.Checkout
	for i, s := range states {
		list = append(list, pam.Checkout{ID: string(rune('a' + i)), State: s})
	}
	return list
}

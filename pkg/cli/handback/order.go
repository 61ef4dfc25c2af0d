package handback

import (
	"slices"

	"github.com/redim-tools/redim/pkg/pam"
)

// inOrder puts checkouts in the order in which none is in the way of another.
// The service has all that one identity has of one credential as a single one,
// so what it surely holds is given back first. What was asked for may reach it
// only after that; so it comes next, when a look that finds nothing waits for
// it. What is only to be spun comes last, since nobody may hold it then.
func inOrder(list []pam.Checkout) {
	slices.SortStableFunc(list, func(a, b pam.Checkout) int { return place(a.State) - place(b.State) })
}

func place(s pam.CheckoutState) int {
	switch s {
	case pam.CheckoutOpen:
		return 0
	case pam.CheckoutIntended:
		return 1
	}
	return 2
}

package cli

import (
	"fmt"
	"slices"
	"strings"

	"github.com/redim-tools/redim/pkg/config"
)

// RiskIgnoreCheckout is what --accept-risk must name before a password is read
// without a check-out, whoever holds it. Nobody can be held to what they check
// out alone from then on.
const RiskIgnoreCheckout = "ignore-checkout"

func riskNames() []string { return []string{config.RiskCleartext, RiskIgnoreCheckout} }

// Accepts reports whether a named risk is accepted.
func (g *Globals) Accepts(risk string) bool { return slices.Contains(g.AcceptRisk, risk) }

// risks are the values of --accept-risk. A risk that nobody knows is refused: it
// would be taken for accepted.
type risks []string

func (r *risks) String() string { return strings.Join(*r, ",") }

// Type names the values in usages.
func (r *risks) Type() string { return "risk" }

// Set adds the risks of one flag, with commas between them.
func (r *risks) Set(text string) error {
	for name := range strings.SplitSeq(text, ",") {
		if !slices.Contains(riskNames(), name) {
			return fmt.Errorf("there is no risk %q, only %s", name, strings.Join(riskNames(), " and "))
		}
		if !slices.Contains(*r, name) {
			*r = append(*r, name)
		}
	}
	return nil
}

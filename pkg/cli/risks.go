package cli

import (
	"fmt"
	"slices"
	"strings"

	"github.com/redim-tools/redim/pkg/config"
)

// risks are the values of --accept-risk. A risk that nobody knows is refused: it
// would be taken for accepted.
type risks []string

func (r *risks) String() string { return strings.Join(*r, ",") }

// Type names the values in usages.
func (r *risks) Type() string { return "risk" }

// Set adds the risks of one flag, with commas between them.
func (r *risks) Set(text string) error {
	for name := range strings.SplitSeq(text, ",") {
		if name != config.RiskCleartext {
			return fmt.Errorf("there is no risk %q, only %s", name, config.RiskCleartext)
		}
		if !slices.Contains(*r, name) {
			*r = append(*r, name)
		}
	}
	return nil
}

package cli

import (
	"github.com/spf13/cobra"
	"github.com/spf13/pflag"

	"github.com/redim-tools/redim/pkg/spell"
)

// nearestFlag is the flag that name was probably meant to be, or empty.
func nearestFlag(cmd *cobra.Command, name string) string {
	var names []string
	cmd.Flags().VisitAll(func(f *pflag.Flag) {
		if !f.Hidden {
			names = append(names, f.Name)
		}
	})
	return spell.Nearest(name, names)
}

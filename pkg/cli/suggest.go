package cli

import (
	"github.com/spf13/cobra"
	"github.com/spf13/pflag"

	"github.com/redim-tools/redim/pkg/config"
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

// completeProfile offers the profiles of the settings file, or nothing when it
// can't be read.
func (a *App) completeProfile(*cobra.Command, []string, string) (names []cobra.Completion, _ cobra.ShellCompDirective) {
	path := a.Globals.Config
	if path == "" {
		path, _ = a.Paths.ConfigFile()
	}
	_ = config.Rehearse(path, func(f *config.File) (err error) {
		names, err = f.Profiles()
		return err
	})
	return names, cobra.ShellCompDirectiveNoFileComp
}

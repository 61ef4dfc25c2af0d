// Package cache is the command group cache: it shows and clears the tokens that
// are kept between commands. It never shows one.
package cache

import (
	"context"
	"strings"

	"github.com/spf13/cobra"

	"github.com/redim-tools/redim/pkg/cli"
	"github.com/redim-tools/redim/pkg/config"
	"github.com/redim-tools/redim/pkg/tokencache"
)

// New makes the group.
func New(app *cli.App) *cobra.Command {
	leaves := []*cobra.Command{NewList(app, nil), NewClear(app, nil), NewStatus(app, nil)}
	for _, leaf := range leaves {
		leaf.Example = strings.ReplaceAll(leaf.Example, "redim cache", app.Name+" cache")
	}
	return cli.Group("cache", "Show and clear the cached tokens",
		`Show and clear the tokens of signed-in identities, which are kept encrypted
between commands so that nobody signs in twice.

Exit codes: 0; 2 an unknown command.`,
		leaves...)
}

// Lister lists what the cache holds.
type Lister interface {
	List(context.Context) (tokencache.Listing, error)
}

// settingsFor reads the settings that tell where the key is. The cache is in
// nobody's way when the file is broken or the profile is gone: then the default
// profile stands in, or what holds without a file.
func settingsFor(app *cli.App) *config.Settings {
	s, err := app.Load("")
	if err == nil {
		return s
	}
	if s, fallback := app.Load(config.DefaultProfile); fallback == nil {
		return s
	}
	app.Warn("the settings are passed over: " + err.Error())
	return &config.Settings{Profile: config.DefaultProfile}
}

// Package redim is the root of the command redim: a list of its leaves.
package redim

import (
	"github.com/spf13/cobra"

	"github.com/redim-tools/redim/pkg/cli"
	"github.com/redim-tools/redim/pkg/cmd/cache"
	"github.com/redim-tools/redim/pkg/cmd/checkin"
	"github.com/redim-tools/redim/pkg/cmd/checkout"
	"github.com/redim-tools/redim/pkg/cmd/checkouts"
	"github.com/redim-tools/redim/pkg/cmd/config"
	"github.com/redim-tools/redim/pkg/cmd/demo"
	"github.com/redim-tools/redim/pkg/cmd/dialect"
	"github.com/redim-tools/redim/pkg/cmd/exec"
	"github.com/redim-tools/redim/pkg/cmd/helper"
	"github.com/redim-tools/redim/pkg/cmd/jobs"
	"github.com/redim-tools/redim/pkg/cmd/recovery"
	"github.com/redim-tools/redim/pkg/cmd/simulate"
	"github.com/redim-tools/redim/pkg/cmd/spin"
	"github.com/redim-tools/redim/pkg/cmd/testsettings"
)

// New makes the command tree. It touches nothing.
func New(app *cli.App) *cobra.Command {
	groups := []*cobra.Group{
		{ID: "use", Title: "Credentials:"},
		{ID: "manage", Title: "Settings and cache:"},
		{ID: "rehearse", Title: "Rehearse without a RED IM:"},
		{ID: "help", Title: "Help:"},
	}
	return cli.Root(app, "Work with RED IM from a terminal or a script",
		`Work with RED IM (Lieberman ERPM, BeyondTrust Privileged Identity) through its SDK
web service: test settings, look up who may use which credential on which
endpoint, check credentials out and in.

Start with "redim demo", which shows the main job on a stand-in server, then with
"redim config init".`, groups,
		cli.In("use", testsettings.New(app, nil)),
		cli.In("use", checkout.New(app, nil)),
		cli.In("use", exec.New(app, nil)),
		cli.In("use", helper.New(app)),
		cli.In("use", checkin.New(app, nil)),
		cli.In("use", checkouts.New(app, nil)),
		cli.In("use", recovery.New(app, nil)),
		cli.In("use", spin.New(app, nil)),
		cli.In("use", jobs.New(app)),
		cli.In("manage", config.New(app)),
		cli.In("manage", cache.New(app)),
		cli.In("manage", dialect.New(app)),
		cli.In("rehearse", demo.New(app, nil)),
		cli.In("rehearse", simulate.New(app, nil)),
	)
}

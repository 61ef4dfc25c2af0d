// Package vault is the root of the command vault: a list of its leaves.
package vault

import (
	"github.com/spf13/cobra"

	"github.com/redim-tools/redim/pkg/cli"
	"github.com/redim-tools/redim/pkg/cli/vaultcli"
	"github.com/redim-tools/redim/pkg/cmd/cache"
	"github.com/redim-tools/redim/pkg/cmd/config"
	"github.com/redim-tools/redim/pkg/cmd/credentials"
	"github.com/redim-tools/redim/pkg/cmd/events"
	"github.com/redim-tools/redim/pkg/cmd/integrations"
	"github.com/redim-tools/redim/pkg/cmd/key"
	"github.com/redim-tools/redim/pkg/cmd/leases"
	"github.com/redim-tools/redim/pkg/cmd/maintain"
	"github.com/redim-tools/redim/pkg/cmd/policies"
	"github.com/redim-tools/redim/pkg/cmd/requests"
	"github.com/redim-tools/redim/pkg/cmd/serve"
	"github.com/redim-tools/redim/pkg/cmd/store"
	"github.com/redim-tools/redim/pkg/cmd/vaultdemo"
)

// New makes the command tree. It touches nothing.
func New(app *vaultcli.App) *cobra.Command {
	groups := []*cobra.Group{
		{ID: "use", Title: "Check out and in:"},
		{ID: "records", Title: "Records:"},
		{ID: "care", Title: "Events, store and key:"},
		{ID: "manage", Title: "Settings and cache:"},
		{ID: "help", Title: "Help:"},
	}
	root := cli.Root(app.App, "Keep integration records and their credentials",
		`Keep the records of third-party applications that check credentials out: how they
authenticate, from which addresses, for how long and why. The records, their
credentials and the record of events are in one store: a SQLite file, made on
first use, or a PostgreSQL database that --store names.

Start with "vault integrations new".`, groups,
		cli.In("use", leases.NewCheckOut(app, nil)),
		cli.In("use", leases.NewExec(app, nil)),
		cli.In("use", leases.NewCheckIn(app, nil)),
		cli.In("use", leases.NewCheckOuts(app, nil)),
		cli.In("use", requests.New(app)),
		cli.In("records", integrations.New(app)),
		cli.In("records", credentials.New(app)),
		cli.In("records", policies.New(app)),
		cli.In("care", events.New(app)),
		cli.In("care", store.New(app)),
		cli.In("care", key.New(app)),
		cli.In("care", serve.New(app, nil)),
		cli.In("care", vaultdemo.New(app, nil)),
		cli.In("care", maintain.New(app, nil)),
		cli.In("manage", config.New(app.App)),
		cli.In("manage", cache.New(app.App)),
	)
	root.PersistentFlags().StringVar(&app.Globals.Store, "store", "", "`address` of the store (default: REDIM_STORE, then the setting store, then a SQLite file in the user's data directory)")
	return root
}

package helper

import (
	"github.com/spf13/cobra"

	"github.com/redim-tools/redim/pkg/cli"
)

// New makes the group.
func New(app *cli.App) *cobra.Command {
	return cli.Group("helper", "Answer summon, git and docker", `Answer another program that needs a credential, in that program's own words: as a
provider of summon, as a credential helper of git, and as one of docker. What they
get is checked out, in the name of --user or of the setting helper.user; it stays
open, is listed by "checkouts", and is given back by "checkin".

Under the names summon-redim, git-credential-redim and docker-credential-redim the
program is these commands, as those programs call it.`,
		newSummon(app, nil),
		newGit(app, nil),
		newDocker(app, nil),
	)
}

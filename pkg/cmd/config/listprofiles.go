package config

import (
	"context"

	"github.com/spf13/cobra"

	"github.com/redim-tools/redim/pkg/cli"
	"github.com/redim-tools/redim/pkg/config"
	"github.com/redim-tools/redim/pkg/render"
	"github.com/redim-tools/redim/pkg/term"
)

// ListProfilesOptions are what "config list-profiles" was told.
type ListProfilesOptions struct {
	Output  string
	Streams *term.Streams
	Place   func() (Place, error)
}

// NewListProfiles makes the command. runF replaces its run in tests; nil is the
// real one.
func NewListProfiles(app *cli.App, runF func(context.Context, *ListProfilesOptions) error) *cobra.Command {
	opts := &ListProfilesOptions{Streams: app.Streams, Place: placeOf(app)}
	cmd := &cobra.Command{
		Use:   "list-profiles",
		Short: "List the profiles of the settings file",
		Long: `List the profiles of the settings file in its order, and which of them is used
without --profile, or with the one given.

Exit codes: 0, also for a file without profiles; 2 the file can't be understood.`,
		Example: `  redim config list-profiles
  redim config list-profiles -o json`,
		Args: cli.NoArgs,
		RunE: func(cmd *cobra.Command, _ []string) error {
			if runF != nil {
				return runF(cmd.Context(), opts)
			}
			return runListProfiles(opts)
		},
	}
	cli.OutputFlag(cmd, &opts.Output, cli.ListFormats()...)
	return cmd
}

// profileRow is one profile. A profile whose values can't be understood has
// neither address nor user.
type profileRow struct {
	Name        string `json:"profile"`
	InUse       bool   `json:"in_use"`
	EndpointURL string `json:"endpoint_url"`
	APIUser     string `json:"api_user"`
}

func runListProfiles(opts *ListProfilesOptions) error {
	place, err := opts.Place()
	if err != nil {
		return err
	}
	var rows []profileRow
	err = config.Rehearse(place.Path, func(f *config.File) error {
		names, err := f.Profiles()
		for _, name := range names {
			rows = append(rows, newProfileRow(f, name, place.Profile))
		}
		return err
	})
	if err != nil {
		return err
	}
	return profileList().Write(opts.Streams, render.Format(opts.Output), rows)
}

func newProfileRow(f *config.File, name, used string) profileRow {
	row := profileRow{Name: name, InUse: name == used}
	if s, err := f.Settings(name); err == nil {
		row.EndpointURL, row.APIUser = s.EndpointURL, s.Identity().String()
	}
	return row
}

func profileList() render.List[profileRow] {
	return render.List[profileRow]{
		Columns: []render.Column[profileRow]{
			{Name: "PROFILE", Cell: func(r profileRow) any { return r.Name }},
			{Name: "IN USE", Cell: func(r profileRow) any { return r.InUse }},
			{Name: "ENDPOINT URL", Cell: func(r profileRow) any { return r.EndpointURL }},
			{Name: "API USER", Cell: func(r profileRow) any { return r.APIUser }},
		},
		JSON:  func(r profileRow) any { return r },
		Empty: "the settings file has no profile; make one with: redim config init",
	}
}

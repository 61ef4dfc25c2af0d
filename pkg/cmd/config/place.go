package config

import (
	"context"

	"github.com/redim-tools/redim/pkg/cli"
	"github.com/redim-tools/redim/pkg/config"
)

// Place is the settings file and the profile in it that a verb works on.
type Place struct {
	Path, Profile string
	AcceptRisks   []string       // that the user takes
	Options       config.Options // of the layers above the file
}

// String names both.
func (p Place) String() string { return "profile " + p.Profile + " of " + p.Path }

// placeOf finds the place that the flags and the environment name.
func placeOf(app *cli.App) func() (Place, error) {
	return func() (Place, error) {
		path, err := pathOf(app)
		o := app.ConfigOptions()
		return Place{Path: path, Profile: o.ProfileName(), AcceptRisks: app.Globals.AcceptRisk, Options: o}, err
	}
}

func pathOf(app *cli.App) (string, error) {
	if app.Globals.Config != "" {
		return app.Globals.Config, nil
	}
	return app.Paths.ConfigFile()
}

// change lets do work on the settings file and writes it.
func (p Place) change(ctx context.Context, do func(*config.File) error) error {
	return config.Edit(ctx, p.Path, p.taking(do))
}

// rehearse lets do work on a copy and writes nothing.
func (p Place) rehearse(do func(*config.File) error) error {
	return config.Rehearse(p.Path, p.taking(do))
}

// changeUnless does the one or, in a dry run, the other.
func (p Place) changeUnless(ctx context.Context, dryRun bool, do func(*config.File) error) error {
	if dryRun {
		return p.rehearse(do)
	}
	return p.change(ctx, do)
}

func (p Place) taking(do func(*config.File) error) func(*config.File) error {
	return func(f *config.File) error {
		f.AcceptRisks = p.AcceptRisks
		return do(f)
	}
}

// would puts a verb into the conditional in a dry run.
func would(dryRun bool, did, does string) string {
	if dryRun {
		return "would " + does
	}
	return did
}

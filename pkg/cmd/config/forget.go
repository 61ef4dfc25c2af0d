package config

import (
	"context"
	"slices"
	"strings"

	"github.com/redim-tools/redim/pkg/cli"
	"github.com/redim-tools/redim/pkg/config"
	"github.com/redim-tools/redim/pkg/pam"
	"github.com/redim-tools/redim/pkg/secret"
)

// kept is a secret that "config set" keeps, and that a key of the file names.
type kept struct {
	source   secret.Source // zero: none is kept for the key
	settings *config.Settings
	others   []string // profiles that name it too
}

func remover(app *cli.App) func(context.Context, *config.Settings, secret.Source) error {
	return func(ctx context.Context, s *config.Settings, src secret.Source) error {
		return app.ForgetSecret(ctx, s, src)
	}
}

// keptFor finds what is kept for a key of a profile.
func keptFor(f *config.File, place Place, key string) kept {
	src := f.Source(place.Profile, key)
	if src.Kind != secret.KindKeyring && src.Kind != secret.KindSecrets {
		return kept{}
	}
	k := kept{source: src}
	if s, err := f.Load(place.Options); err == nil {
		k.settings = s
	} else {
		k.settings = &config.Settings{Profile: place.Profile}
	}
	names, _ := f.Profiles() // what can't be read is told by whoever changes it
	k.others = slices.DeleteFunc(names, func(name string) bool {
		return name == place.Profile || f.Source(name, key) != src
	})
	return k
}

// mayForget refuses to remove what is not there, or what others use.
func (o *UnsetOptions) mayForget(k kept) error {
	switch {
	case !o.Forget:
		return nil
	case k.source.IsZero():
		return pam.Failf(pam.ErrUsage, "nothing is kept for %s", o.Key).WithHint("--forget is for a key that names keyring:NAME or secrets:NAME in the file; leave it out")
	case len(k.others) > 0:
		return pam.Failf(pam.ErrUsage, "%s of profile %s is the same password", o.Key, strings.Join(k.others, ", ")).WithHint("leave --forget out, or unset it there first")
	}
	return nil
}

// sayKept tells what became of the secret itself.
func (o *UnsetOptions) sayKept(k kept) {
	switch {
	case k.source.IsZero():
	case o.Forget:
		o.Say("%s the password from %s", would(o.DryRun, "removed", "remove"), whereKept(k.source))
	case !o.DryRun:
		o.Say("the password itself stays in %s; to remove it: %s config set %s '%s', then %s config unset %s --forget",
			whereKept(k.source), o.Command, o.Key, k.source.Text(), o.Command, o.Key)
	}
}

package config

import (
	"context"

	"github.com/redim-tools/redim/pkg/config"
	"github.com/redim-tools/redim/pkg/pam"
	"github.com/redim-tools/redim/pkg/secret"
)

// setSecret writes the source of a secret, and before that keeps the secret
// itself when it is asked for or piped in.
func setSecret(ctx context.Context, opts *SetOptions, place Place, k config.Key) error {
	if opts.Given && opts.Value != "-" {
		src, err := parseSource(opts.Value, opts.Command+" "+k.Name)
		if err != nil {
			return err
		}
		return write(ctx, opts, place, k, src.Text())
	}
	s, err := loadWithSource(place, k)
	if err != nil {
		return err
	}
	if opts.DryRun {
		opts.Say("would read the password, keep it in the keyring or in the encrypted secrets file, and set %s in %s to where it is", k.Name, place)
		return nil
	}
	src, err := keep(ctx, opts, s, k)
	if err != nil {
		return err
	}
	opts.Say("the password is kept in %s", whereKept(src))
	return write(ctx, opts, place, k, src.Text())
}

// somewhere stands for the place of a secret that is not kept yet.
func somewhere() secret.Source { return secret.Source{Kind: secret.KindKeyring, Arg: "name"} }

// loadWithSource reads the settings as they will be, so that what could only
// fail later is refused before anybody is asked.
func loadWithSource(place Place, k config.Key) (s *config.Settings, err error) {
	err = place.rehearse(func(f *config.File) error {
		if err := f.Set(place.Profile, k.Name, somewhere().Text()); err != nil {
			return err
		}
		s, err = f.Load(place.Options)
		return err
	})
	return s, err
}

func keep(ctx context.Context, opts *SetOptions, s *config.Settings, k config.Key) (secret.Source, error) {
	v, err := readSecret(ctx, opts, k)
	if err != nil {
		return secret.Source{}, err
	}
	defer v.Wipe()
	return opts.Secrets.Keep(ctx, s, v)
}

func readSecret(ctx context.Context, opts *SetOptions, k config.Key) (secret.Value, error) {
	if opts.Given {
		return opts.Secrets.Read(ctx)
	}
	return opts.Secrets.Ask(ctx, k.Vendor)
}

// parseSource refuses a password written in the open without repeating it.
func parseSource(text, command string) (secret.Source, error) {
	src, err := secret.ParseSource(text)
	if err != nil {
		return src, pam.Failf(pam.ErrUsage, "%w; nothing was changed", err).
			WithHint("run %s without a value to be asked for the password, or pipe it into %s -; a password in the open stays in the shell's history, so change it if it is one", command, command)
	}
	return src, nil
}

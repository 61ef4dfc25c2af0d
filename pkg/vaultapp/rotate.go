package vaultapp

import (
	"context"
	"errors"
	"strings"

	"github.com/redim-tools/redim/pkg/cli/vaultcli"
	"github.com/redim-tools/redim/pkg/config"
	"github.com/redim-tools/redim/pkg/pam"
	"github.com/redim-tools/redim/pkg/seal"
	"github.com/redim-tools/redim/pkg/store"
	"github.com/redim-tools/redim/pkg/vault"
)

func (w *wiring) masterKey(ctx context.Context) (vaultcli.MasterKey, error) {
	s, err := w.Settings()
	if err != nil {
		return vaultcli.MasterKey{}, err
	}
	source, err := w.keys(s).source(s.Key)
	if err != nil {
		return vaultcli.MasterKey{}, err
	}
	status := source.Status(ctx)
	return vaultcli.MasterKey{
		Source: status.Source, Path: status.Path, Opened: status.Opened,
		CanRotate: func(to string) error { return w.canRotate(s, to) },
		Rotate: func(ctx context.Context, to string, progress func(int)) (vaultcli.Rotated, error) {
			return w.rotate(ctx, s, to, progress)
		},
	}, nil
}

// canRotate refuses what would need two keys in one place, but for a file, which
// leaves the old one beside the new one.
func (w *wiring) canRotate(s *config.Settings, to string) error {
	kind, _, _ := strings.Cut(s.Key, ":")
	switch {
	case to == "" && kind == "file":
		return nil
	case to == "" || kindOf(to) == kind && kind != "file" && kind != "systemd":
		return pam.Failf(pam.ErrUsage, "a new key can't take the place of the one in the %s while that is still needed", kind).
			WithHint("name another place for it, for example --to file:PATH; you can rotate back afterwards")
	case to == s.Key:
		return pam.Failf(pam.ErrUsage, "the master key is there already").WithHint("leave --to out to make a new key in its place, or name another place")
	}
	_, err := w.keys(s).source(to)
	return err
}

func kindOf(setting string) string {
	kind, _, _ := strings.Cut(setting, ":")
	return kind
}

func (w *wiring) rotate(ctx context.Context, s *config.Settings, to string, progress func(int)) (done vaultcli.Rotated, err error) {
	if err := w.canRotate(s, to); err != nil {
		return done, err
	}
	options, err := w.storeOptions(s)
	if err != nil {
		return done, err
	}
	opened, err := store.Open(ctx, options)
	if err != nil {
		return done, err
	}
	defer func() { err = errors.Join(err, opened.Close()) }()
	from := w.keys(s)
	k := from
	k.to = to
	service, err := vault.Open(ctx, vault.Options{Store: opened, Keys: k, Clock: w.Now})
	if err != nil {
		return done, err
	}
	if to == "" {
		if err := k.turn(ctx, service); err != nil {
			return done, err
		}
	}
	done.Rotation, err = service.RotateKey(ctx, actor(), progress)
	done.Old, done.New = k.placesOf(ctx, done.Rotation)
	return done, err
}

// turn makes a new key in the key file, unless a rotation has begun and only
// has to go on.
func (k keys) turn(ctx context.Context, service *vault.Service) error {
	current, err := k.Current(ctx)
	if err != nil {
		return err
	}
	status, err := service.KeyStatus(ctx)
	if err != nil || status.Master != current.ID() || len(status.Wrappings) > 1 || status.Begun != "" {
		return err
	}
	source, err := k.source(k.settings.Key)
	if err != nil {
		return err
	}
	_, err = seal.TurnFile(ctx, source.Status(ctx).Path)
	return err
}

// placesOf are where the old key and the new one are; empty when nobody knows.
func (k keys) placesOf(ctx context.Context, r vault.Rotation) (old, fresh string) {
	before, _ := k.source(k.settings.Key)
	old = where(before.Status(ctx))
	switch {
	case k.to == "" && r.From == r.To: // an earlier call had turned the file
		return "", old
	case k.to == "":
		return seal.Retired(old, r.From), old
	}
	after, _ := k.source(k.to)
	return old, where(after.Status(ctx))
}

package vaultapp

import (
	"context"
	"errors"
	"io/fs"
	"os"

	"github.com/redim-tools/redim/pkg/cli"
	"github.com/redim-tools/redim/pkg/cli/vaultcli"
	"github.com/redim-tools/redim/pkg/pam"
	"github.com/redim-tools/redim/pkg/store"
	"github.com/redim-tools/redim/pkg/store/sqldb"
	"github.com/redim-tools/redim/pkg/vault"
)

// storage finds the store, and opens nothing.
func (w *wiring) storage() (vaultcli.Storage, error) {
	s, err := w.Settings()
	if err != nil {
		return vaultcli.Storage{}, err
	}
	options, err := w.storeOptions(s)
	if err != nil {
		return vaultcli.Storage{}, err
	}
	at, err := sqldb.ParseAddress(options.Address)
	if err != nil {
		return vaultcli.Storage{}, err
	}
	k := keeper{wiring: w, options: options, path: at.Path}
	return vaultcli.Storage{
		Address: at.String(), Path: at.Path,
		Migrate: k.migrate, Check: k.check, CheckBackup: k.checkBackup, Backup: k.backup, Restore: k.restore,
	}, nil
}

// keeper looks after a store.
type keeper struct {
	*wiring
	options store.Options
	path    string
}

func (k keeper) migrate(ctx context.Context) ([]string, error) { return store.Migrate(ctx, k.options) }

// check looks also whether the master key opens the store, once there is
// nothing else in the way.
func (k keeper) check(ctx context.Context) ([]vaultcli.Finding, error) {
	found, err := findings(ctx, k.options)
	if err != nil {
		return nil, err
	}
	for _, f := range found {
		if f.Level == vaultcli.LevelFault || f.Name == "schema" && f.Level != vaultcli.LevelOK {
			return found, nil
		}
	}
	return append(found, k.checkKey(ctx)), nil
}

func (k keeper) checkKey(ctx context.Context) vaultcli.Finding {
	none, err := k.hasNoKeys(ctx)
	if none {
		return vaultcli.Finding{Name: "key", Level: vaultcli.LevelOK, Text: "there is none yet; the next command makes it"}
	}
	if err == nil {
		err = k.openOnce(ctx)
	}
	if err != nil {
		_, message, hint := cli.Describe(err)
		return vaultcli.Finding{Name: "key", Level: vaultcli.LevelFault, Text: message, Hint: hint}
	}
	return vaultcli.Finding{Name: "key", Level: vaultcli.LevelOK, Text: "the master key opens the store"}
}

// hasNoKeys reports whether the store is so new that opening the vault would
// make its keys, which is not for a check to do.
func (k keeper) hasNoKeys(ctx context.Context) (bool, error) {
	s, err := store.Open(ctx, k.options)
	if err != nil {
		return false, err
	}
	var records []vault.KeyRecord
	err = s.View(ctx, func(ctx context.Context, r vault.Reader) (err error) {
		records, err = r.KeyRecords(ctx)
		return err
	})
	err = errors.Join(err, s.Close())
	return err == nil && len(records) == 0, err
}

func (k keeper) openOnce(ctx context.Context) error {
	v, err := k.open(ctx)
	if err != nil {
		return err
	}
	return v.Close()
}

func (k keeper) checkBackup(ctx context.Context, file string) ([]vaultcli.Finding, error) {
	options := k.options
	options.Address = "sqlite:" + file
	return findings(ctx, options)
}

func findings(ctx context.Context, options store.Options) ([]vaultcli.Finding, error) {
	found, err := store.Check(ctx, options)
	out := make([]vaultcli.Finding, len(found))
	for n, f := range found {
		out[n] = vaultcli.Finding{Name: f.Name, Level: vaultcli.Level(f.Level), Text: f.Text, Hint: f.Hint}
	}
	return out, err
}

// backup makes no store: an empty one is not worth a copy.
func (k keeper) backup(ctx context.Context, file string) error {
	if _, err := os.Stat(k.path); k.path != "" && errors.Is(err, fs.ErrNotExist) {
		return pam.Failf(pam.ErrNotFound, "there is no store at %s", k.path).WithHint("look at the path: vault store path")
	}
	s, err := store.Open(ctx, k.options)
	if err != nil {
		return err
	}
	return errors.Join(s.Backup(ctx, file), s.Close())
}

func (k keeper) restore(ctx context.Context, file string) (aside string, err error) {
	return store.Restore(ctx, k.options, file)
}

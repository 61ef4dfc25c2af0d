package vaultapp

import (
	"context"
	"errors"
	"os"
	"os/user"
	"path/filepath"
	"strconv"

	"github.com/spf13/cobra"

	"github.com/redim-tools/redim/pkg/cli"
	"github.com/redim-tools/redim/pkg/cli/vaultcli"
	vaultroot "github.com/redim-tools/redim/pkg/cmd/vault"
	"github.com/redim-tools/redim/pkg/config"
	"github.com/redim-tools/redim/pkg/pam"
	"github.com/redim-tools/redim/pkg/store"
	"github.com/redim-tools/redim/pkg/vault"
)

// Root makes the command tree of vault. It opens nothing.
func Root(app *cli.App) *cobra.Command { return vaultroot.New(New(app)) }

// New adds to an App what the commands of vault need.
func New(app *cli.App) *vaultcli.App {
	a := &vaultcli.App{App: app}
	w := &wiring{App: a}
	a.Open, a.Storage, a.MasterKey = w.open, w.storage, w.masterKey
	a.Serve = w.serve
	return a
}

// wiring builds the parts of an App when they are asked for.
type wiring struct{ *vaultcli.App }

func (w *wiring) open(ctx context.Context) (*vaultcli.Vault, error) {
	s, err := w.Settings()
	if err != nil {
		return nil, err
	}
	options, err := w.storeOptions(s)
	if err != nil {
		return nil, err
	}
	opened, err := store.Open(ctx, options)
	if err != nil {
		return nil, err
	}
	service, err := vault.Open(ctx, vault.Options{Store: opened, Keys: w.keys(s), Clock: w.Now, Upstreams: &upstreams{wiring: w}})
	var ended vault.Maintained
	if err == nil {
		ended, err = w.catchUp(ctx, service)
	}
	if err != nil {
		return nil, errors.Join(err, opened.Close())
	}
	return &vaultcli.Vault{Service: service, Actor: actor(), Ended: ended, Close: opened.Close}, nil
}

// catchUp ends what ended by itself since the last command. On a full disk what
// only reads works all the same, and what writes says itself that it can't.
func (w *wiring) catchUp(ctx context.Context, service *vault.Service) (vault.Maintained, error) {
	ended, err := service.CatchUp(ctx)
	if errors.Is(err, pam.ErrJournal) {
		w.Warn("what is over could not be checked in: " + err.Error())
		err = nil
	}
	return ended, err
}

func (w *wiring) storeOptions(s *config.Settings) (store.Options, error) {
	address := s.Store
	if address == config.StoreDefault {
		dir, err := w.Paths.DataDir()
		if err != nil {
			return store.Options{}, err
		}
		address = "sqlite:" + filepath.Join(dir, "vault.db")
	}
	return store.Options{Address: address, Now: w.Now, NewID: vault.NewID}, nil
}

// actor is the person whose process this is, as the system knows them and not
// as the environment says.
func actor() vault.Actor {
	a := vault.Actor{Kind: vault.ActorAdmin, Name: "uid " + strconv.Itoa(os.Getuid())}
	if u, err := user.Current(); err == nil && u.Username != "" {
		a.Name = u.Username
	}
	return a
}

package vaultapp

import (
	"context"
	"errors"
	"os"
	"os/user"
	"path/filepath"
	"strconv"
	"time"

	"github.com/spf13/cobra"

	"github.com/redim-tools/redim/pkg/auth"
	"github.com/redim-tools/redim/pkg/cli"
	"github.com/redim-tools/redim/pkg/cli/vaultcli"
	vaultroot "github.com/redim-tools/redim/pkg/cmd/vault"
	"github.com/redim-tools/redim/pkg/config"
	"github.com/redim-tools/redim/pkg/pam"
	"github.com/redim-tools/redim/pkg/store"
	"github.com/redim-tools/redim/pkg/store/sqldb"
	"github.com/redim-tools/redim/pkg/vault"
)

// Root makes the command tree of vault. It opens nothing.
func Root(app *cli.App) *cobra.Command { return vaultroot.New(New(app)) }

// New adds to an App what the commands of vault need.
func New(app *cli.App) *vaultcli.App {
	a := &vaultcli.App{App: app}
	w := &wiring{App: a}
	a.Open, a.Storage, a.MasterKey = w.open, w.storage, w.masterKey
	a.Serve, a.Remote, a.Logouts, a.SignIn = w.serve, w.remote, w.logouts, w.signIn
	return a
}

// wiring builds the parts of an App when they are asked for.
type wiring struct{ *vaultcli.App }

// open opens the vault for a command, and catches up.
func (w *wiring) open(ctx context.Context) (*vaultcli.Vault, error) {
	return w.openAnd(ctx, (*vault.Service).CatchUp)
}

// ending is what is done about what is over, before anything else.
type ending func(*vault.Service, context.Context) (vault.Maintained, error)

func (w *wiring) openAnd(ctx context.Context, end ending) (*vaultcli.Vault, error) {
	s, err := w.Settings()
	if err != nil {
		return nil, err
	}
	options, err := w.storeOptions(s)
	if err != nil {
		return nil, err
	}
	fresh := w.isFresh(ctx, s, options)
	opened, err := store.Open(ctx, options)
	if err != nil {
		return nil, err
	}
	service, err := vault.Open(ctx, vault.Options{Store: opened, Keys: w.keys(s), Clock: w.Now, Slow: auth.NewLimiter(hashes, hashQueue, hashWait), Upstreams: &upstreams{wiring: w}, Rotators: rotators(s)})
	var ended vault.Maintained
	if err == nil {
		ended, err = w.catchUp(ctx, service, end)
	}
	if err != nil {
		return nil, errors.Join(err, opened.Close())
	}
	if fresh {
		w.Warn("made a new store, " + opened.String() + ", though its key was there before: is it the place where the store should be?")
	}
	return &vaultcli.Vault{Service: service, Actor: actor(), Ended: ended, Close: opened.Close}, nil
}

// isFresh reports whether the store is a file that is not there or empty, though
// there is a key: so it is when a store was moved, or cut to nothing.
func (w *wiring) isFresh(ctx context.Context, s *config.Settings, options store.Options) bool {
	at, err := sqldb.ParseAddress(options.Address)
	if err != nil || at.Dialect != sqldb.SQLite {
		return false
	}
	if info, err := os.Stat(at.Path); err == nil && info.Size() > 0 {
		return false
	}
	source, err := w.keys(s).source(s.Key)
	return err == nil && source.Status(ctx).Made
}

// slow is how far a clock may be behind the events of other machines.
const slow = time.Minute

// catchUp ends what ended by itself since the last command. On a full disk what
// only reads works all the same, and what writes says itself that it can't.
func (w *wiring) catchUp(ctx context.Context, service *vault.Service, end ending) (vault.Maintained, error) {
	ended, err := end(service, ctx)
	if errors.Is(err, pam.ErrJournal) {
		w.Warn("what is over could not be checked in: " + err.Error())
		err = nil
	}
	if err != nil {
		return ended, err
	}
	behind, err := service.Behind(ctx)
	if behind > slow {
		w.Warn("the clock is " + behind.Round(time.Second).String() + " behind the last event; look at it, for check-outs end by the clock")
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

package server

import (
	"context"
	"log/slog"
	"time"

	"github.com/redim-tools/redim/pkg/vault"
)

// Keeper is who does what time asks for.
type Keeper interface {
	CatchUp(ctx context.Context) (vault.Maintained, error)
	Maintain(ctx context.Context) (vault.Maintained, error)
	RecordRefused(ctx context.Context) error
}

// How often the upkeep looks for what is over, and does all the rest.
const (
	catchUpEvery  = time.Second
	maintainEvery = time.Minute
	upkeepTime    = 10 * time.Minute // for one round
)

// Upkeep is for Options.Upkeep. What fails is told once, and tried again.
func Upkeep(k Keeper, log *slog.Logger) func(context.Context) {
	return func(ctx context.Context) {
		u := &upkeep{keeper: k, log: log}
		catchUp, maintain := time.NewTicker(catchUpEvery), time.NewTicker(maintainEvery)
		defer catchUp.Stop()
		defer maintain.Stop()
		for {
			select {
			case <-catchUp.C:
				u.round(ctx, k.CatchUp)
			case <-maintain.C:
				u.round(ctx, k.Maintain)
			case <-ctx.Done():
				return
			}
		}
	}
}

type upkeep struct {
	keeper Keeper
	log    *slog.Logger
	said   string // the failure that was told last
}

func (u *upkeep) round(ctx context.Context, work func(context.Context) (vault.Maintained, error)) {
	ctx, cancel := context.WithTimeout(ctx, upkeepTime)
	defer cancel()
	done, err := work(ctx)
	if done.Expired+done.Settled > 0 {
		u.log.Info("upkeep", "expired", done.Expired, "settled", done.Settled)
	}
	said := ""
	if err != nil && ctx.Err() == nil {
		said = err.Error()
	}
	switch {
	case said == u.said:
	case said == "":
		u.log.Info("upkeep goes on")
	default:
		u.log.Error("upkeep", "error", said)
	}
	u.said = said
}

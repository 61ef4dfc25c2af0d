package server

import (
	"context"
	"log/slog"
	"sync"
	"time"

	"github.com/redim-tools/redim/pkg/vault"
)

// Keeper is who does what time asks for.
type Keeper interface {
	EndOverdue(ctx context.Context) (vault.Maintained, error)
	RotateOne(ctx context.Context) (vault.Maintained, error)
	Maintain(ctx context.Context) (vault.Maintained, error)
	DropTokens(ctx context.Context) (vault.Maintained, error)
	RecordRefused(ctx context.Context) error
}

// How often the upkeep looks for what is over, and does all the rest.
const (
	catchUpEvery  = time.Second
	maintainEvery = time.Minute
	upkeepTime    = 10 * time.Minute // for one round
	rotations     = 4                // rotators at work at once
)

// Upkeep is for Options.Upkeep. What fails is told once, and tried again. Nothing
// that is over waits for a rotator or for tokens that are removed, and no rotator
// for another, unless as many as may be at work hang.
func Upkeep(k Keeper, log *slog.Logger) func(context.Context) {
	return func(ctx context.Context) {
		var all sync.WaitGroup
		keep := func(every time.Duration, work func(context.Context) (vault.Maintained, error)) {
			all.Go(func() { (&upkeep{log: log}).keep(ctx, every, work) })
		}
		keep(catchUpEvery, k.EndOverdue)
		keep(maintainEvery, k.Maintain)
		keep(maintainEvery, k.DropTokens)
		for range rotations {
			keep(catchUpEvery, k.RotateOne)
		}
		all.Wait()
	}
}

// upkeep is one kind of work that is done again and again.
type upkeep struct {
	log  *slog.Logger
	said string // the failure that was told last
}

func (u *upkeep) keep(ctx context.Context, every time.Duration, work func(context.Context) (vault.Maintained, error)) {
	tick := time.NewTicker(every)
	defer tick.Stop()
	for {
		select {
		case <-tick.C:
			u.round(ctx, work)
		case <-ctx.Done():
			return
		}
	}
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

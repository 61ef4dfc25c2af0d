package server_test

import (
	"context"
	"log/slog"
	"sync/atomic"
	"testing"
	"testing/synctest"
	"time"

	"github.com/redim-tools/redim/pkg/server"
	"github.com/redim-tools/redim/pkg/vault"
)

// hangingKeeper has rotators that hang until they are stopped.
type hangingKeeper struct{ ended, maintained, dropped, rotating atomic.Int64 }

func (k *hangingKeeper) EndOverdue(context.Context) (vault.Maintained, error) {
	k.ended.Add(1)
	return vault.Maintained{Expired: 1}, nil
}

func (k *hangingKeeper) Maintain(context.Context) (vault.Maintained, error) {
	k.maintained.Add(1)
	return vault.Maintained{}, nil
}

func (k *hangingKeeper) DropTokens(context.Context) (vault.Maintained, error) {
	k.dropped.Add(1)
	return vault.Maintained{}, nil
}

func (k *hangingKeeper) RotateOne(ctx context.Context) (vault.Maintained, error) {
	k.rotating.Add(1)
	defer k.rotating.Add(-1)
	<-ctx.Done()
	return vault.Maintained{Unrotated: 1}, nil
}

func (k *hangingKeeper) RecordRefused(context.Context) error { return nil }

func TestNothingThatIsOverWaitsForARotator(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		k := &hangingKeeper{}
		ctx, stop := context.WithCancel(t.Context())
		ended := make(chan struct{})
		go func() { defer close(ended); server.Upkeep(k, slog.New(slog.DiscardHandler))(ctx) }()
		time.Sleep(2*time.Minute + time.Millisecond)
		if k.ended.Load() < 119 || k.maintained.Load() != 2 || k.dropped.Load() != 2 || k.rotating.Load() != 4 {
			t.Errorf("in two minutes: ended %d times, maintained %d times, dropped tokens %d times, %d rotators at work", k.ended.Load(), k.maintained.Load(), k.dropped.Load(), k.rotating.Load())
		}
		stop()
		<-ended
		if k.rotating.Load() != 0 {
			t.Error("a rotator outlives the upkeep")
		}
	})
}

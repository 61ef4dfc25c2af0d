package vault

import (
	"context"
	"time"
)

// tokenBatch is as batch, for tokens: nothing follows from their end, so that they
// may take their time. tokenRest is for how many times as long as a batch took
// others come first.
const (
	tokenBatch = 200
	tokenRest  = 3
)

// dropTokens removes the tokens whose time is over.
func (s *Service) dropTokens(ctx context.Context) (int, error) {
	for all := 0; ; {
		n, began := 0, s.now()
		err := s.store.Update(ctx, func(ctx context.Context, tx Tx) (err error) {
			n, err = tx.RemoveTokens(ctx, began.Add(time.Microsecond), tokenBatch)
			return err
		})
		all += n
		if err == nil && n == tokenBatch {
			err = pause(ctx, min(tokenRest*s.now().Sub(began), time.Second))
		}
		if err != nil || n < tokenBatch {
			return all, err
		}
	}
}

// pause waits, unless ctx ends first.
func pause(ctx context.Context, d time.Duration) error {
	rest, cancel := context.WithTimeout(ctx, d)
	defer cancel()
	<-rest.Done()
	return ctx.Err()
}

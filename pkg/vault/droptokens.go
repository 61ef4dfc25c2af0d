package vault

import (
	"context"
	"time"
)

// Tokens are removed a few at a time, since nothing follows from their end and
// others come first: each time for tokenRest times as long as it took, within
// longestRest.
const (
	tokenBatch  = 200
	tokenRest   = 3
	longestRest = 200 * time.Millisecond
)

// DropTokens removes the tokens whose time is over. It may be interrupted and
// repeated at will, and several may run at once.
func (s *Service) DropTokens(ctx context.Context) (done Maintained, err error) {
	for {
		n, began := 0, s.now()
		err := s.store.Update(ctx, func(ctx context.Context, tx Tx) (err error) {
			n, err = tx.RemoveTokens(ctx, began.Add(time.Microsecond), tokenBatch)
			return err
		})
		done.Tokens += n
		if err != nil || n < tokenBatch {
			return done, err
		}
		if err := pause(ctx, min(tokenRest*s.now().Sub(began), longestRest)); err != nil {
			return done, err
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

package server

import (
	"context"
	"net"
	"net/http"
	"sync/atomic"
)

// maxLost is how many more calls of one connection may be taken back than are
// answered. HTTP/2 lets a caller begin a call and take it back at once, which
// costs it less than us.
const maxLost = 200

// conduct is how the caller behaves on one connection.
type conduct struct{ lost atomic.Int64 }

type conductKey struct{}

func withConduct(ctx context.Context, _ net.Conn) context.Context {
	return context.WithValue(ctx, conductKey{}, &conduct{})
}

// steady ends a connection on which too many calls were taken back: those that
// run are answered, and no further one is begun.
func steady(h http.Handler) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		c, ok := r.Context().Value(conductKey{}).(*conduct)
		if !ok {
			c = &conduct{}
		}
		if c.lost.Load() > maxLost {
			w.Header().Set("Connection", "close")
		}
		h.ServeHTTP(w, r)
		switch {
		case r.Context().Err() != nil:
			c.lost.Add(1)
		case c.lost.Load() > 0:
			c.lost.Add(-1)
		}
	})
}

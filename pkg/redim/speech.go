package redim

import (
	"context"
	"net/http"
	"slices"
	"sync"
	"time"

	"github.com/redim-tools/redim/pkg/pam"
	"github.com/redim-tools/redim/pkg/redim/dialect"
)

// DialectMemory keeps which dialect a service was found to speak, so that it is
// not asked again. What it returns may be out of date. It is safe for
// concurrent use.
type DialectMemory interface {
	// Recall returns what Remember was last told; empty when that is nothing.
	Recall() string
	Remember(name string)
	// Lock keeps other processes from finding out the same at the same time,
	// if it can. It gives up when ctx ends.
	Lock(ctx context.Context) (release func())
}

// speech knows which dialect is spoken: the one that the settings name, or,
// with auto, the one that is remembered or that the service answers to.
type speech struct {
	fixed  *dialect.Dialect   // nil with auto
	known  []*dialect.Dialect // that auto chooses from, the likeliest first
	memory DialectMemory
	ask    func(ctx context.Context, d *dialect.Dialect) (echo, error)
	now    func() time.Time
	busy   chan struct{} // holds one while somebody finds out

	mu       sync.Mutex
	spoken   *dialect.Dialect // nil while it is not known
	ruledOut []*dialect.Dialect
	doubted  time.Time // when the service was asked again after an operation was missing
}

// certain is how long the service is not asked again whether it still speaks
// what it spoke.
const certain = time.Minute

func newSpeech(cfg Config) (*speech, error) {
	d, err := dialect.Open(cfg.Dialect, cfg.Operations)
	if err != nil {
		return nil, err
	}
	s := &speech{memory: cfg.Dialects, busy: make(chan struct{}, 1)}
	if cfg.Dialect != "" && cfg.Dialect != dialect.Auto {
		s.fixed = d
		return s, nil
	}
	if s.memory == nil {
		s.memory = noMemory{}
	}
	named := namedDialect(cfg.ServiceURL)
	for _, name := range dialect.Spoken() {
		if d, err = dialect.Open(name, cfg.Operations); err != nil {
			return nil, err
		}
		s.known = append(s.known, d)
		if name == named {
			s.known = slices.Insert(s.known[:len(s.known)-1], 0, d)
		}
	}
	return s, nil
}

// dialect returns the dialect to speak. It asks the service only when nobody
// has done so before.
func (s *speech) dialect(ctx context.Context) (*dialect.Dialect, error) {
	if d := s.current(); d != nil {
		return d, nil
	}
	if err := s.enter(ctx); err != nil {
		return nil, err
	}
	defer s.leave()
	if d := s.current(); d != nil {
		return d, nil
	}
	if d := s.recall(); d != nil {
		return d, nil
	}
	release := s.memory.Lock(ctx)
	defer release()
	if d := s.recall(); d != nil {
		return d, nil
	}
	return s.find(ctx)
}

func (s *speech) current() *dialect.Dialect {
	if s.fixed != nil {
		return s.fixed
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.spoken
}

// recall takes what is remembered, unless it has proved wrong.
func (s *speech) recall() *dialect.Dialect {
	name := s.memory.Recall()
	s.mu.Lock()
	defer s.mu.Unlock()
	for _, d := range s.known {
		if d.Name == name && !slices.Contains(s.ruledOut, d) {
			s.spoken = d
			return d
		}
	}
	return nil
}

// find asks the service, and remembers what it answers to.
func (s *speech) find(ctx context.Context) (*dialect.Dialect, error) {
	var said echoes
	for _, d := range s.known {
		if s.isOut(d) {
			continue
		}
		r, err := s.ask(ctx, d)
		switch {
		case err != nil:
			return nil, err
		case r.spoken:
			s.settle(d)
			return d, nil
		}
		said = append(said, r)
	}
	return nil, said.failure()
}

func (s *speech) isOut(d *dialect.Dialect) bool {
	s.mu.Lock()
	defer s.mu.Unlock()
	return slices.Contains(s.ruledOut, d)
}

func (s *speech) settle(d *dialect.Dialect) {
	s.mu.Lock()
	s.spoken = d
	s.mu.Unlock()
	s.memory.Remember(d.Name)
}

// mistaken is told that the service lacks an operation of d. It reports whether
// another dialect is to be spoken from now on. A missing log-in rules d out; any
// other operation may be missing for a reason of its own, so the service is
// asked, but not often.
func (s *speech) mistaken(ctx context.Context, d *dialect.Dialect, key string) bool {
	if s.fixed != nil || s.enter(ctx) != nil {
		return false
	}
	defer s.leave()
	if now := s.current(); now != d {
		return now != nil // somebody else was faster
	}
	if !s.doubt(d, key) {
		return false
	}
	other, err := s.find(ctx)
	if err != nil && dialect.IsLogIn(key) {
		s.memory.Remember("")
	}
	return err == nil && other != d
}

// doubt reports whether it is worth while to ask the service again.
func (s *speech) doubt(d *dialect.Dialect, key string) bool {
	s.mu.Lock()
	defer s.mu.Unlock()
	if dialect.IsLogIn(key) {
		s.ruledOut = append(s.ruledOut, d)
		return true
	}
	if !s.doubted.IsZero() && s.now().Sub(s.doubted) < certain {
		return false
	}
	s.doubted = s.now()
	return true
}

func (s *speech) enter(ctx context.Context) error {
	select {
	case s.busy <- struct{}{}:
		return nil
	case <-ctx.Done():
		return plain(context.Cause(ctx))
	}
}

func (s *speech) leave() { <-s.busy }

// noMemory remembers nothing.
type noMemory struct{}

func (noMemory) Recall() string              { return "" }
func (noMemory) Remember(string)             {}
func (noMemory) Lock(context.Context) func() { return func() {} }

// echo is how the service answers at the address of a dialect.
type echo struct {
	dialect string
	spoken  bool   // as only the service itself does
	status  int    // 0: no answer of the kind
	asks    bool   // the web server wants to be signed in to first
	what    string // in words, when it is not the status
}

type echoes []echo

// failure tells why none of the dialects can be spoken.
func (rs echoes) failure() error {
	if slices.ContainsFunc(rs, func(r echo) bool { return r.asks }) {
		return pam.Failf(pam.ErrDelegationRefused, "the web server wants to be signed in to before it lets anybody ask the service (401)").WithHint("%s", windowsHint)
	}
	if slices.ContainsFunc(rs, func(r echo) bool { return r.status >= 500 }) {
		return pam.Failf(pam.ErrUnreachable, "the service is out of order: %s", rs).WithHint("try again later; the service's own log and Windows event log tell more")
	}
	f := pam.Failf(pam.ErrProtocol, "no interface of the service is there: %s", rs)
	if slices.ContainsFunc(rs, func(r echo) bool { return r.status == http.StatusForbidden }) {
		return f.WithHint("the web server lets nobody in (403): it may want a client certificate (tls.client_cert), or another address; if it is only that it answers no GET, name the interface with the setting dialect")
	}
	return f.WithHint("check endpoint_url: %s; where the service does not answer a GET, name its interface with the setting dialect", addressHint)
}

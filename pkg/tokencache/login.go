package tokencache

import (
	"context"
	"errors"
	"path/filepath"
	"sync/atomic"
	"time"

	"github.com/redim-tools/redim/pkg/atomicfile"
	"github.com/redim-tools/redim/pkg/pam"
	"github.com/redim-tools/redim/pkg/secret"
)

// look answers from the file, if that holds a live token or a fresh refusal.
func (e entry) look(ctx context.Context, since time.Time) (token pam.Token, done bool, err error) {
	r, ok := e.read()
	switch now := e.o.Now(); {
	case !ok:
		return pam.Token{}, false, nil
	case r.fresh(now, since):
		spoken(ctx)
		return pam.Token{}, true, r.failure()
	}
	return r.token, e.usable(r), nil
}

// usable reports whether the record's token may be used by this process.
func (e entry) usable(r record) bool {
	dropped, _ := e.refused.Load(e.name)
	if v, ok := dropped.(secret.Value); ok && r.token.Value.Equal(v) {
		return false
	}
	return r.live(e.o.Now(), e.o.TTL, e.o.Margin)
}

// fetch signs in, or waits for whoever does.
func (e entry) fetch(ctx context.Context, since time.Time, login func(context.Context) (pam.Token, error)) (pam.Token, error) {
	inner, release, err := e.lock(ctx)
	if err != nil {
		return pam.Token{}, err
	}
	defer release()
	if token, done, err := e.look(ctx, since); done {
		return token, err
	}
	token, err := login(inner)
	if err != nil {
		e.noteRefusal(inner, err)
		return pam.Token{}, err
	}
	e.keep(token)
	return token, nil
}

// lock takes the lock of the entry's identity, and returns the context for what
// is done under it. Locks are nested in one order only, a user's before the
// delegation identity's, and what is held already is not taken again. There is
// an error only when ctx ends: a place that takes no locks, or a process that
// holds one for longer than any log-in takes, costs a log-in, not the command.
func (e entry) lock(ctx context.Context) (inner context.Context, release func(), err error) {
	nothing := func() {}
	if entered(ctx, e.name) {
		return ctx, nothing, nil
	}
	inner = enter(ctx, e.name)
	if err := atomicfile.MakePrivateDir(e.locks()); err != nil {
		e.warnOnce(warnUnwritable, "tokens are not kept: "+err.Error())
		return inner, nothing, nil
	}
	waiting, cancel := context.WithTimeout(ctx, e.lockWait)
	defer cancel()
	release, err = atomicfile.LockAndKeep(waiting, filepath.Join(e.locks(), e.name))
	switch {
	case err == nil:
		return inner, release, nil
	case ctx.Err() != nil:
		return nil, nil, gaveUp(ctx, e.id)
	case waiting.Err() == nil:
		e.warnOnce(warnUnwritable, "tokens are not kept: "+err.Error())
	}
	return inner, nothing, nil
}

func gaveUp(ctx context.Context, id pam.Identity) error {
	class := pam.ErrInterrupted
	if errors.Is(ctx.Err(), context.DeadlineExceeded) {
		class = pam.ErrUnreachable
	}
	return pam.Failf(class, "gave up waiting for another redim that signs in as %s: %w", id, context.Cause(ctx)).
		WithHint("see which redim processes run, and try again")
}

// keep stores a token that was just obtained.
func (e entry) keep(token pam.Token) {
	if token.Value.IsEmpty() {
		return
	}
	r := record{
		kind: kindToken, fingerprint: e.o.Fingerprint, profile: e.o.Profile, identity: e.id,
		stored: e.o.Now(), token: token,
	}
	r.until = r.stored.Add(e.o.TTL)
	if !token.Expires.IsZero() {
		r.until = token.Expires.Add(-e.o.ClockOffset())
	}
	if !e.write(r) {
		e.o.Unkept(token.Value)
	}
	e.tidy()
}

// noteRefusal leaves word that the service refused to sign someone in, unless a log-in below
// has done so for its own identity, or there is a live token after all.
func (e entry) noteRefusal(ctx context.Context, err error) {
	f, ok := errors.AsType[*pam.Failure](err)
	if !ok || !errors.Is(err, pam.ErrDelegationRefused) || errors.Is(err, pam.ErrNotSent) || wasSpoken(ctx) {
		return
	}
	if r, ok := e.read(); ok && e.usable(r) {
		return
	}
	e.write(record{
		kind: kindRefusal, fingerprint: e.o.Fingerprint, profile: e.o.Profile, identity: e.id,
		stored: e.o.Now(), class: f.Class, message: f.Message, hint: f.Hint,
	})
	spoken(ctx)
}

func (r record) failure() error {
	return pam.Failf(r.class, "%s (another redim was told so just now; not tried again, so that the account is not locked)", r.message).
		WithHint("%s", hintOr(r.hint))
}

func hintOr(hint string) string {
	if hint == "" {
		return "check api_user and api_password, and try again in a few seconds"
	}
	return hint + "; then try again in a few seconds"
}

// nest is one log-in under way, in the context of what is done for it.
type nest struct {
	name   string
	outer  *nest
	spoken atomic.Bool // word of a refusal was left, or found, further in
}

type nestKey struct{}

func nestOf(ctx context.Context) *nest {
	n, _ := ctx.Value(nestKey{}).(*nest)
	return n
}

func enter(ctx context.Context, name string) context.Context {
	return context.WithValue(ctx, nestKey{}, &nest{name: name, outer: nestOf(ctx)})
}

// entered reports whether ctx is inside a log-in for that name.
func entered(ctx context.Context, name string) bool {
	for n := nestOf(ctx); n != nil; n = n.outer {
		if n.name == name {
			return true
		}
	}
	return false
}

func spoken(ctx context.Context) {
	for n := nestOf(ctx); n != nil; n = n.outer {
		n.spoken.Store(true)
	}
}

func wasSpoken(ctx context.Context) bool {
	n := nestOf(ctx)
	return n != nil && n.spoken.Load()
}

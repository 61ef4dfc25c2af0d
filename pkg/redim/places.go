package redim

import (
	"context"
	"errors"
	"net/url"
	"strings"
	"sync"

	"github.com/redim-tools/redim/pkg/pam"
	"github.com/redim-tools/redim/pkg/transport"
)

// Outages remembers which addresses did not answer lately; package breaker has
// one. It is safe for concurrent use.
type Outages interface {
	// Order is addresses in the order in which to try them.
	Order(addresses []string) []string
	Failed(address string)
	Answered(address string)
}

// places are the addresses of one service, the one of the settings first.
type places struct {
	roots   []*url.URL
	outages Outages
	warn    func(string)
	warned  sync.Map // of the hosts that were left
}

func newPlaces(cfg Config) (*places, error) {
	p := &places{outages: cfg.Outages, warn: cfg.Warn}
	for i, address := range append([]string{cfg.ServiceURL}, cfg.FallbackURLs...) {
		root, err := applicationRoot(address)
		if f, ok := errors.AsType[*pam.Failure](err); ok && i > 0 {
			f.Message = strings.Replace(f.Message, "endpoint_url", "one of fallback_urls", 1)
		}
		if err != nil {
			return nil, err
		}
		p.roots = append(p.roots, root)
	}
	if p.warn == nil {
		p.warn = func(string) {}
	}
	return p, nil
}

// ask puts a question to one address after the other, until one answers. A
// question that must not be put twice goes on to the next only where the
// service certainly never got it.
func (p *places) ask(ctx context.Context, repeatable bool, question func(root *url.URL) error) error {
	if len(p.roots) == 1 {
		return question(p.roots[0])
	}
	order := p.order()
	var silent []string
	for i, root := range order {
		err := question(root)
		p.note(root, err)
		switch {
		case !isDown(err) || ctx.Err() != nil:
			return err
		case !repeatable && !transport.NotSent(err):
			return notAgain(err, order[(i+1)%len(order)])
		}
		silent = append(silent, err.Error())
		if i == len(order)-1 {
			return noneAnswers(err, silent)
		}
		if _, given := p.warned.LoadOrStore(root.Host, true); !given {
			p.warn(root.Host + " does not answer; going on with " + order[i+1].Host)
		}
	}
	return nil
}

// order is the addresses in the order in which to try them.
func (p *places) order() []*url.URL {
	if p.outages == nil {
		return p.roots
	}
	byName, names := map[string]*url.URL{}, make([]string, len(p.roots))
	for i, root := range p.roots {
		names[i] = root.String()
		byName[names[i]] = root
	}
	out := make([]*url.URL, 0, len(names))
	for _, name := range p.outages.Order(names) {
		out = append(out, byName[name])
	}
	return out
}

func (p *places) note(root *url.URL, err error) {
	switch {
	case p.outages == nil:
	case isDown(err):
		p.outages.Failed(root.String())
	case err == nil || errors.Is(err, errDenial):
		p.outages.Answered(root.String())
	}
}

// errAnswered marks a failure of a service that is there: one operation of it
// is out of order.
var errAnswered = errors.New("the service answered")

// isDown reports that an address does not answer, or that what answers in front
// of the service says so.
func isDown(err error) bool {
	return errors.Is(err, pam.ErrUnreachable) && !errors.Is(err, errAnswered) && !errors.Is(err, errDenial) && !transport.NotProven(err)
}

// notAgain tells that what may have been done is not asked for elsewhere.
func notAgain(err error, next *url.URL) error {
	if f, ok := errors.AsType[*pam.Failure](err); ok {
		f.Hint = "it may have been done all the same, so " + next.Host + " was not asked; the next command is put there"
	}
	return err
}

// noneAnswers tells what became of each address.
func noneAnswers(last error, silent []string) error {
	f := pam.Failf(pam.ErrUnreachable, "no address of the service answers: %s", strings.Join(silent, "; "))
	f.Err, f.Hint = last, "check endpoint_url and fallback_urls, the network and HTTPS_PROXY"
	return f
}

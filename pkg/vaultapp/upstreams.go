package vaultapp

import (
	"context"
	"sync"

	"github.com/redim-tools/redim/pkg/cli"
	"github.com/redim-tools/redim/pkg/config"
	"github.com/redim-tools/redim/pkg/engine"
)

// upstreams signs in to the RED IM services that the sources of credentials
// name. A service is opened once for each profile, as its settings are then.
type upstreams struct {
	*wiring

	mu   sync.Mutex
	open map[string]*cli.Service
}

// Engine makes an engine of the caller's own over the service of a profile.
func (u *upstreams) Engine(_ context.Context, profile string) (*engine.Engine, error) {
	s, err := u.service(profile)
	if err != nil {
		return nil, err
	}
	return &engine.Engine{
		Source: s.Source, Facts: s.Facts, Clock: s.Clock, Rules: s.Rules, Profile: s.Profile, Service: s.Engine.Service,
		Command: s.Command, Delegation: s.Delegation,
	}, nil
}

func (u *upstreams) service(profile string) (*cli.Service, error) {
	u.mu.Lock()
	defer u.mu.Unlock()
	if s, ok := u.open[profile]; ok {
		return s, nil
	}
	settings, err := config.Load(config.Options{Path: u.Globals.Config, Profile: profile, Getenv: u.Getenv, Tool: "redim"})
	if err == nil {
		err = settings.Validate(u.Globals.AcceptRisk)
	}
	if err != nil {
		return nil, err
	}
	s, err := u.Service(settings)
	if err != nil {
		return nil, err
	}
	if u.open == nil {
		u.open = map[string]*cli.Service{}
	}
	u.open[profile] = s
	return s, nil
}

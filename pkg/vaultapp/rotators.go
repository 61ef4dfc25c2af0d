package vaultapp

import (
	"github.com/redim-tools/redim/pkg/config"
	"github.com/redim-tools/redim/pkg/rotator"
	"github.com/redim-tools/redim/pkg/vault"
)

// rotators are the programs that the settings name.
func rotators(s *config.Settings) map[string]vault.Rotator {
	out := make(map[string]vault.Rotator, len(s.Rotators))
	for name, source := range s.Rotators {
		out[name] = rotator.Parse(source)
	}
	return out
}

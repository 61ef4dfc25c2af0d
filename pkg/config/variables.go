package config

import (
	"slices"
	"strings"

	"github.com/redim-tools/redim/pkg/secret"
)

// SecretVariables names the environment variables that hold secrets of the
// command's own: those that a source is read from, and that of a PostgreSQL
// store.
func (s *Settings) SecretVariables() []string {
	var names []string
	for _, source := range s.sources() {
		if source.Kind == secret.KindEnv {
			names = append(names, source.Arg)
		}
	}
	if s.tool == ToolVault && strings.HasPrefix(s.Store, "postgres") {
		names = append(names, "PGPASSWORD")
	}
	slices.Sort(names)
	return names
}

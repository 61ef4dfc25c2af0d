package config_test

import (
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/redim-tools/redim/pkg/config"
)

func TestVariablesWithSecretsAreKnown(t *testing.T) {
	t.Parallel()
	set := []string{"api_password=env:ONE", "cache.key=passphrase:env:TWO", "key=passphrase:env:THREE", "store=postgres://vault@db1/vault", "credential=env:FOUR"}
	for tool, want := range map[string][]string{
		config.ToolRedim: {"FOUR", "ONE", "THREE", "TWO"},
		config.ToolVault: {"FOUR", "ONE", "PGPASSWORD", "THREE", "TWO"},
	} {
		s, err := config.Load(config.Options{Set: set, Tool: tool, Getenv: func(string) string { return "" }})
		if err != nil {
			t.Fatal(err)
		}
		if d := cmp.Diff(want, s.SecretVariables()); d != "" {
			t.Errorf("%s (-want +got)\n%s", tool, d)
		}
	}
}

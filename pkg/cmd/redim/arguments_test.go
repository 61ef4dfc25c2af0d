package redim_test

import (
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/redim-tools/redim/pkg/cmd/redim"
)

func TestNamesOfTheProgramStandForHelpers(t *testing.T) {
	t.Parallel()
	args := []string{"get", "--user=bob"}
	for program, want := range map[string][]string{
		"redim":                              args,
		"/usr/bin/redim":                     args,
		"/usr/bin/git-credential-redim":      {"helper", "git", "get", "--user=bob"},
		"git-credential-redim.exe":           {"helper", "git", "get", "--user=bob"},
		"Docker-Credential-Redim.EXE":        {"helper", "docker", "get", "--user=bob"},
		"/usr/local/lib/summon/summon-redim": {"helper", "summon", "get", "--user=bob"},
		"my-git-credential-redim":            args,
		"/opt/git-credential-redim/redim":    args,
		"":                                   args,
	} {
		if d := cmp.Diff(want, redim.Arguments(program, args)); d != "" {
			t.Errorf("%s (-want +got)\n%s", program, d)
		}
	}
	if got := redim.Arguments("summon-redim", nil); len(got) != 2 {
		t.Errorf("%q", got)
	}
}

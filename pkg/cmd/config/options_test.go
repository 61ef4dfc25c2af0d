package config_test

import (
	"bytes"
	"context"
	"slices"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
	"github.com/spf13/cobra"

	"github.com/redim-tools/redim/pkg/app"
	"github.com/redim-tools/redim/pkg/cli"
	"github.com/redim-tools/redim/pkg/cmd/config"
	"github.com/redim-tools/redim/pkg/term"
)

// given runs one command with flags of its own and the global ones, and returns
// the options that its run would get.
func given[O any](t *testing.T, verb func(*cli.App, func(context.Context, *O) error) *cobra.Command, args ...string) *O {
	t.Helper()
	var got *O
	var talk bytes.Buffer
	a := app.New("redim", term.With(strings.NewReader(""), &talk, &talk, term.Facts{}), func(string) string { return "" })
	leaf := verb(a, func(_ context.Context, o *O) error { got = o; return nil })
	root := func(a *cli.App) *cobra.Command {
		return cli.Root(a, "x", "x", []*cobra.Group{{ID: "g", Title: "G"}}, leaf)
	}
	if code := app.Run(context.Background(), a, root, append([]string{leaf.Name()}, args...)); code != 0 {
		t.Fatalf("code %d: %s", code, talk.String())
	}
	return got
}

func TestFlagsAndArgumentsBecomeOptions(t *testing.T) {
	t.Parallel()
	// The fields that flags and arguments fill; the rest is the app's.
	said := cmp.FilterPath(func(p cmp.Path) bool {
		field, ok := p.Last().(cmp.StructField)
		return ok && !slices.Contains(strings.Fields("Key Value Given DryRun Origin Output Strict File Config"), field.Name())
	}, cmp.Ignore())
	for name, tt := range map[string]struct{ got, want any }{
		"show":          {given(t, config.NewShow, "--origin", "-o", "yaml"), &config.ShowOptions{Origin: true, Output: "yaml"}},
		"get":           {given(t, config.NewGet, "timeout"), &config.GetOptions{Key: "timeout"}},
		"set":           {given(t, config.NewSet, "timeout", "1m", "--dry-run"), &config.SetOptions{Key: "timeout", Value: "1m", Given: true, DryRun: true}},
		"set, no value": {given(t, config.NewSet, "api_password"), &config.SetOptions{Key: "api_password"}},
		"unset":         {given(t, config.NewUnset, "timeout", "--dry-run"), &config.UnsetOptions{Key: "timeout", DryRun: true}},
		"edit":          {given(t, config.NewEdit, "--dry-run"), &config.EditOptions{DryRun: true}},
		"lint":          {given(t, config.NewLint, "--strict"), &config.LintOptions{Strict: true}},
		"path":          {given(t, config.NewPath, "-o", "json"), &config.PathOptions{Output: "json"}},
		"list-profiles": {given(t, config.NewListProfiles, "-o", "csv"), &config.ListProfilesOptions{Output: "csv"}},
		"import":        {given(t, config.NewImportDomains, "-", "--dry-run"), &config.ImportDomainsOptions{File: "-", DryRun: true}},
		"init": {given(t, config.NewInit, "--api-user", "x", "--prefer-ip", "--set", "timeout=1m", "--config", "/c"), &config.InitOptions{
			Config: "/c", Given: []config.Assignment{{Key: "api_user", Value: "x"}, {Key: "prefer_ip", Value: "true"}, {Key: "timeout", Value: "1m"}},
		}},
	} {
		if diff := cmp.Diff(tt.want, tt.got, said); diff != "" {
			t.Errorf("%s: %s", name, diff)
		}
	}
}

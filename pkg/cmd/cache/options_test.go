package cache_test

import (
	"bytes"
	"context"
	"errors"
	"strings"
	"testing"

	"github.com/spf13/cobra"

	"github.com/redim-tools/redim/pkg/app"
	"github.com/redim-tools/redim/pkg/cli"
	"github.com/redim-tools/redim/pkg/cmd/cache"
	"github.com/redim-tools/redim/pkg/term"
)

// options runs one command and returns what its run would get.
func options[O any](t *testing.T, verb func(*cli.App, func(context.Context, *O) error) *cobra.Command, args ...string) O {
	t.Helper()
	var got O
	var talk bytes.Buffer
	a := app.New("redim", term.With(strings.NewReader(""), &talk, &talk, term.Facts{}), func(string) string { return "" })
	leaf := verb(a, func(_ context.Context, o *O) error { got = *o; return errors.New("asked") })
	root := func(a *cli.App) *cobra.Command {
		return cli.Root(a, "x", "x", []*cobra.Group{{ID: "g", Title: "G"}}, leaf)
	}
	if code := app.Run(context.Background(), a, root, append([]string{leaf.Name()}, args...)); code != cli.ExitOther || !strings.Contains(talk.String(), "asked") {
		t.Errorf("the error of run becomes code %d and %q", code, talk.String())
	}
	return got
}

func TestFlagsBecomeOptions(t *testing.T) {
	t.Parallel()
	if o := options(t, cache.NewList, "-o", "csv"); o.Output != "csv" {
		t.Errorf("list: %+v", o)
	}
	if o := options(t, cache.NewStatus, "-o", "yaml"); o.Output != "yaml" {
		t.Errorf("status: %+v", o)
	}
	o := options(t, cache.NewClear, "--user", "bob", "--profile", "lab", "--expired", "--logout", "--dry-run", "-o", "json")
	if o.User != "bob" || o.Profile != "lab" || !o.Expired || !o.Logout || !o.DryRun || o.Output != "json" {
		t.Errorf("clear: %+v", o)
	}
}

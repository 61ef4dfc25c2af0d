package e2e

import (
	"bytes"
	"context"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"github.com/spf13/cobra"

	"github.com/redim-tools/redim/pkg/app"
	"github.com/redim-tools/redim/pkg/cli"
	"github.com/redim-tools/redim/pkg/cli/handback"
	"github.com/redim-tools/redim/pkg/cli/handout"
	"github.com/redim-tools/redim/pkg/cli/handover"
	"github.com/redim-tools/redim/pkg/cli/vaultcli"
	"github.com/redim-tools/redim/pkg/cmd/credentials"
	"github.com/redim-tools/redim/pkg/cmd/leases"
	"github.com/redim-tools/redim/pkg/cmd/policies"
	"github.com/redim-tools/redim/pkg/cmd/requests"
	"github.com/redim-tools/redim/pkg/term"
	"github.com/redim-tools/redim/pkg/vaultapp"
)

// given runs one command of vault and returns the options that its run would get.
func given[O any](t *testing.T, verb func(*vaultcli.App, func(context.Context, *O) error) *cobra.Command, args ...string) *O {
	t.Helper()
	var got *O
	var talk bytes.Buffer
	a := app.New("vault", term.With(strings.NewReader(""), &talk, &talk, term.Facts{}), func(string) string { return "" })
	leaf := verb(vaultapp.New(a), func(_ context.Context, o *O) error { got = o; return nil })
	root := func(a *cli.App) *cobra.Command {
		return cli.Root(a, "x", "x", []*cobra.Group{{ID: "g", Title: "G"}}, leaf)
	}
	if code := app.Run(t.Context(), a, root, append([]string{leaf.Name()}, args...)); code != 0 {
		t.Fatalf("%s %s: code %d: %s", leaf.Name(), strings.Join(args, " "), code, talk.String())
	}
	return got
}

func TestFlagsAndArgumentsOfVaultBecomeOptions(t *testing.T) {
	t.Parallel()
	decide := func(approve bool) func(*vaultcli.App, func(context.Context, *requests.DecideOptions) error) *cobra.Command {
		return func(a *vaultcli.App, run func(context.Context, *requests.DecideOptions) error) *cobra.Command {
			return requests.NewDecide(a, approve, run)
		}
	}
	// The fields that flags and arguments fill; the rest is the app's.
	said := cmp.FilterPath(func(p cmp.Path) bool {
		field, ok := p.Last().(cmp.StructField)
		return ok && slices.Contains(strings.Fields("Streams Say Now Prompt Open Remote Vault Journal Read WhyNoPrompt Command Poll Given Complete LogMask Getenv Environ Warn Withheld down path values"), field.Name())
	}, cmp.Ignore())
	pages := vaultcli.Pages{Limit: 50}
	for name, tt := range map[string]struct{ got, want any }{
		"checkout": {
			given(t, leases.NewCheckOut, "web01/root", "--for", "2h", "--reason", "r", "--ticket", "t", "--comment", "c", "--wait", "1m", "--dry-run", "--field", "id"),
			&leases.CheckOutOptions{
				Ref: "web01/root", Reason: "r", Request: handout.Request{Comment: "c", Ticket: "t", For: 2 * time.Hour},
				Handout: handout.Options{Field: "id"}, Wait: time.Minute, DryRun: true,
			},
		},
		"exec": {
			given(t, leases.NewExec, "web01/root", "--env", "P=password", "--file", "F=id", "--no-mask", "--reason", "r", "--", "sh", "-c", "--env"),
			&leases.ExecOptions{
				CheckOutOptions: leases.CheckOutOptions{Ref: "web01/root", Reason: "r"},
				Handover:        handover.Options{Program: []string{"sh", "-c", "--env"}, Env: []string{"P=password"}, File: []string{"F=id"}, NoMask: true},
			},
		},
		"checkin":      {given(t, leases.NewCheckIn, "a", "b", "--everybody"), &leases.CheckInOptions{Options: handback.Options{IDs: []string{"a", "b"}}, Everybody: true}},
		"checkin, all": {given(t, leases.NewCheckIn, "--all", "--dry-run"), &leases.CheckInOptions{Options: handback.Options{IDs: []string{}, All: true, DryRun: true}}},
		"checkouts": {
			given(t, leases.NewCheckOuts, "--all", "--credential", "a/b", "--limit", "3", "-o", "csv"),
			&leases.CheckOutsOptions{All: true, Credential: "a/b", Pages: vaultcli.Pages{Limit: 3}, Output: "csv"},
		},
		"requests list":    {given(t, requests.NewList, "--mine"), &requests.ListOptions{Pages: pages, State: "waiting", Mine: true}},
		"requests show":    {given(t, requests.NewShow, "x"), &requests.ShowOptions{ID: "x"}},
		"requests approve": {given(t, decide(true), "x", "--comment", "c"), &requests.DecideOptions{ID: "x", Approve: true, Comment: "c"}},
		"requests deny":    {given(t, decide(false), "x"), &requests.DecideOptions{ID: "x"}},
		"requests drop":    {given(t, requests.NewDrop, "x"), &requests.DropOptions{ID: "x"}},
		"policies list":    {given(t, policies.NewList, "p*"), &policies.ListOptions{Pages: pages, Match: "p*"}},
		"policies show":    {given(t, policies.NewShow, "p"), &policies.ShowOptions{Ref: "p"}},
		"policies delete":  {given(t, policies.NewDelete, "p", "--yes"), &policies.DeleteOptions{Ref: "p", Consent: vaultcli.Consent{Yes: true}}},
		"credentials list": {
			given(t, credentials.NewList, "--for", "web01", "--kind", "token"), &credentials.ListOptions{Pages: pages, For: "web01", Kind: "token"},
		},
		"credentials show":    {given(t, credentials.NewShow, "a/b"), &credentials.ShowOptions{Ref: "a/b"}},
		"credentials history": {given(t, credentials.NewHistory, "a/b"), &credentials.HistoryOptions{Ref: "a/b"}},
		"credentials delete":  {given(t, credentials.NewDelete, "a/b", "--yes"), &credentials.DeleteOptions{Ref: "a/b", Consent: vaultcli.Consent{Yes: true}}},
		"credentials import":  {given(t, credentials.NewImport, "-", "--dry-run"), &credentials.ImportOptions{File: "-", DryRun: true}},
	} {
		if diff := cmp.Diff(tt.want, tt.got, said); diff != "" {
			t.Errorf("%s: %s", name, diff)
		}
	}
	add := given(t, credentials.NewAdd, "a/b", "--no-secret", "--kind", "token", "--endpoint", "c")
	if !add.NoSecret || add.Ref != "a/b" || add.Kind != "token" || !add.Given["kind"] || add.Given["policy"] {
		t.Errorf("credentials add: %+v", add.Fields)
	}
	edit := given(t, policies.NewEdit, "p", "--longest", "4", "--if-version", "2")
	if edit.Ref != "p" || edit.Seen != 2 || !edit.Given["longest"] || edit.Given["timeout"] {
		t.Errorf("policies edit: %+v", edit.Fields)
	}
}

package cache

import (
	"context"
	"time"

	"github.com/spf13/cobra"

	"github.com/redim-tools/redim/pkg/cli"
	"github.com/redim-tools/redim/pkg/render"
	"github.com/redim-tools/redim/pkg/term"
	"github.com/redim-tools/redim/pkg/tokencache"
)

// ListOptions are what "cache list" was told.
type ListOptions struct {
	Output string

	Streams *term.Streams
	Say     func(format string, args ...any)
	Now     func() time.Time
	Open    func() (Lister, error)
}

// NewList makes the command. runF replaces its run in tests; nil is the real one.
func NewList(app *cli.App, runF func(context.Context, *ListOptions) error) *cobra.Command {
	opts := &ListOptions{Streams: app.Streams, Say: app.Say, Now: app.Now, Open: func() (Lister, error) { return app.Tokens(settingsFor(app)) }}
	cmd := &cobra.Command{
		Use:   "list",
		Short: "List whose tokens are cached",
		Long: `List the identities, of all profiles, whose tokens are cached: since when, and
until when they are used. A token itself is never shown.

Exit codes: 0, also for an empty cache; 1 the cache can't be read; 2 its key can't
be had.`,
		Example: `  redim cache list
  redim cache list -o json`,
		Args: cli.NoArgs,
		RunE: func(cmd *cobra.Command, _ []string) error {
			if runF != nil {
				return runF(cmd.Context(), opts)
			}
			return runList(cmd.Context(), opts)
		},
	}
	cli.OutputFlag(cmd, &opts.Output, cli.ListFormats()...)
	return cmd
}

func runList(ctx context.Context, opts *ListOptions) error {
	cache, err := opts.Open()
	if err != nil {
		return err
	}
	listing, err := cache.List(ctx)
	if err != nil {
		return err
	}
	if err := entryList(opts.Now()).Write(opts.Streams, render.Format(opts.Output), listing.Entries); err != nil {
		return err
	}
	if listing.Unreadable > 0 {
		opts.Say("%s can't be read with this key; they are replaced when they are needed, or removed with: cache clear", files(listing.Unreadable))
	}
	return nil
}

// entryJSON is a cached token, without the token.
type entryJSON struct {
	Profile  string    `json:"profile"`
	Identity string    `json:"identity"`
	Stored   time.Time `json:"stored"`
	Age      int64     `json:"age_seconds"`
	Expires  time.Time `json:"expires"`
	Expired  bool      `json:"expired"`
}

func newEntryJSON(e tokencache.Entry, now time.Time) entryJSON {
	return entryJSON{
		Profile: e.Profile, Identity: e.Identity.String(), Stored: e.Stored.UTC(), Age: int64(age(e, now).Seconds()),
		Expires: e.Expires.UTC(), Expired: e.Expired,
	}
}

func age(e tokencache.Entry, now time.Time) time.Duration {
	return now.Sub(e.Stored).Round(time.Second)
}

func state(e tokencache.Entry) string {
	if e.Expired {
		return "expired"
	}
	return "live"
}

func entryList(now time.Time) render.List[tokencache.Entry] {
	return render.List[tokencache.Entry]{
		Columns: []render.Column[tokencache.Entry]{
			{Name: "PROFILE", Cell: func(e tokencache.Entry) any { return e.Profile }},
			{Name: "IDENTITY", Cell: func(e tokencache.Entry) any { return e.Identity.String() }},
			{Name: "AGE", Cell: func(e tokencache.Entry) any { return age(e, now) }},
			{Name: "EXPIRES", Cell: func(e tokencache.Entry) any { return e.Expires }},
			{Name: "STATE", Cell: func(e tokencache.Entry) any { return state(e) }},
		},
		JSON:  func(e tokencache.Entry) any { return newEntryJSON(e, now) },
		Empty: "no cached tokens",
	}
}

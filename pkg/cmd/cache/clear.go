package cache

import (
	"context"
	"fmt"
	"time"

	"github.com/spf13/cobra"

	"github.com/redim-tools/redim/pkg/cli"
	"github.com/redim-tools/redim/pkg/config"
	"github.com/redim-tools/redim/pkg/pam"
	"github.com/redim-tools/redim/pkg/render"
	"github.com/redim-tools/redim/pkg/secret"
	"github.com/redim-tools/redim/pkg/term"
	"github.com/redim-tools/redim/pkg/tokencache"
)

// ClearOptions are what "cache clear" was told.
type ClearOptions struct {
	User    string
	Profile string // as --profile gives it; empty is all
	Expired bool
	Logout  bool
	DryRun  bool
	Output  string

	Streams *term.Streams
	Say     func(format string, args ...any)
	Now     func() time.Time
	// Open opens the cache as a profile sees it; empty is whichever will do.
	Open func(profile string) (Cache, error)
	// Service yields what ends a token of a profile upstream.
	Service func(profile string) (Logout, error)
	// Forget forgets the dialects that were found, of one profile or of all, and
	// returns how many; with dry it only counts.
	Forget func(profile string, dry bool) int
}

// Cache lists and removes tokens.
type Cache interface {
	Lister
	Clear(context.Context, tokencache.ClearRequest) (tokencache.Cleared, error)
}

// Logout ends a token upstream.
type Logout func(ctx context.Context, token secret.Value) error

// NewClear makes the command. runF replaces its run in tests; nil is the real one.
func NewClear(app *cli.App, runF func(context.Context, *ClearOptions) error) *cobra.Command {
	opts := &ClearOptions{Streams: app.Streams, Say: app.Say, Now: app.Now, Open: opener(app), Service: logouts(app), Forget: forgetter(app)}
	cmd := &cobra.Command{
		Use:   "clear",
		Short: "Remove cached tokens",
		Long: `Remove the cached tokens: all of them, or those that meet every condition given.
--user takes an identity exactly as "cache list" shows it; --profile takes those of
one profile. It is safe while other commands work: they sign in again.

Unless --user or --expired narrows it to tokens, the dialect that was found for
"dialect: auto" is forgotten too, and found anew by the next command.

With --logout the tokens are ended at the service too. That needs the settings they
were made under, and fails for others.

Exit codes: 0, also when there was nothing to remove; 1 a file can't be removed;
2 the user can't be one, or the key can't be had; 103 removed, but not all of the
tokens could be ended at the service.`,
		Example: `  redim cache clear
  redim cache clear --user 'EX\alice' --dry-run
  redim cache clear --expired
  redim cache clear --profile lab --logout`,
		Args: cli.NoArgs,
		RunE: func(cmd *cobra.Command, _ []string) error {
			opts.Profile = app.Globals.Profile
			if runF != nil {
				return runF(cmd.Context(), opts)
			}
			return runClear(cmd.Context(), opts)
		},
	}
	f := cmd.Flags()
	f.StringVar(&opts.User, "user", "", `only the token of this `+"`identity`"+`, exactly: EX\alice or bob`)
	f.BoolVar(&opts.Expired, "expired", false, "only tokens that are no longer used")
	f.BoolVar(&opts.Logout, "logout", false, "end the tokens at the service too")
	f.BoolVar(&opts.DryRun, "dry-run", false, "list what would be removed; remove nothing")
	cli.OutputFlag(cmd, &opts.Output, cli.ListFormats()...)
	return cmd
}

func opener(app *cli.App) func(string) (Cache, error) {
	return func(profile string) (Cache, error) {
		if profile == "" {
			return app.Tokens(settingsFor(app))
		}
		s, err := app.Load(profile)
		if err != nil {
			return nil, err
		}
		return app.Tokens(s)
	}
}

func logouts(app *cli.App) func(string) (Logout, error) {
	return func(profile string) (Logout, error) {
		s, err := app.SettingsOf(profile)
		if err != nil {
			return nil, err
		}
		end, err := app.Logouts(s)
		return end, err
	}
}

func forgetter(app *cli.App) func(string, bool) int {
	return func(profile string, dry bool) int {
		if app.Name != config.ToolRedim {
			return 0
		}
		if profile == "" {
			return app.Dialects(new(config.Settings)).Clear(dry)
		}
		s, err := app.Load(profile)
		if err != nil {
			return 0 // a profile that is gone; what it had found is removed in time
		}
		found := app.Dialects(s)
		if found.Recall() == "" {
			return 0
		}
		if !dry {
			found.Remember("")
		}
		return 1
	}
}

// removal is a token that was removed, and what became of it at the service.
type removal struct {
	tokencache.Entry
	loggedOut bool
	err       error // why not
}

func runClear(ctx context.Context, opts *ClearOptions) error {
	req, err := opts.request()
	if err != nil {
		return err
	}
	cache, err := opts.Open("")
	if err != nil {
		return err
	}
	var removed []removal
	if opts.Logout && !opts.DryRun {
		if removed, err = opts.logoutAll(ctx, cache, req); err != nil {
			return err
		}
	}
	cleared, err := cache.Clear(ctx, req)
	for _, r := range cleared.Removed {
		removed = append(removed, opts.left(r))
	}
	if werr := opts.tell(removed, cleared.Unreadable); werr != nil {
		return werr
	}
	opts.forget()
	if err != nil {
		return err
	}
	return verdict(removed)
}

func (o *ClearOptions) request() (tokencache.ClearRequest, error) {
	req := tokencache.ClearRequest{Profile: o.Profile, Expired: o.Expired, DryRun: o.DryRun}
	if o.User == "" {
		return req, nil
	}
	id, err := pam.ParseUser(o.User)
	req.User = id
	return req, err
}

// left is a token that is removed without being ended at the service.
func (o *ClearOptions) left(r tokencache.Removed) removal {
	defer r.Token.Value.Wipe()
	gone := removal{Entry: r.Entry}
	if o.Logout && !o.DryRun && !r.Expired {
		gone.err = errOtherSettings()
	}
	return gone
}

func errOtherSettings() error {
	return pam.Failf(pam.ErrOther, "it was made under settings that are not there any more").WithHint("it ends by itself when its time is over")
}

func (o *ClearOptions) tell(removed []removal, unreadable int) error {
	if o.DryRun || o.Output != "" {
		if err := o.list().Write(o.Streams, render.Format(o.Output), removed); err != nil {
			return err
		}
	}
	out := 0
	for _, r := range removed {
		if r.loggedOut {
			out++
		}
		if r.err != nil {
			o.Say("%s of profile %s is not logged out: %v", r.Identity, r.Profile, r.err)
		}
	}
	text := "removed " + tokens(len(removed))
	if o.DryRun {
		text = "would remove " + tokens(len(removed))
	}
	if unreadable > 0 {
		text += " and " + files(unreadable) + " that can't be read"
	}
	if o.Logout && !o.DryRun {
		text += fmt.Sprintf("; %d of them logged out", out)
	}
	o.Say("%s", text)
	return nil
}

// forget forgets dialects, where not only tokens are meant.
func (o *ClearOptions) forget() {
	if o.User != "" || o.Expired {
		return
	}
	switch n := o.Forget(o.Profile, o.DryRun); {
	case n > 0 && o.DryRun:
		o.Say("would forget %s that dialect: auto found", counted(n, "dialect"))
	case n > 0:
		o.Say("forgot %s that dialect: auto found", counted(n, "dialect"))
	}
}

func tokens(n int) string { return counted(n, "token") }
func files(n int) string  { return counted(n, "file") }

func counted(n int, what string) string {
	if n == 1 {
		return "1 " + what
	}
	return fmt.Sprintf("%d %ss", n, what)
}

func verdict(removed []removal) error {
	failed := 0
	for _, r := range removed {
		if r.err != nil {
			failed++
		}
	}
	if failed == 0 {
		return nil
	}
	return pam.Failf(pam.ErrPartial, "%s could not be logged out; they are removed here", tokens(failed)).
		WithHint("they end by themselves when their time is over, or in the console of the service")
}

// removalJSON is a removed token in JSON and YAML.
type removalJSON struct {
	entryJSON
	LoggedOut bool   `json:"logged_out"`
	Problem   string `json:"problem,omitempty"`
}

func (o *ClearOptions) list() render.List[removal] {
	now := o.Now()
	list := render.List[removal]{JSON: func(r removal) any {
		return removalJSON{entryJSON: newEntryJSON(r.Entry, now), LoggedOut: r.loggedOut, Problem: text(r.err)}
	}}
	for _, c := range entryList(now).Columns {
		list.Columns = append(list.Columns, render.Column[removal]{Name: c.Name, Cell: func(r removal) any { return c.Cell(r.Entry) }})
	}
	return list
}

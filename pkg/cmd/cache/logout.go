package cache

import (
	"context"
	"slices"

	"github.com/redim-tools/redim/pkg/secret"
	"github.com/redim-tools/redim/pkg/tokencache"
)

// logoutAll removes the tokens of every profile whose settings are there, and
// ends them at the service. What it leaves is for an ordinary clear.
func (o *ClearOptions) logoutAll(ctx context.Context, cache Cache, req tokencache.ClearRequest) ([]removal, error) {
	listing, err := cache.List(ctx)
	if err != nil {
		return nil, err
	}
	var out []removal
	for _, profile := range profiles(listing, req.Profile) {
		removed, err := o.logoutProfile(ctx, profile, req)
		out = append(out, removed...)
		if err != nil {
			return out, err
		}
	}
	return out, nil
}

// profiles are the profiles of the listing in order, or only the one wanted.
func profiles(l tokencache.Listing, wanted string) []string {
	var names []string
	for _, e := range l.Entries {
		if !slices.Contains(names, e.Profile) && (wanted == "" || e.Profile == wanted) {
			names = append(names, e.Profile)
		}
	}
	return names
}

// logoutProfile does so for one profile. Without its settings nothing is done.
func (o *ClearOptions) logoutProfile(ctx context.Context, profile string, req tokencache.ClearRequest) ([]removal, error) {
	cache, err := o.Open(profile)
	if err != nil {
		return nil, nil //nolint:nilerr // its tokens are removed with the rest, and told as not logged out
	}
	logout, err := o.Service(profile)
	if err != nil {
		logout = func(context.Context, secret.Value) error { return err }
	}
	req.Profile = profile
	cleared, err := cache.Clear(ctx, req)
	out := make([]removal, 0, len(cleared.Removed))
	for _, r := range cleared.Removed {
		out = append(out, end(ctx, logout, r))
	}
	return out, err
}

// end ends one token at the service. One that is expired needs no end.
func end(ctx context.Context, logout Logout, r tokencache.Removed) removal {
	defer r.Token.Value.Wipe()
	gone := removal{Entry: r.Entry}
	switch {
	case r.Expired:
	case !r.Current:
		gone.err = errOtherSettings()
	default:
		gone.err = logout(ctx, r.Token.Value)
		gone.loggedOut = gone.err == nil
	}
	return gone
}

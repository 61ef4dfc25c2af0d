package config

import (
	"context"
	"net/url"
	"strings"

	"github.com/redim-tools/redim/pkg/cli"
	"github.com/redim-tools/redim/pkg/config"
	"github.com/redim-tools/redim/pkg/pam"
	"github.com/redim-tools/redim/pkg/prompt"
	"github.com/redim-tools/redim/pkg/secret"
	"github.com/redim-tools/redim/pkg/tokencache"
)

// Keeper reads a secret from a person or from standard input and keeps it
// where the settings can name it.
type Keeper interface {
	// Ask asks for a secret without showing it.
	Ask(ctx context.Context, label string) (secret.Value, error)
	// Read reads it from standard input.
	Read(ctx context.Context) (secret.Value, error)
	// Keep stores it, as the settings in force ask for, and returns its source.
	Keep(ctx context.Context, s *config.Settings, v secret.Value) (secret.Source, error)
}

// appKeeper is the Keeper of an app.
type appKeeper struct{ *cli.App }

func keeper(app *cli.App) Keeper { return appKeeper{app} }

func (a appKeeper) Ask(ctx context.Context, label string) (secret.Value, error) {
	v, err := a.Prompt().Secret(ctx, prompt.Question{Label: label, Flag: "- and the password on standard input, or a source such as env:NAME"})
	if err == nil && v.IsEmpty() {
		err = pam.Failf(pam.ErrUsage, "the password is empty").WithHint("type it and press Enter; nothing was changed")
	}
	return v, err
}

func (a appKeeper) Read(ctx context.Context) (secret.Value, error) {
	return secret.Resolver{Stdin: a.Streams.In}.Resolve(ctx, secret.Source{Kind: secret.KindStdin})
}

func (a appKeeper) Keep(ctx context.Context, s *config.Settings, v secret.Value) (secret.Source, error) {
	src, err := a.StoreSecret(ctx, s, secretName(s), v)
	if err == nil {
		a.forget(ctx, s)
	}
	return src, err
}

// forget removes the profile's cached tokens: they came of another password, and
// would hide for minutes that this one is wrong.
func (a appKeeper) forget(ctx context.Context, s *config.Settings) {
	tokens, err := a.Tokens(s)
	if err == nil {
		_, err = tokens.Clear(ctx, tokencache.ClearRequest{Profile: s.Profile})
	}
	if err != nil {
		a.Warn("tokens that came of the old password may still be cached: " + err.Error() + "; remove them with: " + a.Name + " cache clear")
	}
}

// secretName names the password of the delegation identity by who it belongs
// to, so that two settings files do not overwrite each other's.
func secretName(s *config.Settings) string {
	u, err := url.Parse(s.EndpointURL)
	if s.APIUser == "" || err != nil || u.Host == "" {
		return s.Profile + " api_password"
	}
	return strings.ToLower(s.Identity().String() + "@" + u.Host)
}

// whereKept tells where a source is, for people.
func whereKept(src secret.Source) string {
	switch src.Kind {
	case secret.KindKeyring:
		return "the keyring of the operating system"
	case secret.KindSecrets:
		return "the encrypted secrets file"
	}
	return src.String()
}

// sourceWords are what a secret source may begin with.
func sourceWords() []string {
	return []string{"env:", "file:", "cmd:", "keyring:", "secrets:", "prompt", "-"}
}

package config

import (
	"context"
	"strings"

	"github.com/redim-tools/redim/pkg/cli"
	"github.com/redim-tools/redim/pkg/config"
	"github.com/redim-tools/redim/pkg/pam"
	"github.com/redim-tools/redim/pkg/secret"
)

// form is a profile as flags and answers make it.
type form struct {
	assignments []Assignment
	password    secret.Value     // to be kept; empty when api_password names a source
	settings    *config.Settings // what the assignments amount to
	inForce     *config.Settings // the same with the environment on top
}

// set gives a key a value in the place of an earlier one.
func (f *form) set(key, value string) {
	for i, a := range f.assignments {
		if a.Key == key {
			f.assignments[i].Value = value
			return
		}
	}
	f.assignments = append(f.assignments, Assignment{Key: key, Value: value})
}

func (f *form) has(key string) bool {
	for _, a := range f.assignments {
		if a.Key == key || strings.HasPrefix(a.Key, key+".") {
			return true
		}
	}
	return false
}

// apply writes the assignments into a file.
func (f *form) apply(file *config.File, profile string) error {
	for _, a := range f.assignments {
		if err := file.Set(profile, a.Key, a.Value); err != nil {
			return err
		}
	}
	return nil
}

// items are the settings that the profile gives.
func (f *form) items() []config.Item {
	var out []config.Item
	for _, item := range f.settings.Items() {
		if item.Name == "api_password" && !f.password.IsEmpty() {
			item.Text = secret.Redacted + " (to be kept in the keyring or in the encrypted secrets file)"
		}
		if item.Origin.Layer == config.LayerProfile {
			out = append(out, item)
		}
	}
	return out
}

// fill makes a form out of what is given and, where that is not enough, of
// answers. The file takes each value as it comes, so that a wrong one is
// refused at once; it is a copy.
func fill(ctx context.Context, opts *InitOptions, file *config.File, place Place) (form, error) {
	f := form{assignments: opts.Given}
	for i, a := range f.assignments {
		if a.Key == "api_password" && a.Value == "-" {
			f.assignments[i].Value = somewhere().Text()
			v, err := opts.Secrets.Read(ctx)
			if err != nil {
				return f, err
			}
			f.password = v
		}
		if err := refuseOpenPassword(opts, f.assignments[i]); err != nil {
			return f, err
		}
	}
	if err := f.apply(file, place.Profile); err != nil {
		return f, err
	}
	if missing := f.missing(); len(missing) > 0 {
		if why := opts.WhyNoPrompt(); why != "" {
			return f, pam.Failf(pam.ErrUsage, "%s not given, and can't be asked for: %s", listed(missing), why).WithHint("pass %s", strings.Join(missing, " and "))
		}
		if err := (&interview{form: &f, opts: opts, ask: opts.Prompt(), file: file, profile: place.Profile}).all(ctx); err != nil {
			return f, err
		}
	}
	s, err := file.Settings(place.Profile)
	if err != nil {
		return f, err
	}
	f.settings = s
	if err := s.Validate(place.AcceptRisks); err != nil {
		return f, err
	}
	above := place.Options
	above.Set = nil // they are in the file
	f.inForce, err = file.Load(above)
	return f, err
}

func refuseOpenPassword(opts *InitOptions, a Assignment) error {
	if a.Key != "api_password" {
		return nil
	}
	if _, err := secret.ParseSource(a.Value); err != nil {
		_, message, hint := cli.Describe(err)
		return pam.Failf(pam.ErrUsage, "api_password: %s; nothing was written", message).
			WithHint("%s; or pipe the password into: %s config init --api-password-from -", hint, opts.Command)
	}
	return nil
}

// missing are the flags of required settings that are not given.
func (f *form) missing() []string {
	var out []string
	for _, k := range config.Keys() {
		if k.Required && (k.SignIn == "" || k.SignIn == f.signIn()) && !f.has(k.Name) {
			out = append(out, "--"+flagName(k))
		}
	}
	return out
}

// signIn is the way to sign in that the form gives.
func (f *form) signIn() string {
	for _, a := range f.assignments {
		if a.Key == "sign_in" {
			return strings.TrimSpace(a.Value)
		}
	}
	return config.SignInPassword
}

func listed(flags []string) string {
	if len(flags) == 1 {
		return flags[0] + " is"
	}
	return strings.Join(flags[:len(flags)-1], ", ") + " and " + flags[len(flags)-1] + " are"
}

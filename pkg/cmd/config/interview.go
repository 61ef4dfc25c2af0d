package config

import (
	"context"
	"fmt"
	"strings"

	"github.com/redim-tools/redim/pkg/cli"
	"github.com/redim-tools/redim/pkg/config"
	"github.com/redim-tools/redim/pkg/prompt"
)

// interview asks for the settings one after the other.
type interview struct {
	*form
	opts    *InitOptions
	ask     prompt.Prompter
	file    *config.File
	profile string
}

func (i *interview) all(ctx context.Context) error {
	for _, step := range []func(context.Context) error{
		i.text("endpoint_url"), i.text("api_user"), i.text("authenticator"), i.apiPassword,
		i.text("default_domain"), i.yes("fallback_to_local"), i.pairs("domain_map", "Domain mapping, FQDN=NetBIOS (empty: no more)"),
		i.yes("include_shared_lists"), i.yes("prefer_ip"), i.yes("spin_jobs"), i.jobs,
	} {
		if err := step(ctx); err != nil {
			return err
		}
	}
	return nil
}

// take puts an answer into the form if the settings file takes it.
func (i *interview) take(key, value string) error {
	if err := i.file.Set(i.profile, key, value); err != nil {
		_, message, hint := cli.Describe(err)
		return fmt.Errorf("%s; %s", message, hint)
	}
	i.set(key, value)
	return nil
}

// text asks for a setting in one line. An empty answer leaves it out.
func (i *interview) text(key string) func(context.Context) error {
	return func(ctx context.Context) error {
		k, _, _ := config.Lookup(key)
		if i.has(key) {
			return nil
		}
		_, err := i.ask.Text(ctx, prompt.Question{
			Label: k.Vendor, Flag: "--" + flagName(k), Help: plain(k.Doc), Default: k.Default,
			Validate: func(answer string) error {
				switch {
				case answer == "" && k.Required:
					return fmt.Errorf("this is required; write it like %s", k.Example)
				case answer == "" || answer == k.Default:
					return nil
				}
				return i.take(key, answer)
			},
		})
		return err
	}
}

func plain(doc string) string { return strings.ReplaceAll(doc, "`", "") }

// yes asks for a setting that is off unless it is wanted.
func (i *interview) yes(key string) func(context.Context) error {
	return func(ctx context.Context) error {
		k, _, _ := config.Lookup(key)
		if i.has(key) {
			return nil
		}
		yes, err := i.ask.Confirm(ctx, prompt.Question{Label: k.Vendor + "?", Flag: "--" + flagName(k), Help: plain(k.Doc)})
		if err != nil || !yes {
			return err
		}
		return i.take(key, "true")
	}
}

// pairs asks for entries of a map until an answer is empty.
func (i *interview) pairs(key, label string) func(context.Context) error {
	return func(ctx context.Context) error {
		k, _, _ := config.Lookup(key)
		if i.has(key) {
			return nil
		}
		for {
			answer, err := i.ask.Text(ctx, prompt.Question{Label: label, Flag: "--" + flagName(k), Help: plain(k.Doc), Validate: func(answer string) error {
				name, value, ok := strings.Cut(answer, "=")
				switch {
				case answer == "":
					return nil
				case !ok || strings.TrimSpace(name) == "":
					return fmt.Errorf("there is no = with a name before it; write it like %s", k.Example)
				}
				return i.take(key+"."+strings.TrimSpace(name), value)
			}})
			if err != nil || answer == "" {
				return err
			}
		}
	}
}

// jobs asks for what spin jobs need, when they are wanted.
func (i *interview) jobs(ctx context.Context) error {
	s, err := i.file.Settings(i.profile)
	if err != nil || !s.SpinJobs {
		return err
	}
	if err := i.text("job_comment")(ctx); err != nil {
		return err
	}
	return i.pairs("template_jobs", "Template job, TYPE=ID, for example windows=101 (empty: no more)")(ctx)
}

// apiPassword asks where the password is to be, and for the password itself
// if it is to be kept now.
func (i *interview) apiPassword(ctx context.Context) error {
	if i.has("api_password") || i.signIn() != config.SignInPassword {
		return nil
	}
	choices := []string{
		"in the keyring, or in the encrypted secrets file where there is none: ask for it now",
		"in an environment variable",
		"in a file",
		"a command prints it",
		"nowhere: ask for it every time",
	}
	at, err := i.ask.Select(ctx, prompt.Question{Label: "Where is the API password?", Flag: "--api-password-from"}, choices)
	if err != nil {
		return err
	}
	switch at {
	case 1:
		return i.source(ctx, "Name of the variable", "env:", "REDIM_API_SECRET")
	case 2:
		return i.source(ctx, "File that holds the password", "file:", "")
	case 3:
		return i.source(ctx, "Command line that prints the password", "cmd:", "")
	case 4:
		return i.take("api_password", "prompt")
	}
	if i.password, err = i.opts.Secrets.Ask(ctx, "API Password"); err != nil {
		return err
	}
	return i.take("api_password", somewhere().Text())
}

func (i *interview) source(ctx context.Context, label, kind, usual string) error {
	_, err := i.ask.Text(ctx, prompt.Question{Label: label, Flag: "--api-password-from", Default: usual, Validate: func(answer string) error {
		return i.take("api_password", kind+answer)
	}})
	return err
}

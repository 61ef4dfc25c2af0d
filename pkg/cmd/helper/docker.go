package helper

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"

	"github.com/spf13/cobra"

	"github.com/redim-tools/redim/pkg/cli"
	"github.com/redim-tools/redim/pkg/cli/handout"
	"github.com/redim-tools/redim/pkg/pam"
)

// dockerOptions are what the command was told.
type dockerOptions struct {
	Options
	Action string

	Build func() string
}

func newDocker(app *cli.App, runF func(context.Context, *dockerOptions) error) *cobra.Command {
	opts := &dockerOptions{Options: newOptions(app), Build: func() string { return app.Build().String() }}
	cmd := &cobra.Command{
		Use:   "docker <action>",
		Short: "Be a credential helper of docker",
		Long: `Answer docker, podman and others, which call this with an action. get reads the
address of a registry and writes the credential that the setting helper.credentials
has for it; list writes the registries and user names of that setting, and asks
nobody; erase gives back what get had checked out; store is refused, since RED IM
keeps the passwords. Failures are told on standard output too, where docker reads
them.

Only for https; for http to this machine, or with --accept-risk=cleartext.

To install it for one registry, in ~/.docker/config.json:
  {"credHelpers": {"registry.example.com:5000": "redim"}}

Exit codes: 0; 1 there is no credential for this registry; 2 what docker says can't
be read, or a credential is not named clearly, or nothing can be stored; 103 to 117
as for checkout.`,
		Example: `  echo https://index.docker.io/v1/ | redim helper docker get --dry-run
  redim helper docker list`,
		Args: cli.ExactArgs("an action: get, list, store, erase or version"),
		RunE: func(cmd *cobra.Command, args []string) error {
			opts.Action = args[0]
			if runF != nil {
				return runF(cmd.Context(), opts)
			}
			return opts.tell(runDocker(cmd.Context(), opts))
		},
	}
	opts.add(cmd)
	cmd.ValidArgsFunction = cobra.FixedCompletions([]string{"get", "list", "store", "erase", "version"}, cobra.ShellCompDirectiveNoFileComp)
	return cmd
}

// noKeychainError is that there is no credential for a registry, in the words by
// which docker knows it.
type noKeychainError struct{}

func (noKeychainError) Error() string { return "credentials not found in native keychain" }

func errNoKeychain() error { return noKeychainError{} }

// tell tells docker of a failure.
func (o *dockerOptions) tell(err error) error {
	if err == nil {
		return nil
	}
	_, _ = fmt.Fprintln(o.Streams.Out, err) // what can't be told there is told on standard error
	if _, ok := errors.AsType[noKeychainError](err); ok {
		return &cli.SilentError{Code: cli.ExitOther} // docker asks about every registry there is
	}
	return err
}

func runDocker(ctx context.Context, opts *dockerOptions) error {
	switch opts.Action {
	case "list":
		return opts.list()
	case "version":
		_, err := fmt.Fprintf(opts.Streams.Out, "docker-credential-redim (github.com/redim-tools/redim) %s\n", opts.Build())
		return err
	case "store":
		return opts.refuse()
	case "get":
		if err := opts.unseen("docker"); err != nil {
			return err
		}
		return opts.answer(ctx)
	case "erase":
		return opts.answer(ctx)
	}
	return pam.Failf(pam.ErrUsage, "docker has no action %q", opts.Action).WithHint("one of get, list, store, erase and version")
}

// list tells which registries the settings have a credential for.
func (o *dockerOptions) list() error {
	settings, err := o.Settings()
	if err != nil {
		return err
	}
	names := map[string]string{}
	for server, s := range settings.Helper.Credentials {
		names[server] = s.Account
	}
	return json.NewEncoder(o.Streams.Out).Encode(names)
}

func (o *dockerOptions) refuse() error {
	text, err := readAll(o.Streams.In)
	clear(text)
	if err != nil {
		return err
	}
	return pam.Failf(pam.ErrUsage, "nothing is stored: RED IM keeps the passwords, and redim only hands them out").
		WithHint("there is nothing to log in to: set helper.credentials for this registry, and pull")
}

func (o *dockerOptions) answer(ctx context.Context) error {
	text, err := readAll(o.Streams.In)
	if err != nil {
		return err
	}
	s, err := parseDockerServer(text)
	if err != nil {
		return err
	}
	settings, err := o.Settings()
	if err != nil {
		return err
	}
	name, selector, ok := s.entry(settings)
	via := "docker " + name
	switch {
	case o.Action == "erase":
		return o.giveBack(ctx, via, func(pam.Checkout) bool { return ok })
	case !ok:
		return errNoKeychain()
	}
	if err := s.judge("docker", o.Accepts); err != nil {
		return err
	}
	chosen, err := o.find(ctx, selector, via)
	if err != nil {
		return err
	}
	if o.DryRun {
		return chosen.Plan(&o.Plan)
	}
	return o.hand(ctx, chosen, func(c pam.Checkout, r pam.Release) error { return o.write(text, c, r) })
}

// write answers with the document that docker reads.
func (o *dockerOptions) write(address []byte, c pam.Checkout, r pam.Release) error {
	return r.Secret.Reveal(func(password []byte) error {
		buf := make([]byte, 0, 1024+len(address)+6*len(password))
		defer func() { clear(buf[:cap(buf)]) }()
		valid := true
		for _, member := range []struct {
			name string
			text []byte
		}{{`{"ServerURL":`, bytes.TrimSpace(address)}, {`,"Username":`, []byte(handout.Username(c.Credential))}, {`,"Secret":`, password}} {
			var ok bool
			buf, ok = appendJSON(append(buf, member.name...), member.text)
			valid = valid && ok
		}
		if !valid {
			return pam.Failf(pam.ErrUsage, "%s has a password that is no UTF-8, which docker can't be told", c.Credential.Ref()).
				WithHint("give the account another password")
		}
		_, err := o.Streams.Out.Write(append(buf, '}', '\n'))
		return err
	})
}

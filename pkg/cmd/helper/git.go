package helper

import (
	"bytes"
	"context"
	"strconv"
	"strings"

	"github.com/spf13/cobra"

	"github.com/redim-tools/redim/pkg/cli"
	"github.com/redim-tools/redim/pkg/cli/handout"
	"github.com/redim-tools/redim/pkg/pam"
)

// gitOptions are what the command was told.
type gitOptions struct {
	Options
	Operation  string
	Credential string
}

func newGit(app *cli.App, runF func(context.Context, *gitOptions) error) *cobra.Command {
	opts := &gitOptions{Options: newOptions(app)}
	cmd := &cobra.Command{
		Use:   "git <operation>",
		Short: "Be a credential helper of git",
		Long: `Answer git, which calls this with an operation and says on standard input what it
signs in to. get answers with the name and password of the credential that the
setting helper.credentials has for the server, or of --credential; for any other
server, or another user name than the credential's, it says nothing, and git asks
elsewhere. store does nothing. erase, which git calls when the server refused the
password, gives back what get had checked out for the server.

Only for https; for http to this machine, or with --accept-risk=cleartext.

To install it, for all servers or for one:
  git config --global credential.helper redim
  git config --global credential.https://git.example.com.helper "redim --credential web01/svc-web"

Exit codes: 0, also when there is nothing to say; 2 what git says can't be read, or a
credential is not named clearly, or the password would travel readable; 103 to 117 as
for checkout.`,
		Example: `  printf 'protocol=https\nhost=git.example.com\n' | redim helper git get --dry-run
  printf 'protocol=https\nhost=git.example.com\n' | redim helper git get --user 'EX\alice' --credential web01/svc-web`,
		Args: cli.ExactArgs("an operation: get, store or erase"),
		RunE: func(cmd *cobra.Command, args []string) error {
			opts.Operation = args[0]
			if runF != nil {
				return runF(cmd.Context(), opts)
			}
			return runGit(cmd.Context(), opts)
		},
	}
	opts.add(cmd)
	cmd.Flags().StringVar(&opts.Credential, "credential", "", "`ENDPOINT/ACCOUNT` for whatever server git asks about, in place of helper.credentials; perhaps with ?list=LIST")
	cmd.ValidArgsFunction = cobra.FixedCompletions([]string{"get", "store", "erase"}, cobra.ShellCompDirectiveNoFileComp)
	return cmd
}

// runGit passes over operations that it does not know, as git wants it.
func runGit(ctx context.Context, opts *gitOptions) error {
	if err := opts.unseen("git"); opts.Operation == "get" && err != nil {
		return err
	}
	text, err := readAll(opts.Streams.In)
	defer clear(text)
	if err != nil {
		return err
	}
	if opts.Operation != "get" && opts.Operation != "erase" {
		return nil
	}
	g, err := parseGitLines(text)
	if err != nil || !g.over() {
		return err
	}
	via, s, ok, err := opts.credential(g)
	switch {
	case err != nil || !ok:
		return err
	case opts.Operation == "erase":
		return opts.giveBack(ctx, via, func(c pam.Checkout) bool { return g.fits(c.Credential) })
	}
	return opts.get(ctx, g, s, via)
}

// credential is the one for a server, and the name under which it is checked out.
func (o *gitOptions) credential(g gitLines) (via string, s pam.Selector, ok bool, err error) {
	if o.Credential != "" {
		s, err = pam.ParseSelector(o.Credential)
		return "git " + strings.ToLower(g.host), s, true, err
	}
	settings, err := o.Settings()
	if err != nil {
		return "", s, false, err
	}
	name, s, ok := g.entry(settings)
	return "git " + name, s, ok, nil
}

// fits reports whether a credential is of the user that git asks for.
func (g gitLines) fits(c pam.Credential) bool {
	return g.username == "" || strings.EqualFold(g.username, handout.Username(c))
}

func (o *gitOptions) get(ctx context.Context, g gitLines, s pam.Selector, via string) error {
	if err := g.judge("git", o.Accepts); err != nil {
		return err
	}
	chosen, err := o.find(ctx, s, via)
	switch {
	case err != nil || !g.fits(chosen.Credential):
		return err
	case o.DryRun:
		return chosen.Plan(&o.Plan)
	}
	return o.hand(ctx, chosen, o.write)
}

// write answers with the lines that git reads.
func (o *gitOptions) write(c pam.Checkout, r pam.Release) error {
	return r.Secret.Reveal(func(password []byte) error {
		buf := make([]byte, 0, len(password)+256)
		defer func() { clear(buf[:cap(buf)]) }()
		username := handout.Username(c.Credential)
		if !isLine(password) || !isLine([]byte(username)) {
			return pam.Failf(pam.ErrUsage, "%s has a password with a line end or a NUL in it, which git can't be told", c.Credential.Ref()).
				WithHint("give the account a password of one line")
		}
		buf = append(append(buf, "username="...), username...)
		buf = append(append(buf, "\npassword="...), password...)
		if !c.Due.IsZero() {
			buf = strconv.AppendInt(append(buf, "\npassword_expiry_utc="...), c.Due.Unix(), 10)
		}
		_, err := o.Streams.Out.Write(append(buf, '\n'))
		return err
	})
}

// isLine reports whether git reads a text as it is: it takes a return at the end
// of a line for a part of the line's end.
func isLine(text []byte) bool {
	return !bytes.ContainsAny(text, "\n\x00") && !bytes.HasSuffix(text, []byte("\r"))
}

package config

import (
	"strings"

	"github.com/spf13/cobra"

	"github.com/redim-tools/redim/pkg/cli"
	"github.com/redim-tools/redim/pkg/config"
	"github.com/redim-tools/redim/pkg/pam"
)

// New makes the group.
func New(app *cli.App) *cobra.Command {
	leaves := []*cobra.Command{
		NewShow(app, nil),
		NewGet(app, nil),
		NewSet(app, nil),
		NewUnset(app, nil),
		NewEdit(app, nil),
		NewListProfiles(app, nil),
		NewLint(app, nil),
		NewPath(app, nil),
	}
	if app.Name == config.ToolRedim {
		leaves = append(leaves, NewInit(app, nil), NewImportDomains(app, nil))
	}
	exampled(app.Name, leaves)
	return cli.Group("config", "Show and change the settings",
		`Show, check and change the settings. They live in one file with named profiles;
"config path" tells where. What is given with --set, as a flag or in a REDIM_*
variable goes before the file.

Both redim and vault keep theirs in it; each shows its own.

Exit codes: 0; 2 an unknown command.`,
		leaves...)
}

// exampled gives commands examples of the tool that they belong to.
func exampled(tool string, leaves []*cobra.Command) {
	if tool == config.ToolRedim {
		return
	}
	own := map[string]string{
		"get":   "  vault config get store\n  vault config get key -o json",
		"set":   "  vault config set store sqlite:/srv/redim/vault.db\n  vault config set key file:/etc/redim/master.key --dry-run",
		"unset": "  vault config unset store\n  vault config unset key --dry-run",
	}
	for _, leaf := range leaves {
		if example, has := own[leaf.Name()]; has {
			leaf.Example = example
		}
		leaf.Example = strings.ReplaceAll(leaf.Example, "redim config", tool+" config")
	}
}

// completeKeys offers the names of the tool's keys for the first argument.
func completeKeys(cmd *cobra.Command, args []string, _ string) ([]cobra.Completion, cobra.ShellCompDirective) {
	if len(args) > 0 {
		return nil, cobra.ShellCompDirectiveNoFileComp
	}
	var out []cobra.Completion
	for _, k := range config.KeysOf(cmd.Root().Name()) {
		out = append(out, cobra.CompletionWithDesc(k.Name, firstSentence(k.Doc)))
	}
	return out, cobra.ShellCompDirectiveNoFileComp
}

// firstSentence is the beginning of a key's documentation as plain text.
func firstSentence(doc string) string {
	for _, end := range []string{". ", "; ", ": "} {
		doc, _, _ = strings.Cut(doc, end)
	}
	return strings.TrimSuffix(strings.ReplaceAll(doc, "`", ""), ".")
}

// checkKey refuses KEY=VALUE in the place of KEY, without repeating the value,
// which may be a secret.
func checkKey(name, verb string) error {
	key, _, joined := strings.Cut(name, "=")
	if !joined {
		return nil
	}
	return pam.Failf(pam.ErrUsage, "%q and a value are given in one word", key).WithHint("write them apart: %s %s VALUE", verb, key)
}

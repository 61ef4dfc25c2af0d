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
	return cli.Group("config", "Show and change the settings",
		`Show, check and change the settings. They live in one file with named profiles;
"config path" tells where. What is given with --set, as a flag or in a REDIM_*
variable goes before the file.

Exit codes: 0; 2 an unknown command.`,
		NewInit(app, nil),
		NewShow(app, nil),
		NewGet(app, nil),
		NewSet(app, nil),
		NewUnset(app, nil),
		NewEdit(app, nil),
		NewListProfiles(app, nil),
		NewLint(app, nil),
		NewImportDomains(app, nil),
		NewPath(app, nil),
	)
}

// completeKeys offers the names of all keys for the first argument.
func completeKeys(_ *cobra.Command, args []string, _ string) ([]cobra.Completion, cobra.ShellCompDirective) {
	if len(args) > 0 {
		return nil, cobra.ShellCompDirectiveNoFileComp
	}
	var out []cobra.Completion
	for _, k := range config.Keys() {
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

package main

import (
	"bytes"
	"fmt"
	"io"
	"path"
	"strings"

	"github.com/spf13/cobra"
	"github.com/spf13/pflag"

	"github.com/redim-tools/redim/pkg/build"
	"github.com/redim-tools/redim/pkg/cli"
	"github.com/redim-tools/redim/pkg/cmd/redim"
	"github.com/redim-tools/redim/pkg/config"
	"github.com/redim-tools/redim/pkg/term"
	"github.com/redim-tools/redim/pkg/vaultapp"
)

// Where the generated files are. All of completions, docs/cli and docs/man is
// generated.
const (
	completions = "completions"
	reference   = "docs/cli"
	manual      = "docs/man"
	exitCodes   = "docs/exit-codes.md"
	settings    = "docs/settings.md"
)

// output is each generated file by its path from the module's directory.
type output map[string][]byte

// generate makes everything in memory.
func generate(root string) (output, error) {
	files := output{settings: []byte(config.Markdown())}
	for _, tree := range trees() {
		if err := files.complete(tree); err != nil {
			return nil, err
		}
		files.describe(tree)
	}
	codes, err := exitCodePage(root)
	files[exitCodes] = codes
	return files, err
}

// trees are both command trees, over an App that can do nothing.
func trees() []*cobra.Command {
	app := func(name string) *cli.App {
		return &cli.App{
			Name: name, Build: func() build.Info { return build.Info{Version: "devel"} }, Getenv: func(string) string { return "" },
			Streams: term.With(strings.NewReader(""), io.Discard, io.Discard, term.Facts{}),
		}
	}
	list := []*cobra.Command{redim.New(app("redim")), vaultapp.Root(app("vault"))}
	for _, tree := range list {
		tree.InitDefaultHelpCmd()
		tree.InitDefaultCompletionCmd()
	}
	return list
}

// complete makes the completions of a tree for each shell.
func (o output) complete(tree *cobra.Command) error {
	shells := map[string]func(io.Writer) error{
		"bash": func(w io.Writer) error { return tree.GenBashCompletionV2(w, true) },
		"zsh":  tree.GenZshCompletion,
		"fish": func(w io.Writer) error { return tree.GenFishCompletion(w, true) },
		"ps1":  tree.GenPowerShellCompletionWithDesc,
	}
	for extension, gen := range shells {
		if err := o.add(path.Join(completions, tree.Name()+"."+extension), gen); err != nil {
			return err
		}
	}
	return nil
}

// describe makes the reference and the manual pages of a command and of all
// below it.
func (o output) describe(cmd *cobra.Command) {
	if !cmd.IsAvailableCommand() && cmd.HasParent() {
		return
	}
	cmd.InitDefaultHelpFlag()
	o[path.Join(reference, link(cmd))] = markdown(cmd)
	o[path.Join(manual, pageName(cmd)+".1")] = manualPage(cmd)
	for _, below := range cmd.Commands() {
		o.describe(below)
	}
}

// pageName is the name of a command's manual page, as redim-config-set.
func pageName(cmd *cobra.Command) string { return strings.ReplaceAll(cmd.CommandPath(), " ", "-") }

// link is a command's file in the reference, as redim_config_set.md.
func link(cmd *cobra.Command) string { return strings.ReplaceAll(cmd.CommandPath(), " ", "_") + ".md" }

// related are the pages that a command's page leads to: the one above, then
// those below.
func related(cmd *cobra.Command) []*cobra.Command {
	var list []*cobra.Command
	if cmd.HasParent() {
		list = append(list, cmd.Parent())
	}
	for _, below := range cmd.Commands() {
		if below.IsAvailableCommand() {
			list = append(list, below)
		}
	}
	return list
}

// flagSets are the flags of a command: its own, then those of all commands.
func flagSets(cmd *cobra.Command) (own, global *pflag.FlagSet) {
	return cmd.NonInheritedFlags(), cmd.InheritedFlags()
}

// add runs gen and keeps what it wrote, with one line feed at its end.
func (o output) add(name string, gen func(io.Writer) error) error {
	var b bytes.Buffer
	if err := gen(&b); err != nil {
		return fmt.Errorf("%s: %w", name, err)
	}
	o[name] = append(bytes.TrimRight(b.Bytes(), "\n"), '\n')
	return nil
}

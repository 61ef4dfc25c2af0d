package main

import (
	"fmt"
	"strings"

	"github.com/spf13/cobra"
	"github.com/spf13/pflag"
)

// markdown is a command's page in docs/cli.
func markdown(cmd *cobra.Command) []byte {
	var b strings.Builder
	fmt.Fprintf(&b, "# %s\n\n%s.\n\n", cmd.CommandPath(), cmd.Short)
	fmt.Fprintf(&b, "```\n%s\n```\n\n%s\n", cmd.UseLine(), plainText(cmd.Long))
	if cmd.Example != "" {
		fmt.Fprintf(&b, "\n## Examples\n\n```sh\n%s\n```\n", unindent(cmd.Example))
	}
	own, global := flagSets(cmd)
	flagTable(&b, "Flags", own)
	flagTable(&b, "Flags of every command", global)
	if pages := related(cmd); len(pages) > 0 {
		b.WriteString("\n## See also\n\n")
		for _, page := range pages {
			fmt.Fprintf(&b, "- [%s](%s): %s\n", page.CommandPath(), link(page), lowerFirst(page.Short))
		}
	}
	return []byte(strings.TrimRight(b.String(), "\n") + "\n")
}

func flagTable(b *strings.Builder, title string, flags *pflag.FlagSet) {
	if !flags.HasAvailableFlags() {
		return
	}
	fmt.Fprintf(b, "\n## %s\n\n| flag | what it does |\n| --- | --- |\n", title)
	flags.VisitAll(func(f *pflag.Flag) {
		if f.Hidden {
			return
		}
		name, usage := flagText(f)
		fmt.Fprintf(b, "| `%s` | %s |\n", name, cell(usage))
	})
}

// flagText is a flag with the name of its value, and its usage with the default.
func flagText(f *pflag.Flag) (name, usage string) {
	value, usage := pflag.UnquoteUsage(f)
	name = "--" + f.Name
	if f.Shorthand != "" {
		name = "-" + f.Shorthand + ", " + name
	}
	if value != "" {
		name += " " + value
	}
	switch f.DefValue {
	case "", "false", "[]", "0", "0s":
		return name, usage
	}
	return name, usage + " (default " + f.DefValue + ")"
}

// cell is text within a table.
func cell(s string) string {
	return strings.NewReplacer("|", `\|`, "<", `\<`, "*", `\*`, "\n", " ").Replace(s)
}

// plainText keeps Markdown from reading more into a text than is there. Indented
// lines are code as they are.
func plainText(s string) string {
	var b strings.Builder
	for line := range strings.Lines(s) {
		if !strings.HasPrefix(line, "    ") {
			line = strings.NewReplacer("<", `\<`, "*", `\*`).Replace(line)
		}
		b.WriteString(line)
	}
	return b.String()
}

// unindent takes off the two spaces before each line of an example.
func unindent(s string) string {
	lines := strings.Split(strings.Trim(s, "\n"), "\n")
	for i, line := range lines {
		lines[i] = strings.TrimPrefix(line, "  ")
	}
	return strings.Join(lines, "\n")
}

func lowerFirst(s string) string { return strings.ToLower(s[:1]) + s[1:] }

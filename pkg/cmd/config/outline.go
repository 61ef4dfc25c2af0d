package config

import (
	"strings"

	"github.com/redim-tools/redim/pkg/config"
)

// outline is a settings file with every setting in a comment: what follows a #
// without a blank is a setting.
func outline(tool, profile string) []byte {
	lines := []string{
		"# Settings of redim and vault. Take the # away from a setting to use it. A password",
		"# never stands here, only where to find it.",
		"profiles:",
		"  " + profile + ":",
	}
	group := ""
	for _, k := range config.KeysOf(tool) {
		above, name, nested := strings.Cut(k.Name, ".")
		if !nested {
			above, name = "", k.Name
		}
		lines = append(lines, "    # "+firstSentence(k.Doc)+".")
		if nested && above != group {
			lines = append(lines, "    #"+above+":")
		}
		group = above
		for _, line := range exampleOf(k, name) {
			lines = append(lines, "    #"+strings.Repeat("  ", len(strings.Fields(above)))+line)
		}
	}
	return []byte(strings.Join(lines, "\n") + "\n")
}

// exampleOf is a setting as it stands in the file.
func exampleOf(k config.Key, name string) []string {
	if !k.IsMap() {
		value := k.Default
		if value == "" {
			value = k.Example
		}
		return []string{name + ": " + value}
	}
	lines := []string{name + ":"}
	for pair := range strings.SplitSeq(k.Example, ",") {
		lines = append(lines, "  "+strings.Replace(pair, "=", ": ", 1))
	}
	return lines
}

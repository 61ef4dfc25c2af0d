package e2e

import (
	"slices"
	"strings"
	"testing"

	"github.com/spf13/cobra"
)

// TestEveryExampleParses takes the examples of the help for what they are:
// command lines. Each must name a command that is there, with flags and
// arguments that it takes.
func TestEveryExampleParses(t *testing.T) {
	t.Parallel()
	walk(t, func(cmd *cobra.Command, fail func(string, ...any)) {
		for line := range strings.Lines(cmd.Example) {
			root := cmd.Root()
			for _, words := range calls(line, root.Name()) {
				found, rest, err := root.Find(words)
				if err != nil || found == root {
					fail("example %q: no such command (%v)", line, err)
					continue
				}
				if err := found.ParseFlags(rest); err != nil {
					fail("example %q: %v", line, err)
				}
				if err := found.ValidateArgs(found.Flags().Args()); err != nil {
					fail("example %q: %v", line, err)
				}
			}
		}
	})
}

// calls are the arguments of each call of prog in a line of shell.
func calls(line, prog string) [][]string {
	var all [][]string
	words := shellWords(line)
	for len(words) > 0 {
		end := slices.IndexFunc(words, func(w string) bool { return w == "\x00" })
		call := words
		if end >= 0 {
			call, words = words[:end], words[end+1:]
		} else {
			words = nil
		}
		if i := slices.Index(call, prog); i >= 0 {
			all = append(all, call[i+1:])
		}
	}
	return all
}

// shellWords splits a line at spaces outside of quotes; a word that holds a NUL
// stands for a pipe, a redirection, a list or a comment.
func shellWords(line string) []string {
	var words []string
	var word strings.Builder
	var quote rune
	begun := false
	end := func() {
		if begun {
			words = append(words, word.String())
		}
		word.Reset()
		begun = false
	}
	for _, r := range strings.TrimSpace(line) {
		switch {
		case quote != 0 && r == quote:
			quote = 0
		case quote == 0 && (r == '\'' || r == '"'):
			quote, begun = r, true
		case quote == 0 && r == ' ':
			end()
		case quote == 0 && strings.ContainsRune("|><;&#", r):
			end()
			words = append(words, "\x00")
		default:
			word.WriteRune(r)
			begun = true
		}
	}
	end()
	return words
}

func TestShellWords(t *testing.T) {
	t.Parallel()
	got := calls(`printf x | redim test --user 'EX\a b' --for "" >f; redim list # all`, "redim")
	want := [][]string{{"test", "--user", `EX\a b`, "--for", ""}, {"list"}}
	if !slices.EqualFunc(got, want, slices.Equal) {
		t.Errorf("got %q, want %q", got, want)
	}
}

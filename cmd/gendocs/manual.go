package main

import (
	"fmt"
	"strings"
	"unicode/utf8"

	"github.com/spf13/cobra"
	"github.com/spf13/pflag"
)

// manualDate stands in every manual page, so that a page changes only with its
// command.
const manualDate = "2026-01-01"

// manualPage is a command's page for man, in section 1.
func manualPage(cmd *cobra.Command) []byte {
	var b strings.Builder
	name := pageName(cmd)
	fmt.Fprintf(&b, ".TH %s 1 %s redim-tools \"User commands\"\n.nh\n.ad l\n", roff(strings.ToUpper(name)), manualDate)
	section(&b, "NAME")
	fmt.Fprintf(&b, "%s \\- %s\n", roff(name), roff(lowerFirst(cmd.Short)))
	section(&b, "SYNOPSIS")
	fmt.Fprintf(&b, ".B %s\n", roff(cmd.UseLine()))
	section(&b, "DESCRIPTION")
	paragraphs(&b, cmd.Long)
	own, global := flagSets(cmd)
	options(&b, "OPTIONS", own)
	options(&b, "GLOBAL OPTIONS", global)
	if cmd.Example != "" {
		section(&b, "EXAMPLES")
		fmt.Fprintf(&b, ".nf\n.RS 4\n%s\n.RE\n.fi\n", roff(unindent(cmd.Example)))
	}
	if pages := related(cmd); len(pages) > 0 {
		section(&b, "SEE ALSO")
		names := make([]string, len(pages))
		for i, page := range pages {
			names[i] = ".BR " + roff(pageName(page)) + " (1)"
		}
		b.WriteString(strings.Join(names, " ,\n") + "\n")
	}
	return []byte(b.String())
}

func section(b *strings.Builder, title string) { fmt.Fprintf(b, ".SH %s\n", title) }

// paragraphs writes text whose paragraphs are parted by empty lines; indented
// lines keep their shape.
func paragraphs(b *strings.Builder, text string) {
	for i, paragraph := range strings.Split(strings.TrimSpace(text), "\n\n") {
		if i > 0 {
			b.WriteString(".PP\n")
		}
		if strings.HasPrefix(paragraph, "  ") {
			fmt.Fprintf(b, ".nf\n%s\n.fi\n", roff(paragraph))
			continue
		}
		b.WriteString(roff(paragraph) + "\n")
	}
}

func options(b *strings.Builder, title string, flags *pflag.FlagSet) {
	if !flags.HasAvailableFlags() {
		return
	}
	section(b, title)
	flags.VisitAll(func(f *pflag.Flag) {
		if f.Hidden {
			return
		}
		name, usage := flagText(f)
		fmt.Fprintf(b, ".TP\n.B %s\n%s\n", roff(name), roff(usage))
	})
}

// roff writes text so that it is shown as it is: no escape, no request, no
// hyphen where a minus is meant.
func roff(s string) string {
	s = strings.NewReplacer(`\`, `\e`, "-", `\-`, `"`, `\(dq`, "'", `\(aq`, "`", `\(ga`, "^", `\(ha`, "~", `\(ti`).Replace(s)
	lines := strings.Split(s, "\n")
	for i, line := range lines {
		if strings.HasPrefix(line, ".") {
			lines[i] = `\&` + line
		}
	}
	return ascii(strings.Join(lines, "\n"))
}

// ascii writes every other character by its number, which all versions of
// troff read alike.
func ascii(s string) string {
	var b strings.Builder
	for _, r := range s {
		if r < utf8.RuneSelf {
			b.WriteRune(r)
			continue
		}
		fmt.Fprintf(&b, `\[u%04X]`, r)
	}
	return b.String()
}

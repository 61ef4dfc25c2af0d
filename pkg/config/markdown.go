package config

import (
	_ "embed"
	"fmt"
	"strings"
	"time"

	"github.com/redim-tools/redim/pkg/pam"
)

//go:embed settings_head.md
var markdownHead string

//go:embed settings_tail.md
var markdownTail string

// Markdown is the page docs/settings.md: every setting, from the table of keys.
func Markdown() string {
	var b strings.Builder
	b.WriteString(markdownHead)
	b.WriteString("\n## All settings\n\n| key | the vendor's setting | type | default |\n| --- | --- | --- | --- |\n")
	for _, k := range Keys() {
		fmt.Fprintf(&b, "| [`%s`](#%s) | %s | %s | %s |\n", k.Name, anchor(k.Name), orDash(k.Vendor), k.Type, strings.ReplaceAll(k.defaultText(), "|", `\|`))
	}
	for _, k := range Keys() {
		k.markdown(&b)
	}
	b.WriteString("\n" + markdownTail)
	b.WriteString("\n## Account types\n\nThe names that `template_jobs` knows:\n")
	for i, name := range pam.StoreTypeNames() {
		if t := pam.StoreType(i); t != pam.StoreUnknown {
			fmt.Fprintf(&b, "- `%s` (%s)\n", name, t.WireName())
		}
	}
	return b.String()
}

func (k Key) markdown(b *strings.Builder) {
	fmt.Fprintf(b, "\n### %s\n\n%s\n\n", k.Name, k.Doc)
	if k.Tool != "" {
		fmt.Fprintf(b, "- Read by: `%s`\n", k.Tool)
	}
	fmt.Fprintf(b, "- Variable: `%s`\n- Type: %s\n- Default: %s\n", k.Env(), k.typeText(), k.defaultText())
	fmt.Fprintf(b, "- Example: `--set '%s=%s'`\n", k.Name, k.Example)
}

func (k Key) typeText() string {
	switch {
	case len(k.Choices) > 0:
		return "one of `" + strings.Join(k.Choices, "`, `") + "`"
	case k.Type == TypeInt:
		return fmt.Sprintf("number from %d to %d", k.Min, k.Max)
	case k.Type == TypeDuration:
		return fmt.Sprintf("duration from %s to %s, such as `30s`, `5m`, `1h30m`", shortDuration(time.Duration(k.Min)), shortDuration(time.Duration(k.Max)))
	case k.Type == TypeBool:
		return "`true` or `false` (also `yes`, `no`, `on`, `off`, `1`, `0`)"
	}
	return string(k.Type)
}

func (k Key) defaultText() string {
	switch {
	case k.Required && k.SignIn != "":
		return "**required** where `sign_in` is `" + k.SignIn + "`"
	case k.Required:
		return "**required**"
	case k.Default == "":
		return "none"
	}
	return "`" + k.Default + "`"
}

func orDash(text string) string {
	if text == "" {
		return "–"
	}
	return text
}

// anchor is the link that a Markdown page gives to a heading.
func anchor(name string) string { return strings.ReplaceAll(name, ".", "") }

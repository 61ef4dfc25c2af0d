package handout

import (
	"bytes"
	"encoding/base64"
	"fmt"
	"slices"
	"strings"
	"unicode/utf8"

	"github.com/redim-tools/redim/pkg/ci"
	"github.com/redim-tools/redim/pkg/pam"
)

// Shells are the syntaxes in which -o env can assign.
func Shells() []string {
	return []string{"sh", "fish", "powershell", "cmd", "dotenv", "github-env"}
}

// assigner writes one assignment.
type assigner func(out *bytes.Buffer, name string, value []byte) error

func assignerOf(shell string) assigner {
	return map[string]assigner{"": assignSh, "sh": assignSh, "fish": assignFish, "powershell": assignPowerShell, "cmd": assignCmd, "dotenv": assignDotenv, "github-env": assignGitHub}[shell]
}

// checkShell refuses a shell that is not known, or for which nothing is written.
func (o *Options) checkShell() error {
	switch {
	case o.Shell == "":
		return nil
	case !slices.Contains(Shells(), o.Shell):
		return pam.Failf(pam.ErrUsage, "--shell %q is not known", o.Shell).WithHint("use one of: %s", strings.Join(Shells(), ", "))
	case o.Output != "env":
		return pam.Failf(pam.ErrUsage, "--shell says how -o env assigns, and that is not asked for").WithHint("add -o env")
	}
	return nil
}

// hideFromSteps has GitHub hide what all later steps get: their log shows their
// variables.
func (o *Options) hideFromSteps() {
	if job, _ := ci.Detect(o.Getenv); o.Shell == "github-env" && job.System == ci.GitHub {
		o.MaskCI = true
	}
}

// quote writes value between two quotes, with each of the bytes in special
// replaced.
func quote(out *bytes.Buffer, value []byte, quotes string, special map[byte]string) {
	out.WriteString(quotes)
	for _, b := range value {
		if text, ok := special[b]; ok {
			out.WriteString(text)
			continue
		}
		out.WriteByte(b)
	}
	out.WriteString(quotes)
}

// assignSh is for a POSIX shell: within single quotes only the quote itself needs
// care.
func assignSh(out *bytes.Buffer, name string, value []byte) error {
	out.WriteString(name + "=")
	quote(out, value, "'", map[byte]string{'\'': `'\''`})
	out.WriteByte('\n')
	return nil
}

func assignFish(out *bytes.Buffer, name string, value []byte) error {
	out.WriteString("set -g " + name + " ")
	quote(out, value, "'", map[byte]string{'\'': `\'`, '\\': `\\`})
	out.WriteByte('\n')
	return nil
}

// assignPowerShell writes what is not plain ASCII as base64: what PowerShell takes
// a program's bytes for depends on its version and the console, and it has
// typographic quotes that end a string too.
func assignPowerShell(out *bytes.Buffer, name string, value []byte) error {
	out.WriteString("$" + name + " = ")
	if bytes.ContainsFunc(value, func(r rune) bool { return r < ' ' || r >= 0x7f }) {
		out.WriteString("[Text.Encoding]::UTF8.GetString([Convert]::FromBase64String('" + base64.StdEncoding.EncodeToString(value) + "'))")
	} else {
		quote(out, value, "'", map[byte]string{'\'': "''"})
	}
	out.WriteString("\n")
	return nil
}

// assignCmd is for the for /f of cmd, which takes each line as it is: there
// nothing can be quoted, nor needs to be.
func assignCmd(out *bytes.Buffer, name string, value []byte) error {
	if bytes.ContainsFunc(value, func(r rune) bool { return r < ' ' }) {
		return pam.Failf(pam.ErrUsage, "the value of %s holds a control character, which cmd can't take", name).WithHint("use --shell powershell, or --out FILE")
	}
	fmt.Fprintf(out, "set \"%s=%s\"\r\n", name, value)
	return nil
}

// assignDotenv quotes as most readers of such files understand: between single
// quotes everything stands for itself.
func assignDotenv(out *bytes.Buffer, name string, value []byte) error {
	out.WriteString(name + "=")
	if bytes.ContainsAny(value, "'\r\n") {
		quote(out, value, `"`, map[byte]string{'"': `\"`, '\\': `\\`, '$': `\$`, '\n': `\n`, '\r': `\r`})
	} else {
		quote(out, value, "'", nil)
	}
	out.WriteByte('\n')
	return nil
}

// assignGitHub is for the file that GITHUB_ENV names. The end mark is one that
// the value does not hold.
func assignGitHub(out *bytes.Buffer, name string, value []byte) error {
	if !utf8.Valid(value) {
		return pam.Failf(pam.ErrUsage, "the value of %s is not text, which GITHUB_ENV can't hold", name).WithHint("use --out FILE")
	}
	mark := "END_OF_" + name
	for bytes.Contains(value, []byte(mark)) {
		mark += "_"
	}
	fmt.Fprintf(out, "%s<<%s\n%s\n%s\n", name, mark, value, mark)
	return nil
}

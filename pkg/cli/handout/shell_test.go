package handout

import (
	"bytes"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
	"pgregory.net/rapid"
)

// assigned is what one assignment looks like.
func assigned(t interface{ Fatal(...any) }, shell, value string) string {
	var out bytes.Buffer
	if err := assignerOf(shell)(&out, "X", []byte(value)); err != nil {
		t.Fatal(err)
	}
	return out.String()
}

func TestAssignmentsAreInTheWordsOfEachShell(t *testing.T) {
	t.Parallel()
	const odd = `a'b"c\d$e%f&g`
	for _, tt := range []struct{ shell, value, want string }{
		{"", odd, `X='a'\''b"c\d$e%f&g'` + "\n"},
		{"sh", "é\n", "X='é\n'\n"},
		{"fish", odd, `set -g X 'a\'b"c\\d$e%f&g'` + "\n"},
		{"powershell", odd, `$X = 'a''b"c\d$e%f&g'` + "\n"},
		{"powershell", "é’", "$X = [Text.Encoding]::UTF8.GetString([Convert]::FromBase64String('w6nigJk='))\n"},
		{"powershell", "a\nb", "$X = [Text.Encoding]::UTF8.GetString([Convert]::FromBase64String('YQpi'))\n"},
		{"cmd", odd, `set "X=a'b"c\d$e%f&g"` + "\r\n"},
		{"dotenv", `a"b\c$d`, `X='a"b\c$d'` + "\n"},
		{"dotenv", odd, `X="a'b\"c\\d\$e%f&g"` + "\n"},
		{"dotenv", "a\r\nb", `X="a\r\nb"` + "\n"},
		{"github-env", odd, "X<<END_OF_X\n" + odd + "\nEND_OF_X\n"},
		{"github-env", "a\nEND_OF_X\nb", "X<<END_OF_X_\na\nEND_OF_X\nb\nEND_OF_X_\n"},
	} {
		if d := cmp.Diff(tt.want, assigned(t, tt.shell, tt.value)); d != "" {
			t.Errorf("%s, %q (-want +got)\n%s", tt.shell, tt.value, d)
		}
	}
	for shell, value := range map[string]string{"cmd": "a\nb", "github-env": "a\xff"} {
		if err := assignerOf(shell)(&bytes.Buffer{}, "X", []byte(value)); err == nil || strings.Contains(err.Error(), value) {
			t.Errorf("%s, %q: %v", shell, value, err)
		}
	}
	for _, shell := range Shells() {
		if assignerOf(shell) == nil {
			t.Errorf("%s is offered and not written", shell)
		}
	}
}

// TestShellsReadWhatIsWrittenForThem has the shells themselves read texts that
// nobody chose.
func TestShellsReadWhatIsWrittenForThem(t *testing.T) {
	t.Parallel()
	values := rapid.SliceOfN(rapid.StringMatching(`[a-z'"\\$%&!^;<>|()*?~#{}\[\] \n\té🔑`+"`"+`-]{1,12}`), 40, 40).Example(1)
	values = append(values, `'`, `''`, `\`, `\'`, `\\'`, "-n", " ", "c4nary-Pa55/+\"<&é'$ \\%ß🔑")
	for shell, command := range map[string][]string{"sh": {"sh"}, "bash": {"bash"}, "zsh": {"zsh", "-f"}, "fish": {"fish", "--no-config"}} {
		path, err := exec.LookPath(command[0])
		if err != nil {
			t.Skipf("%s is not installed", command[0])
		}
		syntax := "sh"
		if shell == "fish" {
			syntax = "fish"
		}
		var script, want bytes.Buffer
		for _, value := range values {
			script.WriteString(assigned(t, syntax, value) + `printf '%s\0' "$X"` + "\n")
			want.WriteString(value + "\x00")
		}
		file := filepath.Join(t.TempDir(), "script")
		if err := os.WriteFile(file, script.Bytes(), 0o600); err != nil {
			t.Fatal(err)
		}
		got, err := exec.CommandContext(t.Context(), path, append(command[1:], file)...).CombinedOutput()
		if d := cmp.Diff(want.String(), string(got)); d != "" || err != nil {
			t.Errorf("%s: %v (-want +got)\n%s", shell, err, d)
		}
	}
}

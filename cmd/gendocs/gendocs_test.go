package main

import (
	"bytes"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
)

const root = "../.."

func generated(t *testing.T) output {
	t.Helper()
	files, err := generate(root)
	if err != nil {
		t.Fatal(err)
	}
	return files
}

func TestTheTreeHoldsWhatIsGenerated(t *testing.T) {
	t.Parallel()
	files := generated(t)
	for name, want := range files {
		got, err := os.ReadFile(filepath.Join(root, name))
		if err != nil || !bytes.Equal(got, want) {
			t.Errorf("%s is not as generated, run: go generate ./... (%v)\n%s", name, err, cmp.Diff(string(got), string(want)))
		}
	}
	stale, err := leftOver(root, files)
	if err != nil || len(stale) > 0 {
		t.Errorf("left over, run: go generate ./... %v %v", stale, err)
	}
}

func TestGeneratingTwiceMakesTheSame(t *testing.T) {
	t.Parallel()
	if d := cmp.Diff(generated(t), generated(t)); d != "" {
		t.Error(d)
	}
}

func TestEveryFileIsThereAndNamesNoMachine(t *testing.T) {
	t.Parallel()
	files := generated(t)
	for _, name := range []string{
		"completions/redim.bash", "completions/redim.zsh", "completions/redim.fish", "completions/redim.ps1",
		"completions/vault.bash", "docs/cli/redim_checkout.md", "docs/man/redim-checkout.1", "docs/man/vault.1", exitCodes, settings,
	} {
		if len(files[name]) == 0 {
			t.Errorf("%s is not generated", name)
		}
	}
	home, err := os.Getwd()
	if err != nil {
		t.Fatal(err)
	}
	for name, text := range files {
		if bytes.Contains(text, []byte(home)) {
			t.Errorf("%s holds a path of this machine", name)
		}
	}
}

func TestExitCodesAreDescribed(t *testing.T) {
	t.Parallel()
	page := string(generated(t)[exitCodes])
	for _, line := range []string{"| 0 | Fine.", "| 106 | ", "`no_credentials`", "| 130 | ", "`interrupted`"} {
		if !strings.Contains(page, line) {
			t.Errorf("%q is not in\n%s", line, page)
		}
	}
	dir := t.TempDir()
	write := func(text string) {
		path := filepath.Join(dir, "pkg", "cli", "exitcode.go")
		if err := os.MkdirAll(filepath.Dir(path), 0o700); err != nil {
			t.Fatal(err)
		}
		if err := os.WriteFile(path, []byte(text), 0o600); err != nil {
			t.Fatal(err)
		}
	}
	for _, text := range []string{
		"package cli\nconst ExitA = 1 // A.\nconst ExitB = 1 // B.\n", "package cli\nconst ExitA = 1\n", "package cli\n", "nonsense",
	} {
		write(text)
		if _, err := exitCodePage(dir); err == nil {
			t.Errorf("no error for %q", text)
		}
	}
}

func TestWhatIsNotGeneratedAnyMoreGoesAway(t *testing.T) {
	t.Parallel()
	dir := t.TempDir()
	old := output{"docs/man/old.1": []byte("old"), "docs/man/new.1": []byte("new"), "docs/by-hand.md": []byte("kept")}
	if err := write(dir, old); err != nil {
		t.Fatal(err)
	}
	if err := write(dir, output{"docs/man/new.1": []byte("newer")}); err != nil {
		t.Fatal(err)
	}
	got := map[string]string{}
	for name := range old {
		text, err := os.ReadFile(filepath.Join(dir, name))
		if err == nil {
			got[name] = string(text)
		}
	}
	if d := cmp.Diff(map[string]string{"docs/man/new.1": "newer", "docs/by-hand.md": "kept"}, got); d != "" {
		t.Error(d)
	}
}

func TestTextIsShownAsItIs(t *testing.T) {
	t.Parallel()
	for text, want := range map[string]string{
		`EX\alice --user "x"`: `EX\ealice \-\-user \(dqx\(dq`, ".not a request\n'nor this": "\\&.not a request\n\\(aqnor this",
	} {
		if got := roff(text); got != want {
			t.Errorf("roff: got %q, want %q", got, want)
		}
	}
	if got := plainText("a <b> *c*\n    <code>\n"); got != "a \\<b> \\*c\\*\n    <code>\n" {
		t.Errorf("Markdown: %q", got)
	}
	if got := cell("a|b"); got != `a\|b` {
		t.Errorf("cell: %q", got)
	}
}

package config_test

import (
	"os"
	"path/filepath"
	"regexp"
	"runtime"
	"strings"
	"testing"

	"github.com/redim-tools/redim/pkg/child/childtest"
	"github.com/redim-tools/redim/pkg/config"
)

// editor makes a program that gets the draft as its last argument.
func (w *world) editor(script string) {
	w.t.Helper()
	if runtime.GOOS == "windows" {
		w.t.Skip("needs a POSIX shell to play the editor")
	}
	path := filepath.Join(w.home, "an editor.sh")
	childtest.WriteProgram(w.t, path, "for file; do :; done\n"+script)
	w.env["VISUAL"] = "'" + path + "' --wait"
}

// drafts are the copies left in the folder for temporary files.
func drafts(t *testing.T, dir string) []string {
	t.Helper()
	found, err := filepath.Glob(filepath.Join(dir, "redim-settings-*"))
	if err != nil {
		t.Fatal(err)
	}
	return found
}

func TestEditPutsTheSavedTextInPlace(t *testing.T) {
	t.Setenv("TMPDIR", t.TempDir())
	w := newWorld(t)
	w.holds(sample)
	w.editor(`[ "$1" = --wait ] && [ "$(stat -c %a "$file" 2>/dev/null || stat -f %Lp "$file")" = 600 ] && sed -i.bak s/CORP/X/\;s/svc-redim/svc-other/ "$file" && rm "$file.bak"`)
	has(t, w.ok("config", "edit", "--dry-run").err, "would change "+w.file())
	same(t, "the file", w.text(), sample)
	has(t, w.ok("config", "edit").err, "changed "+w.file())
	same(t, "the file", w.text(), strings.Replace(sample, "svc-redim", "svc-other", 1))
	if left := drafts(t, os.Getenv("TMPDIR")); len(left) > 0 {
		t.Errorf("left behind: %q", left)
	}
}

func TestEditWithoutAFileStartsWithAnOutline(t *testing.T) {
	w := newWorld(t)
	w.editor(`cp "$file" "$HOME/seen"; sed -i.bak 's/#timeout: 30s/timeout: 1m/' "$file"; rm "$file.bak"`)
	t.Setenv("HOME", w.home)
	w.ok("config", "edit", "--profile", "lab")
	same(t, "timeout", w.ok("config", "get", "timeout", "--profile", "lab").out, "1m\n")
	seen, err := os.ReadFile(filepath.Join(w.home, "seen"))
	if err != nil {
		t.Fatal(err)
	}
	has(t, string(seen), "\nprofiles:\n  lab:\n    # Full address")
	whole := regexp.MustCompile(`(?m)^    #(\S| )`).ReplaceAllStringFunc(string(seen), func(s string) string {
		return strings.Replace(s, "#", map[bool]string{true: "# ", false: ""}[strings.HasSuffix(s, "# ")], 1)
	})
	whole = regexp.MustCompile(`(?m)^    (#  )([a-z])`).ReplaceAllString(whole, "      $2")
	if problems := config.Check("settings.yaml", []byte(whole)); len(problems) > 0 {
		t.Errorf("the outline in use: %v\n%s", problems, whole)
	}
}

func TestEditOfNothingChangesNothing(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	w.editor("exit 0")
	has(t, w.ok("config", "edit").err, "nothing was changed")
	same(t, "the file", w.text(), "")
}

func TestEditRefusesWhatIsNoSettingsFile(t *testing.T) {
	t.Setenv("TMPDIR", t.TempDir())
	w := newWorld(t)
	w.holds(sample)
	w.editor(`printf 'profiles:\n  default:\n    api_password: c4nary\n    tiemout: 3s\n' > "$file"`)
	w.env["CI"] = "1"
	w.fails(2, []string{w.file() + ":3: error: api_password: ", w.file() + ":4: error: tiemout: unknown key"}, "config", "edit")
	w.editor(`printf '%1100000d' 0 > "$file"`)
	w.fails(2, []string{"longer than 1 MiB"}, "config", "edit")
	w.editor(`rm "$file"`)
	w.fails(1, []string{"read what was edited"}, "config", "edit")
	same(t, "the file", w.text(), sample)
	for _, left := range drafts(t, os.Getenv("TMPDIR")) {
		t.Errorf("left behind: %q", left)
	}
}

func TestEditGoesOnUntilTheTextIsRight(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	w.holds(sample)
	w.editor(`if grep -q tiemout "$file"; then sed -i.bak s/tiemout/timeout/ "$file"; rm "$file.bak"; else echo '    tiemout: 3s' >> "$file"; fi`)
	w.tty, w.ask = true, says("Go on editing", "yes")
	r := w.ok("config", "edit")
	has(t, r.err, "unknown key", "changed "+w.file())
	same(t, "the file", w.text(), sample+"    timeout: 3s\n")
}

func TestEditCanBeGivenUp(t *testing.T) {
	t.Setenv("TMPDIR", t.TempDir())
	w := newWorld(t)
	w.holds(sample)
	w.editor(`echo '    tiemout: 3s' >> "$file"`)
	w.tty, w.ask = true, says("Go on editing", "no", "Go on editing", "^C")
	w.fails(2, []string{"unknown key"}, "config", "edit")
	if left := drafts(t, os.Getenv("TMPDIR")); len(left) != 0 {
		t.Errorf("thrown away, but left behind: %q", left)
	}
	w.fails(130, []string{"what you wrote is kept in " + os.Getenv("TMPDIR")}, "config", "edit")
	if left := drafts(t, os.Getenv("TMPDIR")); len(left) != 1 {
		t.Errorf("kept are %q", left)
	}
	same(t, "the file", w.text(), sample)
}

func TestEditKeepsTheTextWhenTheFileWasChangedMeanwhile(t *testing.T) {
	t.Setenv("TMPDIR", t.TempDir())
	w := newWorld(t)
	w.holds(sample)
	w.editor(`echo '    timeout: 3s' >> "$file"; echo '    prefer_ip: true' >> '` + w.file() + `'`)
	w.fails(1, []string{"changed by someone else meanwhile", "what you wrote is kept in"}, "config", "edit")
	same(t, "the file", w.text(), sample+"    prefer_ip: true\n")
	left := drafts(t, os.Getenv("TMPDIR"))
	if len(left) != 1 {
		t.Fatalf("kept are %q", left)
	}
	kept, _ := os.ReadFile(left[0])
	same(t, "what is kept", string(kept), sample+"    timeout: 3s\n")
}

func TestEditNeedsAnEditorThatWorks(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	w.fails(2, []string{"neither VISUAL nor EDITOR is set", "EDITOR=vi"}, "config", "edit")
	w.editor("exit 7")
	w.fails(1, []string{"ended with code 7; nothing was changed"}, "config", "edit")
	w.env["VISUAL"], w.env["EDITOR"] = " ", "/no/such/editor"
	w.fails(1, []string{"editor /no/such/editor"}, "config", "edit")
}

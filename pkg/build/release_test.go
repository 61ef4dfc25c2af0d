package build

import (
	"bytes"
	"os"
	"path/filepath"
	"reflect"
	"regexp"
	"slices"
	"strings"
	"testing"

	"go.yaml.in/yaml/v3"
)

const root = "../.." // of the repository

// release is what the tests ask of .goreleaser.yaml; it has more.
type release struct {
	Version int
	Builds  []struct {
		ID, Main, Binary string
		Env, Flags       []string
		Goos, Goarch     []string
		Ldflags          []string
		ModTimestamp     string `yaml:"mod_timestamp"`
	}
	Archives []struct {
		IDs   []string
		Files []source
	}
	NFPMs []struct {
		IDs      []string
		Formats  []string
		Mtime    string
		Contents []source
	} `yaml:"nfpms"`
}

type source struct{ Src, Dst, Packager, Type string }

func readRelease(t *testing.T) release {
	t.Helper()
	b, err := os.ReadFile(filepath.Join(root, ".goreleaser.yaml"))
	if err != nil {
		t.Fatal(err)
	}
	var r release
	if err := yaml.NewDecoder(bytes.NewReader(b)).Decode(&r); err != nil {
		t.Fatal(err)
	}
	if r.Version != 2 || len(r.Builds) != 2 || len(r.Archives) != 1 || len(r.NFPMs) != 1 {
		t.Fatalf("an unexpected shape: %+v", r)
	}
	return r
}

func TestReleaseBuildsAreStaticAndDated(t *testing.T) {
	t.Parallel()
	for _, b := range readRelease(t).Builds {
		t.Run(b.ID, func(t *testing.T) {
			t.Parallel()
			if b.Main != "./cmd/"+b.ID || b.Binary != b.ID {
				t.Errorf("builds %s as %s", b.Main, b.Binary)
			}
			if _, err := os.Stat(filepath.Join(root, b.Main, "main.go")); err != nil {
				t.Error(err)
			}
			if got := strings.Join(append(b.Env, b.Flags...), " "); got != "CGO_ENABLED=0 -trimpath" {
				t.Errorf("built with %s", got)
			}
			if len(b.Goos)*len(b.Goarch) != 6 || b.ModTimestamp == "" {
				t.Errorf("systems %v %v, dated %q", b.Goos, b.Goarch, b.ModTimestamp)
			}
		})
	}
}

// The linker ignores -X of a variable that is not there, so this test asks.
func TestReleaseNamesTheVariablesOfThisPackage(t *testing.T) {
	t.Parallel()
	source, err := os.ReadFile("build.go")
	if err != nil {
		t.Fatal(err)
	}
	path := reflect.TypeFor[Info]().PkgPath()
	for _, b := range readRelease(t).Builds {
		set := regexp.MustCompile(`-X (\S+)\.(\w+)=\{\{`).FindAllStringSubmatch(strings.Join(b.Ldflags, " "), -1)
		if len(set) != 3 {
			t.Errorf("%s: sets %q, want version, commit and date", b.ID, set)
		}
		for _, x := range set {
			if x[1] != path || !regexp.MustCompile(`(?m)^var .*\b`+x[2]+`\b.* string$`).Match(source) {
				t.Errorf("%s: %s.%s is not a variable of %s", b.ID, x[1], x[2], path)
			}
		}
	}
}

func TestReleaseFilesExist(t *testing.T) {
	t.Parallel()
	r := readRelease(t)
	for _, s := range append(r.Archives[0].Files, r.NFPMs[0].Contents...) {
		if s.Type == symlink {
			continue
		}
		if found, err := filepath.Glob(filepath.Join(root, s.Src)); err != nil || len(found) == 0 {
			t.Errorf("%s: no such file (%v)", s.Src, err)
		}
	}
	if r.NFPMs[0].Mtime == "" {
		t.Error("packages need a fixed time, or no two builds are alike")
	}
}

// Each completion file reaches the place where its shell looks, in both kinds
// of package. PowerShell's are for the archive only.
func TestReleasePackagesEveryCompletion(t *testing.T) {
	t.Parallel()
	contents := readRelease(t).NFPMs[0].Contents
	for _, program := range []string{"redim", "vault"} {
		for _, packager := range []string{"deb", "rpm"} {
			zsh := map[string]string{"deb": "vendor-completions", "rpm": "site-functions"}[packager]
			for src, dst := range map[string]string{
				"completions/" + program + ".bash": "/usr/share/bash-completion/completions/" + program,
				"completions/" + program + ".fish": "/usr/share/fish/vendor_completions.d/" + program + ".fish",
				"completions/" + program + ".zsh":  "/usr/share/zsh/" + zsh + "/_" + program,
				"docs/man/*.1":                     "/usr/share/man/man1/",
			} {
				if !holds(contents, packager, src, dst) {
					t.Errorf("%s: %s does not go to %s", packager, src, dst)
				}
			}
		}
	}
}

const symlink = "symlink"

// The packages bring the names by which git and docker call us, beside the program.
func TestReleasePackagesBringTheNamesOfHelpers(t *testing.T) {
	t.Parallel()
	r := readRelease(t)
	for _, name := range []string{"git-credential-redim", "docker-credential-redim"} {
		if !slices.Contains(r.NFPMs[0].Contents, source{Src: r.Builds[0].Binary, Dst: "/usr/bin/" + name, Type: symlink}) {
			t.Errorf("%s is not packaged", name)
		}
	}
}

// The units of vault serve are where systemd looks for those of packages.
func TestReleasePackagesBringTheUnits(t *testing.T) {
	t.Parallel()
	for _, name := range []string{"vault-serve.service", "vault-serve.socket"} {
		if !slices.Contains(readRelease(t).NFPMs[0].Contents, source{Src: "docs/systemd/" + name, Dst: "/usr/lib/systemd/system/" + name}) {
			t.Errorf("%s is not packaged", name)
		}
	}
}

// holds tells whether exactly this goes into a kind of package. Contents of the
// types doc and license are for rpm only, whatever their packager says.
func holds(contents []source, packager, src, dst string) bool {
	for _, s := range contents {
		if s.Src == src && s.Dst == dst && (s.Packager == "" || s.Packager == packager) && (s.Type == "" || packager == "rpm") {
			return true
		}
	}
	return false
}

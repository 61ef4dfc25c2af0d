package e2e

import (
	"os"
	"path/filepath"
	"testing"

	"github.com/rogpeppe/go-internal/testscript"

	"github.com/redim-tools/redim/pkg/redim/dialect"
)

// scripts is where the scripts are, from this package.
const scripts = "../../testdata/script"

func TestScriptsOfRedim(t *testing.T) { t.Parallel(); runScripts(t, "redim") }

// TestScriptsOfRedimInOtherDialects runs those scripts of redim that talk to a
// server against one that speaks nothing but JSON v1, and nothing but REST. The
// run above has a server with all interfaces, of which redim takes JSON V2.
func TestScriptsOfRedimInOtherDialects(t *testing.T) {
	t.Parallel()
	files := talking(t, filepath.Join(scripts, "redim"))
	for _, d := range dialect.Spoken()[1:] {
		t.Run(d, func(t *testing.T) {
			t.Parallel()
			p := params("redim", d)
			p.Files = files
			testscript.RunT(&watched{T: t}, p)
		})
	}
}
func TestScriptsOfVault(t *testing.T) { t.Parallel(); runScripts(t, "vault") }

// TestScriptsOfBoth runs the same scripts against each command as $PROG.
func TestScriptsOfBoth(t *testing.T) {
	t.Parallel()
	for _, prog := range []string{"redim", "vault"} {
		t.Run(prog, func(t *testing.T) {
			t.Parallel()
			runDir(t, filepath.Join(scripts, "both"), prog)
		})
	}
}

func runScripts(t *testing.T, prog string) {
	t.Helper()
	runDir(t, filepath.Join(scripts, prog), prog)
}

func runDir(t *testing.T, dir, prog string) {
	t.Helper()
	p := params(prog, dialect.Spoken()[0])
	p.Dir, p.UpdateScripts = dir, os.Getenv("REDIM_UPDATE_SCRIPTS") != ""
	testscript.RunT(&watched{T: t}, p)
}

func params(prog, spoken string) testscript.Params {
	return testscript.Params{
		RequireExplicitExec: true,
		RequireUniqueNames:  true,
		Setup:               func(e *testscript.Env) error { return setup(e, prog, spoken) },
		Condition:           func(cond string) (bool, error) { return inDialect(cond, spoken) },
		Cmds:                commands(),
	}
}

// setup gives a script a home of its own, with nothing in it.
func setup(e *testscript.Env, prog, spoken string) error {
	home := filepath.Join(e.WorkDir, "home")
	vars := map[string]string{
		"PROG":            prog,
		"DIALECT":         spoken,
		"HOME":            home,
		"XDG_CONFIG_HOME": filepath.Join(home, ".config"),
		"XDG_CACHE_HOME":  filepath.Join(home, ".cache"),
		"XDG_STATE_HOME":  filepath.Join(home, ".local", "state"),
		"XDG_DATA_HOME":   filepath.Join(home, ".local", "share"),
		"TERM":            "xterm",
		"LANG":            "C.UTF-8",
		"TZ":              "America/New_York", // times must be in UTC all the same
		"GORACE":          "atexit_sleep_ms=0",
	}
	for name, value := range vars {
		e.Setenv(name, value)
	}
	w, ok := e.T().(*watched)
	if !ok {
		return os.ErrInvalid
	}
	e.Values[watchKey{}] = w
	e.Values[kdcKey{}] = newKDCPlace()
	if err := w.begin(e.WorkDir); err != nil {
		return err
	}
	return os.Mkdir(home, 0o700)
}

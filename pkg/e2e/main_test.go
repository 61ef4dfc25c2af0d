package e2e

import (
	"os"
	"os/signal"
	"path/filepath"
	"strings"
	"testing"

	"github.com/rogpeppe/go-internal/testscript"

	"github.com/redim-tools/redim/pkg/app"
	"github.com/redim-tools/redim/pkg/cmd/redim"
	"github.com/redim-tools/redim/pkg/vaultapp"
)

func TestMain(m *testing.M) {
	heedInterrupts()
	redimMain := func() { os.Exit(app.Main("redim", redim.New, redim.Arguments(os.Args[0], os.Args[1:]))) }
	testscript.Main(m, map[string]func(){
		"redim":                   redimMain,
		"summon-redim":            redimMain,
		"git-credential-redim":    redimMain,
		"docker-credential-redim": redimMain,
		"vault":                   func() { os.Exit(app.Main("vault", vaultapp.Root, os.Args[1:])) },
		"colleague":               func() { os.Exit(colleagueMain(os.Args[1:])) },
		"person":                  func() { os.Exit(personMain(os.Args[1:])) },
		"later":                   func() { os.Exit(laterMain(os.Args[1:])) },
		"powerless":               func() { os.Exit(powerlessMain(os.Args[1:])) },
		"pty":                     func() { os.Exit(ptyMain(os.Args[1:])) },
	})
}

// heedInterrupts lets the programs of the tests be interrupted also when the tests
// run in the background of a shell, which has its jobs ignore interrupts. They
// inherit that, and heed it; what is watched for here they don't.
func heedInterrupts() {
	if strings.Contains(filepath.Base(os.Args[0]), ".test") && signal.Ignored(os.Interrupt) {
		signal.Notify(make(chan os.Signal, 1), os.Interrupt)
	}
}

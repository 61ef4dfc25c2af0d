package e2e

import (
	"encoding/base64"
	"encoding/hex"
	"net/url"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"testing"

	"github.com/rogpeppe/go-internal/testscript"

	"github.com/redim-tools/redim/pkg/e2e/canary"
)

// leaky is a script whose commands leak what LEAK holds in each way.
const leaky = `
exec printenv LEAK
exec sh -c 'printenv LEAK >&2'
exec sh -c 'printenv LEAK > .tmp/hidden'
exec sh -c 'printenv LEAK > own'
reveal printenv LEAK
exec sh -c 'printenv LEAK > allowed'
canary-allow allowed
exec true
-- own --
this file holds c4nary, and may as long as it is not changed
-- untouched --
this file holds c4nary
`

// TestPlantedLeaksAreCaught runs a script that leaks, for each encoding, and
// wants to see exactly its leaks and not the two that are meant.
func TestPlantedLeaksAreCaught(t *testing.T) {
	t.Parallel()
	const secret = `c4nary-Pa55/+"<&é`
	encodings := map[string]string{
		"plain": secret, "base64": base64.StdEncoding.EncodeToString([]byte("x" + secret)), "hex": hex.EncodeToString([]byte(secret)),
		"URL": strings.ReplaceAll(url.QueryEscape(secret), "c4", "%634"), "JSON": `\u0063` + secret[1:], "XML": "&#99;" + secret[1:],
	}
	for name, leak := range encodings {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			var all sync.Mutex
			got := map[string]string{}
			path := filepath.Join(t.TempDir(), "leaky.txtar")
			if err := os.WriteFile(path, []byte(leaky), 0o600); err != nil {
				t.Fatal(err)
			}
			t.Run("script", func(t *testing.T) {
				parent := &watched{T: t, caught: func(hit canary.Hit) {
					all.Lock()
					defer all.Unlock()
					got[hit.Where] = hit.Encoding
				}}
				testscript.RunT(parent, testscript.Params{Files: []string{path}, Cmds: commands(), Setup: func(e *testscript.Env) error {
					e.Setenv("LEAK", leak)
					return setup(e, "redim", "json-v2")
				}})
			})
			want := []string{"the output of the script's beginning", "the output of exec printenv LEAK", "the output of exec sh -c 'printenv LEAK >&2'", ".tmp/hidden", "own"}
			for _, where := range want {
				if got[where] != name {
					t.Errorf("the leak in %s was taken for %q", where, got[where])
				}
			}
			if extra := len(got) - len(want); extra > 0 {
				t.Errorf("%d more leaks than planted: %v", extra, got)
			}
		})
	}
}

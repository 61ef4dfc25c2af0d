//go:build unix

package rotator_test

import (
	"context"
	"encoding/json"
	"errors"
	"os"
	"path/filepath"
	"strings"
	"syscall"
	"testing"
	"time"

	"github.com/redim-tools/redim/pkg/child/childtest"
	"github.com/redim-tools/redim/pkg/pam"
	"github.com/redim-tools/redim/pkg/rotator"
	"github.com/redim-tools/redim/pkg/secret"
	"github.com/redim-tools/redim/pkg/vault"
)

const canary = "c4nary-Pa55/+\"<&é"

// script is a rotator that a shell runs, with arguments of its own.
func script(t *testing.T, text string) rotator.Command {
	t.Helper()
	path := filepath.Join(t.TempDir(), "rotate")
	childtest.WriteProgram(t, path, text+"\n")
	source, err := secret.ParseSource("cmd: " + path + "  --now twice ")
	if err != nil {
		t.Fatal(err)
	}
	return rotator.Parse(source)
}

func order(secrets ...string) vault.RotationOrder {
	o := vault.RotationOrder{Credential: vault.Credential{System: "web 01; reboot", Account: `EX\svc $(id)`, Kind: vault.KindPassword}}
	if len(secrets) > 0 {
		o.Old = secret.FromString(secrets[0])
	}
	if len(secrets) > 1 {
		o.Proposed = secret.FromString(secrets[1])
	}
	return o
}

func text(v secret.Value) (s string) {
	_ = v.Reveal(func(b []byte) error { s = string(b); return nil })
	return s
}

func TestAProgramIsToldWhatToChangeAndAnswersTheNewSecret(t *testing.T) {
	t.Parallel()
	dir := t.TempDir()
	c := script(t, `cat > "`+dir+`/in"; for a in "$@"; do echo "$a"; done > "`+dir+`/args"; echo "an error with c4nary" >&2; printf 'new \303\251\n'`)
	got, err := c.Rotate(t.Context(), order(canary, "proposed"))
	if err != nil || text(got) != "new é" {
		t.Fatalf("%q, %v", text(got), err)
	}
	args, err := os.ReadFile(filepath.Join(dir, "args"))
	if want := "--now\ntwice\nweb 01; reboot\nEX\\svc $(id)\n"; err != nil || string(args) != want {
		t.Errorf("arguments %q, %v", args, err)
	}
	in, err := os.ReadFile(filepath.Join(dir, "in"))
	var told map[string]any
	if err != nil || json.Unmarshal(in, &told) != nil || told["schema"] != 1.0 || told["system"] != "web 01; reboot" || told["account"] != `EX\svc $(id)` ||
		told["kind"] != "password" || told["secret"] != canary || told["proposed"] != "proposed" || len(told) != 6 {
		t.Errorf("input %s, %v", in, err)
	}
}

func TestASecretThatIsNoTextComesInBase64(t *testing.T) {
	t.Parallel()
	got, err := script(t, "cat").Rotate(t.Context(), order("\xff\x00"))
	if err != nil || !strings.Contains(text(got), `"secret_base64":"/wA="`) || strings.Contains(text(got), "proposed") {
		t.Errorf("%q, %v", text(got), err)
	}
}

func TestAProgramThatFailsIsToldOfWithoutWhatItPrinted(t *testing.T) {
	t.Parallel()
	missing := rotator.Command{Program: "/nowhere/rotate"}
	dashed := order(canary)
	dashed.Credential.Account = "--help"
	for name, tt := range map[string]struct {
		c     rotator.Command
		o     vault.RotationOrder
		class pam.Class
		says  string
	}{
		"it ends with a code":     {script(t, "cat; exit 3"), order(canary), pam.ErrOther, "ended with code 3"},
		"it prints without end":   {script(t, "cat; yes c4nary"), order(canary), pam.ErrOther, "more than 64 KiB"},
		"it is killed":            {script(t, "cat; kill -9 $$"), order(canary), pam.ErrOther, "was killed"},
		"it is not there":         {missing, order(canary), pam.ErrOther, "can't be run"},
		"a name that is a flag":   {script(t, "cat"), dashed, pam.ErrUsage, "would be taken for a flag"},
		"it does not read at all": {script(t, "exit 1"), order(strings.Repeat("c4nary", 100_000)), pam.ErrOther, "ended with code 1"},
	} {
		got, err := tt.c.Rotate(t.Context(), tt.o)
		f, ok := errors.AsType[*pam.Failure](err)
		if !ok || f.Class != tt.class || !strings.Contains(f.Message, tt.says) || f.Hint == "" || !got.IsEmpty() || strings.Contains(f.Message+f.Hint, "c4nary") {
			t.Errorf("%s: %v", name, err)
		}
	}
}

// TestAProgramThatTakesTooLongIsKilledWithAllItStarted looks for a process that
// the program left in the background.
func TestAProgramThatTakesTooLongIsKilledWithAllItStarted(t *testing.T) {
	t.Parallel()
	dir := t.TempDir()
	if err := syscall.Mkfifo(filepath.Join(dir, "ready"), 0o600); err != nil {
		t.Fatal(err)
	}
	c := script(t, `sleep 300 & echo $! > "`+dir+`/ready"; wait`)
	ctx, cancel := context.WithCancel(t.Context())
	done := make(chan error, 1)
	go func() { _, err := c.Rotate(ctx, order(canary)); done <- err }()
	line, err := os.ReadFile(filepath.Join(dir, "ready"))
	if err != nil {
		t.Fatal(err)
	}
	cancel()
	if err := <-done; !errors.Is(err, pam.ErrUnreachable) {
		t.Errorf("%v", err)
	}
	gone(t, strings.TrimSpace(string(line)))
}

// gone waits until there is no such process, or only what is left of it.
func gone(t *testing.T, pid string) {
	t.Helper()
	for deadline := time.Now().Add(20 * time.Second); time.Now().Before(deadline); time.Sleep(5 * time.Millisecond) {
		stat, err := os.ReadFile("/proc/" + pid + "/stat")
		if err != nil || strings.Contains(string(stat), ") Z ") {
			return
		}
	}
	t.Errorf("process %s still runs", pid)
}

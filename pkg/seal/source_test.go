package seal_test

import (
	"bytes"
	"context"
	"encoding/base64"
	"encoding/hex"
	"errors"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"sync"
	"testing"

	"github.com/redim-tools/redim/pkg/pam"
	"github.com/redim-tools/redim/pkg/seal"
	"github.com/redim-tools/redim/pkg/secret"
)

func parse(t testing.TB, setting string, env seal.Env) *seal.KeySource {
	t.Helper()
	s, err := seal.ParseKeySource(setting, env)
	if err != nil {
		t.Fatal(err)
	}
	return s
}

func key(t testing.TB, s *seal.KeySource) seal.Key {
	t.Helper()
	k, err := s.Key(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	return k
}

func wantFailure(t *testing.T, err error, class pam.Class, message, hint string) {
	t.Helper()
	f, ok := errors.AsType[*pam.Failure](err)
	if !ok || f.Class != class || !strings.Contains(f.Message, message) || !strings.Contains(f.Hint, hint) || f.Hint == "" {
		t.Fatalf("got %v (%+v), want %s with %q and hint %q", err, f, class, message, hint)
	}
}

func TestASettingThatNamesNoPlaceIsRefused(t *testing.T) {
	t.Parallel()
	for setting, message := range map[string]string{
		"keychain":             "does not name a place for a key",
		"file:":                "not an absolute path",
		"file:relative/key":    "not an absolute path",
		"keyring:name":         "does not name a place for a key",
		"systemd:":             "not the name of a credential",
		"systemd:../x":         "not the name of a credential",
		"systemd:.":            "not the name of a credential",
		"passphrase:":          "cache.key",
		"passphrase:secrets:x": "can not come from the secrets file",
	} {
		t.Run(setting, func(t *testing.T) {
			t.Parallel()
			_, err := seal.ParseKeySource(setting, seal.Env{Dir: t.TempDir()})
			wantFailure(t, err, pam.ErrUsage, message, "")
			if strings.Contains(err.Error(), "c4nary") {
				t.Fatalf("repeats what may be a pass phrase: %v", err)
			}
		})
	}
	_, err := seal.ParseKeySource("passphrase:env:X", seal.Env{})
	wantFailure(t, err, pam.ErrUsage, "no place for the wrapped key", "REDIM_STATE_DIR")
}

func TestTheKeyFileIsMadeOnFirstUseAndThenKept(t *testing.T) {
	t.Parallel()
	for _, setting := range []string{"", "file", "file:"} {
		dir := filepath.Join(t.TempDir(), "state")
		path := filepath.Join(dir, "key")
		if setting == "file:" {
			dir, path = filepath.Dir(dir), filepath.Join(filepath.Dir(dir), "chosen")
			setting += path
		}
		s := parse(t, setting, seal.Env{Dir: dir})
		if st := s.Status(t.Context()); st.Made || !st.Available() || st.Path != path {
			t.Fatalf("%q before: %+v", setting, st)
		}
		first := key(t, s)
		if again := key(t, parse(t, setting, seal.Env{Dir: dir})); !again.Equal(first) || first.IsZero() {
			t.Fatalf("%q: another process gets another key", setting)
		}
		if st := s.Status(t.Context()); !st.Made || !st.Available() || st.Opened == "" {
			t.Fatalf("%q after: %+v", setting, st)
		}
		if info, err := os.Stat(path); err != nil || info.Mode().Perm() != 0o600 {
			t.Fatalf("mode %v, %v", info.Mode(), err)
		}
	}
}

func TestAKeyFileIsReadInManySpellings(t *testing.T) {
	t.Parallel()
	raw := append(bytes.Repeat([]byte{7}, seal.KeySize-1), 0xfe)
	want, err := seal.NewKey(secret.New(bytes.Clone(raw)))
	if err != nil {
		t.Fatal(err)
	}
	for name, content := range map[string][]byte{
		"raw":        raw,
		"base64":     []byte(base64.StdEncoding.EncodeToString(raw) + "\n"),
		"base64url":  []byte(base64.RawURLEncoding.EncodeToString(raw)),
		"hex":        []byte(hex.EncodeToString(raw) + "\r\n"),
		"ours":       []byte("redim-key-1:" + base64.StdEncoding.EncodeToString(raw) + "\n"),
		"empty":      nil,
		"phrase":     []byte("a pass phrase of 32 characters!\n"),
		"other":      []byte("redim-key-2:" + base64.StdEncoding.EncodeToString(raw)),
		"wrong size": []byte(base64.StdEncoding.EncodeToString(raw[:16])),
		"endless":    bytes.Repeat([]byte("A"), 1<<20),
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			path := filepath.Join(t.TempDir(), "key")
			if err := os.WriteFile(path, content, 0o600); err != nil {
				t.Fatal(err)
			}
			got, err := parse(t, "file:"+path, seal.Env{}).Key(t.Context())
			switch name {
			case "empty", "phrase", "other", "wrong size", "endless":
				wantFailure(t, err, pam.ErrUsage, "holds no key", "head -c 32 /dev/urandom")
			default:
				if err != nil || !got.Equal(want) {
					t.Fatalf("got %v, %v", got, err)
				}
			}
		})
	}
}

func TestAChosenPlaceThatFailsIsAFailureAndTheDefaultOneIsNoPlace(t *testing.T) {
	t.Parallel()
	missing := filepath.Join(t.TempDir(), "file")
	if err := os.WriteFile(missing, nil, 0o600); err != nil {
		t.Fatal(err)
	}
	below := filepath.Join(missing, "dir")
	_, err := parse(t, "file:"+below+"/key", seal.Env{}).Key(t.Context())
	if wantFailure(t, err, pam.ErrOther, "key", ""); errors.Is(err, seal.ErrNoPlace) {
		t.Fatal("a chosen place must not be done without")
	}
	for _, env := range []seal.Env{{}, {Dir: below}, {Dir: "/proc/redim"}} {
		s := parse(t, "", env)
		_, err = s.Key(t.Context())
		if wantFailure(t, err, pam.ErrOther, "", ""); !errors.Is(err, seal.ErrNoPlace) {
			t.Fatalf("got %v, want ErrNoPlace", err)
		}
	}
	if st := parse(t, "", seal.Env{}).Status(t.Context()); st.Available() {
		t.Fatalf("got %+v", st)
	}
}

func TestAKeyFileThatOthersCanReadIsRefused(t *testing.T) {
	t.Parallel()
	dir := t.TempDir()
	path := filepath.Join(dir, "key")
	key(t, parse(t, "", seal.Env{Dir: dir}))
	for _, mode := range []os.FileMode{0o640, 0o604, 0o620, 0o644} {
		if err := os.Chmod(path, mode); err != nil {
			t.Fatal(err)
		}
		s := parse(t, "", seal.Env{Dir: dir})
		_, err := s.Key(t.Context())
		wantFailure(t, err, pam.ErrUsage, "can be read by others", "chmod 600")
		if s.Status(t.Context()).Available() {
			t.Fatal("status calls it usable")
		}
		if errors.Is(err, seal.ErrNoPlace) {
			t.Fatal("a key that is there must not be done without")
		}
	}
}

func TestAFailureIsNotKept(t *testing.T) {
	t.Parallel()
	path := filepath.Join(t.TempDir(), "key")
	if err := os.WriteFile(path, []byte("junk"), 0o600); err != nil {
		t.Fatal(err)
	}
	s := parse(t, "file:"+path, seal.Env{})
	if _, err := s.Key(t.Context()); err == nil {
		t.Fatal("junk is no key")
	}
	if err := os.Remove(path); err != nil {
		t.Fatal(err)
	}
	first := key(t, s)
	if err := os.Remove(path); err != nil {
		t.Fatal(err)
	}
	if !key(t, s).Equal(first) {
		t.Fatal("the key changed within one process")
	}
}

func TestManyGoroutinesGetOneKey(t *testing.T) {
	t.Parallel()
	dir := t.TempDir()
	ids := make([]string, 20)
	var wg sync.WaitGroup
	for i := range ids {
		wg.Go(func() { ids[i] = key(t, parse(t, "", seal.Env{Dir: dir})).ID() })
	}
	wg.Wait()
	for _, id := range ids {
		if id != ids[0] {
			t.Fatalf("keys %v", ids)
		}
	}
}

const childDir = "REDIM_TEST_KEY_DIR"

func TestFiftyProcessesAtOnceMakeOneKey(t *testing.T) {
	t.Parallel()
	if dir := os.Getenv(childDir); dir != "" {
		fmt.Println("id", key(t, parse(t, "", seal.Env{Dir: dir})).ID())
		return
	}
	dir := filepath.Join(t.TempDir(), "state")
	outs, errs := make([]string, 50), make([]error, 50)
	var wg sync.WaitGroup
	for i := range outs {
		wg.Go(func() {
			cmd := exec.CommandContext(t.Context(), os.Args[0], "-test.run", "^TestFiftyProcessesAtOnceMakeOneKey$")
			cmd.Env = append(os.Environ(), childDir+"="+dir, "GORACE=atexit_sleep_ms=0")
			out, err := cmd.CombinedOutput()
			first, _, _ := strings.Cut(string(out), "\n")
			outs[i], errs[i] = first, err
		})
	}
	wg.Wait()
	for i := range outs {
		if errs[i] != nil || outs[i] != outs[0] || !strings.HasPrefix(outs[i], "id ") {
			t.Fatalf("process %d: %q, %v; process 0: %q", i, outs[i], errs[i], outs[0])
		}
	}
	if entries, err := os.ReadDir(dir); err != nil || len(entries) != 1 {
		t.Fatalf("left over: %v %v", entries, err)
	}
}

func TestASystemdCredentialIsReadAndNeverMade(t *testing.T) {
	t.Parallel()
	dir := t.TempDir()
	env := seal.Env{Getenv: func(name string) string {
		return map[string]string{"CREDENTIALS_DIRECTORY": dir}[name]
	}}
	s := parse(t, "systemd:redim-key", env)
	_, err := s.Key(t.Context())
	wantFailure(t, err, pam.ErrUsage, "can not read the systemd credential redim-key", "LoadCredential=")
	if s.Status(t.Context()).Available() {
		t.Fatal("status calls a missing credential usable")
	}
	path := filepath.Join(dir, "redim-key")
	if err := os.WriteFile(path, []byte("junk"), 0o440); err != nil {
		t.Fatal(err)
	}
	_, err = s.Key(t.Context())
	wantFailure(t, err, pam.ErrUsage, "holds no key", "base64")
	if err := errors.Join(os.Remove(path), os.WriteFile(path, []byte(strings.Repeat("ab", 32)), 0o440)); err != nil {
		t.Fatal(err)
	}
	key(t, s)
	if st := s.Status(t.Context()); !st.Made || !st.Available() || st.Path != path || st.Source != "systemd:redim-key" {
		t.Fatalf("got %+v", st)
	}
	_, err = parse(t, "systemd:redim-key", seal.Env{}).Key(t.Context())
	wantFailure(t, err, pam.ErrUsage, "CREDENTIALS_DIRECTORY is not set", "LoadCredential=")
}

// fakeRing is a keyring in memory.
type fakeRing struct {
	mu      sync.Mutex
	entries map[string]string
	err     error
}

func (f *fakeRing) Get(_ context.Context, name string) (secret.Value, error) {
	f.mu.Lock()
	defer f.mu.Unlock()
	if text, ok := f.entries[name]; ok || f.err != nil {
		return secret.FromString(text), f.err
	}
	return secret.Value{}, pam.Failf(pam.ErrNotFound, "no entry")
}

func (f *fakeRing) Set(_ context.Context, name string, v secret.Value) error {
	f.mu.Lock()
	defer f.mu.Unlock()
	return errors.Join(f.err, v.Reveal(func(b []byte) error { f.entries[name] = string(b); return nil }))
}

func (f *fakeRing) Check(context.Context) error { return f.err }

func TestTheKeyringKeepsTheKey(t *testing.T) {
	t.Parallel()
	ring := &fakeRing{entries: map[string]string{}}
	env := seal.Env{Dir: filepath.Join(t.TempDir(), "state"), Keyring: ring}
	if st := parse(t, "keyring", env).Status(t.Context()); st.Made || !st.Available() || st.Path != "" {
		t.Fatalf("before: %+v", st)
	}
	ids := make([]string, 10)
	var wg sync.WaitGroup
	for i := range ids {
		wg.Go(func() { ids[i] = key(t, parse(t, "keyring", env)).ID() })
	}
	wg.Wait()
	for _, id := range ids {
		if id != ids[0] {
			t.Fatalf("keys %v", ids)
		}
	}
	if st := parse(t, "keyring", env).Status(t.Context()); !st.Made || !st.Available() || st.Source != "keyring" {
		t.Fatalf("after: %+v", st)
	}
	if _, err := os.Stat(filepath.Join(env.Dir, "key")); err == nil {
		t.Fatal("the key is in a file too")
	}
}

func TestAKeyringThatFailsIsNotReplacedByAFile(t *testing.T) {
	t.Parallel()
	broken := pam.Failf(pam.ErrOther, "no OS keyring").WithHint("use a key file")
	dir := t.TempDir()
	for name, c := range map[string]struct {
		ring    seal.Keyring
		message string
	}{
		"none":   {nil, "no OS keyring here"},
		"broken": {&fakeRing{err: broken}, "no OS keyring"},
		"junk":   {&fakeRing{entries: map[string]string{"cache-key": "junk"}}, "holds no key"},
	} {
		s := parse(t, "keyring", seal.Env{Dir: dir, Keyring: c.ring})
		_, err := s.Key(t.Context())
		if f, ok := errors.AsType[*pam.Failure](err); !ok || !strings.Contains(f.Message, c.message) || f.Hint == "" {
			t.Fatalf("%s: got %v", name, err)
		}
		if s.Status(t.Context()).Available() {
			t.Fatalf("%s: status calls it usable", name)
		}
	}
	if entries, _ := os.ReadDir(dir); len(entries) != 0 {
		t.Fatalf("made %v", entries)
	}
}

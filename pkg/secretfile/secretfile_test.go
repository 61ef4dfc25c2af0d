package secretfile

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"testing"
	"time"

	"pgregory.net/rapid"

	"github.com/redim-tools/redim/pkg/atomicfile"
	"github.com/redim-tools/redim/pkg/pam"
	"github.com/redim-tools/redim/pkg/seal"
	"github.com/redim-tools/redim/pkg/secret"
)

const canary = `c4nary-Pa55/+"<&é`

func fixed(k seal.Key) func(context.Context) (seal.Key, error) {
	return func(context.Context) (seal.Key, error) { return k, nil }
}

func newFile(t *testing.T) *File {
	t.Helper()
	return New(filepath.Join(t.TempDir(), "state", "secrets"), fixed(seal.GenerateKey()))
}

func must(t testing.TB, errs ...error) {
	t.Helper()
	if err := errors.Join(errs...); err != nil {
		t.Fatal(err)
	}
}

func wantFailure(t *testing.T, err error, class pam.Class, message, hint string) {
	t.Helper()
	f, ok := errors.AsType[*pam.Failure](err)
	if !ok || f.Class != class || !strings.Contains(f.Message, message) || !strings.Contains(f.Hint, hint) {
		t.Fatalf("got %v (%+v), want %s with %q and hint %q", err, f, class, message, hint)
	}
}

func TestSecretsAreStoredReplacedListedAndDeleted(t *testing.T) {
	t.Parallel()
	f, want := newFile(t), secret.FromString(canary)
	must(t, f.Set(t.Context(), "b", secret.FromString("old")), f.Set(t.Context(), "a/default", secret.FromString("x")), f.Set(t.Context(), "b", want))
	again := New(f.Path(), f.key)
	if got, err := again.Get(t.Context(), "b"); err != nil || !got.Equal(want) {
		t.Fatalf("got %v, %v", got, err)
	}
	if names, err := again.Names(t.Context()); err != nil || fmt.Sprint(names) != "[a/default b]" {
		t.Fatalf("got %v, %v", names, err)
	}
	must(t, again.Delete(t.Context(), "b"))
	_, err := again.Get(t.Context(), "b")
	wantFailure(t, err, pam.ErrNotFound, `no "b"`, "config set")
	wantFailure(t, again.Delete(t.Context(), "b"), pam.ErrNotFound, `no "b"`, "config set")
}

func TestTheFileIsPrivateAndTellsNothing(t *testing.T) {
	t.Parallel()
	f := newFile(t)
	must(t, f.Set(t.Context(), "api_password", secret.FromString(canary)))
	data, err := os.ReadFile(f.Path())
	if err != nil || bytes.Contains(data, []byte("c4nary")) || bytes.Contains(data, []byte("api_pass")) {
		t.Fatalf("the file tells: %q, %v", data, err)
	}
	info, err := os.Stat(f.Path())
	must(t, err)
	dir, err := os.Stat(filepath.Dir(f.Path()))
	must(t, err)
	if info.Mode().Perm() != 0o600 || dir.Mode().Perm() != 0o700 {
		t.Fatalf("modes %v, %v", info.Mode(), dir.Mode())
	}
	if entries, _ := os.ReadDir(filepath.Dir(f.Path())); len(entries) != 1 {
		t.Fatalf("left over: %v", entries)
	}
}

func TestWithoutAFileThereAreNoSecretsAndNoKeyIsAskedFor(t *testing.T) {
	t.Parallel()
	f := New(filepath.Join(t.TempDir(), "none", "secrets"), func(context.Context) (seal.Key, error) {
		t.Error("asked for the key")
		return seal.Key{}, nil
	})
	_, err := f.Get(t.Context(), "x")
	wantFailure(t, err, pam.ErrNotFound, `no "x"`, "config set")
	if names, err := f.Names(t.Context()); err != nil || len(names) != 0 {
		t.Fatalf("got %v, %v", names, err)
	}
}

func TestAFileThatDoesNotOpenIsAnErrorAndStays(t *testing.T) {
	t.Parallel()
	for _, c := range []struct {
		name, message, hint string
		spoil               func(key seal.Key, good []byte) []byte
	}{
		{"cut", "changed or moved", "backup", func(_ seal.Key, good []byte) []byte { return good[:len(good)-1] }},
		{"empty", "cut short", "backup", func(seal.Key, []byte) []byte { return nil }},
		{"foreign", "another key", "restore the key", func(seal.Key, []byte) []byte {
			data, _ := seal.GenerateKey().Seal(nil, []byte(associated))
			return data
		}},
		{"another sealed file", "changed or moved", "backup", func(key seal.Key, _ []byte) []byte {
			data, _ := key.Seal(nil, []byte("something else"))
			return data
		}},
		{"other content", "another version", "backup", func(key seal.Key, _ []byte) []byte {
			data, _ := key.Seal([]byte{9}, []byte(associated))
			return data
		}},
	} {
		t.Run(c.name, func(t *testing.T) {
			t.Parallel()
			key := seal.GenerateKey()
			f := New(filepath.Join(t.TempDir(), "secrets"), fixed(key))
			must(t, f.Set(t.Context(), "a", secret.FromString(canary)))
			good, err := os.ReadFile(f.Path())
			must(t, err)
			bad := c.spoil(key, good)
			must(t, os.WriteFile(f.Path(), bad, 0o600))
			_, errGet := f.Get(t.Context(), "a")
			_, errNames := f.Names(t.Context())
			for _, err := range []error{errGet, errNames, f.Set(t.Context(), "b", secret.FromString("x")), f.Delete(t.Context(), "a")} {
				wantFailure(t, err, pam.ErrOther, c.message, c.hint)
			}
			if now, _ := os.ReadFile(f.Path()); !bytes.Equal(now, bad) {
				t.Fatal("the file was replaced")
			}
		})
	}
}

func TestAKeyThatCanNotBeHadIsAnError(t *testing.T) {
	t.Parallel()
	lost := pam.Failf(pam.ErrOther, "the keyring is locked")
	f := New(filepath.Join(t.TempDir(), "secrets"), func(context.Context) (seal.Key, error) { return seal.Key{}, lost })
	if err := f.Set(t.Context(), "a", secret.FromString("x")); !errors.Is(err, error(lost)) {
		t.Fatalf("got %v", err)
	}
	must(t, os.WriteFile(f.Path(), []byte("x"), 0o600))
	if _, err := f.Get(t.Context(), "a"); !errors.Is(err, error(lost)) {
		t.Fatalf("got %v", err)
	}
	f.key = fixed(seal.Key{})
	must(t, os.Remove(f.Path()))
	if err := f.Set(t.Context(), "a", secret.FromString("x")); !errors.Is(err, seal.ErrNoKey) {
		t.Fatalf("got %v", err)
	}
}

func TestWhatCanNotBeWrittenIsAnErrorWithAHint(t *testing.T) {
	t.Parallel()
	dir := t.TempDir()
	file := filepath.Join(dir, "file")
	must(t, os.WriteFile(file, nil, 0o600))
	below := New(filepath.Join(file, "sub", "secrets"), fixed(seal.GenerateKey()))
	wantFailure(t, below.Set(t.Context(), "a", secret.FromString("x")), pam.ErrOther, "can not make the directory", "ls -ld")
	isDir := New(dir, fixed(seal.GenerateKey()))
	_, err := isDir.Get(t.Context(), "a")
	wantFailure(t, err, pam.ErrOther, "can not read the secrets file", "ls -l")
	big := newFile(t)
	wantFailure(t, big.Set(t.Context(), "a", secret.New(make([]byte, maxFile))), pam.ErrUsage, "longer than 1 MiB", "remove")
	for _, name := range []string{"", "a\nb", "\xff", strings.Repeat("x", 256)} {
		wantFailure(t, big.Set(t.Context(), name, secret.FromString("x")), pam.ErrUsage, "can not name a secret", "printable")
	}
}

func TestNoChangeIsLostWhenManyWrite(t *testing.T) {
	t.Parallel()
	f := newFile(t)
	var wg sync.WaitGroup
	for i := range 20 {
		wg.Go(func() {
			if err := New(f.Path(), f.key).Set(t.Context(), fmt.Sprint("n", i), secret.FromString(fmt.Sprint("v", i))); err != nil {
				t.Error(err)
			}
		})
	}
	wg.Wait()
	if names, err := f.Names(t.Context()); err != nil || len(names) != 20 {
		t.Fatalf("got %v, %v", names, err)
	}
}

func TestWaitingForAnotherWriterEnds(t *testing.T) {
	t.Parallel()
	f := newFile(t)
	must(t, f.Set(t.Context(), "a", secret.FromString("x")))
	release, err := atomicfile.Lock(t.Context(), f.Path()+".lock")
	must(t, err)
	defer release()
	ctx, cancel := context.WithTimeout(t.Context(), 10*time.Millisecond)
	defer cancel()
	wantFailure(t, f.Set(ctx, "a", secret.FromString("y")), pam.ErrInterrupted, "interrupted while waiting", "")
	wantFailure(t, f.busy(t.Context(), context.DeadlineExceeded), pam.ErrOther, "for too long", "stopped redim process")
	if got, err := f.Get(t.Context(), "a"); err != nil || !got.Equal(secret.FromString("x")) {
		t.Fatalf("a reader had to wait, or got %v, %v", got, err)
	}
}

func TestContentIsReadBackAsItWas(t *testing.T) {
	t.Parallel()
	rapid.Check(t, func(t *rapid.T) {
		s := secrets{}
		for name, v := range rapid.MapOf(rapid.String(), rapid.SliceOf(rapid.Byte())).Draw(t, "secrets") {
			s[name] = secret.New(v)
		}
		got, ok := decode(s.encode())
		if !ok || len(got) != len(s) || !bytes.Equal(got.encode(), s.encode()) {
			t.Fatalf("got %v, %v", got, ok)
		}
	})
}

func FuzzDecode(f *testing.F) {
	f.Add(secrets{"a": secret.FromString("b")}.encode())
	f.Add([]byte{1, 'a'})
	f.Fuzz(func(t *testing.T, b []byte) {
		s, ok := decode(b)
		if again, okAgain := decode(s.encode()); ok && (!okAgain || len(again) != len(s)) {
			t.Fatalf("%x is not read back", b)
		}
	})
}

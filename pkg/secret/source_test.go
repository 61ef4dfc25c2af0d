package secret_test

import (
	"bytes"
	"context"
	"errors"
	"io"
	"os"
	"path/filepath"
	"runtime"
	"strings"
	"testing"
	"testing/iotest"
	"time"

	"github.com/redim-tools/redim/pkg/secret"
)

func TestParseSourceKnowsTheForms(t *testing.T) {
	t.Parallel()
	for text, want := range map[string]secret.Source{
		"env:REDIM_PW":          {Kind: secret.KindEnv, Arg: "REDIM_PW"},
		" file:/run/pw ":        {Kind: secret.KindFile, Arg: "/run/pw"},
		"file: with blank":      {Kind: secret.KindFile, Arg: "with blank"},
		`file:C:\pw.txt`:        {Kind: secret.KindFile, Arg: `C:\pw.txt`},
		"cmd:pass show a | tr":  {Kind: secret.KindCommand, Arg: "pass show a | tr"},
		"keyring:redim-default": {Kind: secret.KindKeyring, Arg: "redim-default"},
		"secrets:x":             {Kind: secret.KindSecrets, Arg: "x"},
		"prompt":                {Kind: secret.KindPrompt},
		"-":                     {Kind: secret.KindStdin},
		"stdin":                 {Kind: secret.KindStdin},
	} {
		got, err := secret.ParseSource(text)
		if err != nil || got != want {
			t.Errorf("%q: %#v, %v", text, got, err)
		}
		if again, err := secret.ParseSource(got.Text()); err != nil || again != got {
			t.Errorf("%q does not come back: %#v, %v", got.Text(), again, err)
		}
	}
}

func TestParseSourceRefusesALiteralWithoutRepeatingIt(t *testing.T) {
	t.Parallel()
	for _, text := range []string{
		"", canary, "c4nary", "c4nary:x", "ENV:c4nary", "prompt:c4nary", "-:c4nary", "stdin:c4nary", "env:", "file:", "cmd: ",
		"env:c4nary=x", "env:$c4nary", "file:c4nary\nx", "cmd:c4nary\x00", "keyring:c4nary\x1b[2J", "cmd:" + strings.Repeat("c4nary", 800),
	} {
		s, err := secret.ParseSource(text)
		e, ok := errors.AsType[*secret.SourceError](err)
		if !ok || e.Hint == "" || leaks(e.Error()+e.Hint) {
			t.Errorf("%q: %#v, %v", text, s, err)
		}
	}
}

func TestASourceShowsNoCommandLine(t *testing.T) {
	t.Parallel()
	for text, want := range map[string]string{
		"cmd:echo c4nary":         "cmd:echo …",
		"cmd:PW=c4nary ./get":     "cmd:…",
		"cmd:/usr/bin/get-secret": "cmd:/usr/bin/get-secret",
		"env:REDIM_PW":            "env:REDIM_PW",
		"prompt":                  "prompt",
	} {
		s, err := secret.ParseSource(text)
		if err != nil || s.String() != want {
			t.Errorf("%s: %s, %v", text, s, err)
		}
	}
	if !(secret.Source{}).IsZero() || (secret.Source{Kind: secret.KindPrompt}).IsZero() {
		t.Error("IsZero is wrong")
	}
}

func source(t *testing.T, text string) secret.Source {
	t.Helper()
	s, err := secret.ParseSource(text)
	if err != nil {
		t.Fatal(err)
	}
	return s
}

func file(t *testing.T, content string) string {
	t.Helper()
	path := filepath.Join(t.TempDir(), "pw")
	if err := os.WriteFile(path, []byte(content), 0o600); err != nil {
		t.Fatal(err)
	}
	return path
}

func TestResolveReadsEverySource(t *testing.T) {
	t.Parallel()
	named := func(_ context.Context, name string) (secret.Value, error) {
		return secret.FromString("of " + name), nil
	}
	r := secret.Resolver{
		Getenv:  func(name string) string { return map[string]string{"PW": canary, "NL": canary + "\n"}[name] },
		Keyring: named, SecretsFile: named, Prompt: named, Label: "API password",
		Stdin: strings.NewReader(canary + "\r\n"),
	}
	for text, want := range map[string]string{
		"env:PW": canary, "env:NL": canary, "stdin": canary,
		"file:" + file(t, canary):                 canary,
		"file:" + file(t, canary+"\n"):            canary,
		"file:" + file(t, canary+"\r\n"):          canary,
		"file:" + file(t, canary+"\n\n"):          canary + "\n",
		"file:" + file(t, " "+canary+" "):         " " + canary + " ",
		"file:" + file(t, "two\nlines\n"):         "two\nlines",
		"cmd:printf 'a%s' \"b c\"; echo loud >&2": "ab c",
		"cmd:cat":   "",
		"keyring:x": "of x",
		"secrets:y": "of y",
		"prompt":    "of API password",
	} {
		v, err := r.Resolve(t.Context(), source(t, text))
		if want == "" {
			if err == nil || !strings.Contains(err.Error(), "empty") {
				t.Errorf("%s: %v", text, err)
			}
			continue
		}
		if err != nil || reveal(t, v) != want {
			t.Errorf("%s: %q, %v", text, reveal(t, v), err)
		}
	}
}

func TestResolveFailsWithAReasonAndAHint(t *testing.T) {
	t.Parallel()
	long := strings.Repeat("c4nary--", secret.MaxLen/8+1)
	empty := func(context.Context, string) (secret.Value, error) { return secret.Value{}, nil }
	for _, c := range []struct {
		name, text, reason string
		r                  secret.Resolver
	}{
		{"a variable that is not set", "env:REDIM_NOT_SET", "empty", secret.Resolver{}},
		{"a file that is not there", "file:/no/such/file", "no such file", secret.Resolver{}},
		{"a folder", "file:" + t.TempDir(), "directory", secret.Resolver{}},
		{"an empty file", "file:" + file(t, "\n"), "empty", secret.Resolver{}},
		{"a file too long", "file:" + file(t, long), "64 KiB", secret.Resolver{}},
		{"a command that fails", "cmd:echo c4nary >&2; echo c4nary; exit 3", "code 3", secret.Resolver{}},
		{"a command that is killed", "cmd:kill -9 $$", "killed", secret.Resolver{}},
		{"a command that is not there", "cmd:/no/such/c4mmand x", "code 127", secret.Resolver{}},
		{"a command that prints too much", "cmd:yes c4nary", "64 KiB", secret.Resolver{}},
		{"a command that can't be run", "cmd:x", "can't be run", secret.Resolver{Run: func(context.Context, string) ([]byte, error) { return nil, errors.New("c4nary") }}},
		{"a command that is too slow", "cmd:sleep 20", "longer than 20ms", secret.Resolver{Timeout: 20 * time.Millisecond}},
		{"no keyring", "keyring:x", "can't be used here", secret.Resolver{}},
		{"no secrets file", "secrets:x", "can't be used here", secret.Resolver{}},
		{"no terminal", "prompt", "can't be used here", secret.Resolver{}},
		{"an empty answer", "prompt", "empty", secret.Resolver{Prompt: empty}},
		{"no standard input", "-", "no standard input", secret.Resolver{}},
		{"standard input too long", "-", "64 KiB", secret.Resolver{Stdin: strings.NewReader(long)}},
		{"standard input that breaks", "-", "broken", secret.Resolver{Stdin: iotest.ErrReader(errors.New("broken"))}},
	} {
		t.Run(c.name, func(t *testing.T) {
			t.Parallel()
			v, err := c.r.Resolve(t.Context(), source(t, c.text))
			e, ok := errors.AsType[*secret.SourceError](err)
			if !ok || !v.IsEmpty() || e.Hint == "" || !strings.Contains(e.Reason, c.reason) || leaks(e.Error()+e.Hint) {
				t.Errorf("%#v", err)
			}
		})
	}
	if _, err := (secret.Resolver{}).Resolve(t.Context(), secret.Source{}); err == nil {
		t.Error("no source at all is taken")
	}
}

func TestResolveHandsOnErrorsOfOthers(t *testing.T) {
	t.Parallel()
	want := errors.New("cancelled by the user")
	r := secret.Resolver{Prompt: func(context.Context, string) (secret.Value, error) { return secret.Value{}, want }}
	if _, err := r.Resolve(t.Context(), secret.Source{Kind: secret.KindPrompt}); !errors.Is(err, want) {
		t.Error(err)
	}
}

func TestResolveStopsWithItsContext(t *testing.T) {
	t.Parallel()
	ctx, cancel := context.WithCancel(t.Context())
	started := make(chan struct{})
	r := secret.Resolver{Run: func(ctx context.Context, _ string) ([]byte, error) {
		if deadline, ok := ctx.Deadline(); !ok || time.Until(deadline) > secret.CommandTimeout {
			t.Error("the command has no deadline")
		}
		close(started)
		<-ctx.Done()
		return nil, ctx.Err()
	}}
	go func() { <-started; cancel() }()
	if _, err := r.Resolve(ctx, source(t, "cmd:x")); !errors.Is(err, context.Canceled) {
		t.Error(err)
	}
	if _, err := r.Resolve(ctx, source(t, "env:HOME")); !errors.Is(err, context.Canceled) {
		t.Error(err)
	}
}

func TestACommandThatHangsIsStopped(t *testing.T) {
	t.Parallel()
	ctx, cancel := context.WithTimeout(t.Context(), 50*time.Millisecond)
	defer cancel()
	start := time.Now()
	_, err := (secret.Resolver{}).Resolve(ctx, source(t, "cmd:sleep 20 & sleep 20"))
	if !errors.Is(err, context.DeadlineExceeded) {
		t.Error(err)
	}
	if took := time.Since(start); took > 10*time.Second {
		t.Errorf("it took %s", took)
	}
}

func TestAFileOpenToOthersIsWarnedAbout(t *testing.T) {
	t.Parallel()
	if runtime.GOOS == "windows" {
		return
	}
	for mode, want := range map[os.FileMode]int{0o600: 0, 0o400: 0, 0o640: 1, 0o644: 1, 0o606: 1} {
		path := file(t, canary)
		if err := os.Chmod(path, mode); err != nil {
			t.Fatal(err)
		}
		var warned []string
		r := secret.Resolver{Warn: func(text string) { warned = append(warned, text) }}
		if _, err := r.Resolve(t.Context(), source(t, "file:"+path)); err != nil {
			t.Error(err)
		}
		if len(warned) != want || want == 1 && (!strings.Contains(warned[0], "chmod 600 "+path) || leaks(warned[0])) {
			t.Errorf("%o: %q", mode, warned)
		}
	}
}

func TestReadFileCanBeReplaced(t *testing.T) {
	t.Parallel()
	r := secret.Resolver{
		ReadFile: func(path string) ([]byte, error) { return []byte("of " + path), nil },
		Stdin:    io.MultiReader(strings.NewReader("a"), bytes.NewReader([]byte("b\n"))),
	}
	for text, want := range map[string]string{"file:x": "of x", "-": "ab"} {
		if v, err := r.Resolve(t.Context(), source(t, text)); err != nil || reveal(t, v) != want {
			t.Errorf("%s: %v", text, err)
		}
	}
}

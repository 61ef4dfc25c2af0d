package journal

import (
	"bytes"
	"context"
	"errors"
	"io/fs"
	"os"
	"path/filepath"
	"runtime"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"pgregory.net/rapid"

	"github.com/redim-tools/redim/pkg/atomicfile"
	"github.com/redim-tools/redim/pkg/pam"
)

const (
	stateIntended  = pam.CheckoutIntended
	stateOpen      = pam.CheckoutOpen
	stateRefused   = pam.CheckoutRefused
	stateCheckedIn = pam.CheckoutCheckedIn
)

func checkout(id string, state pam.CheckoutState) pam.Checkout {
	return pam.Checkout{
		ID: id, State: state, Profile: "default", Identity: pam.Identity{Domain: "EX", Name: "alice"}, At: time.Date(2026, 3, 1, 9, 0, 0, 0, time.UTC),
		Credential: pam.Credential{System: "web01", Account: "Administrator", Target: "web01", Type: pam.StoreWindows, Random: true},
	}
}

func line(tb testing.TB, c pam.Checkout) []byte {
	tb.Helper()
	l, err := encode(c)
	if err != nil {
		tb.Fatal(err)
	}
	return l
}

func add(t *testing.T, j *Journal, all ...pam.Checkout) {
	t.Helper()
	for _, c := range all {
		if err := j.Append(t.Context(), c); err != nil {
			t.Fatal(err)
		}
	}
}

func all(t *testing.T, j *Journal) []pam.Checkout {
	t.Helper()
	got, err := j.All(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	return got
}

func isUnavailable(t *testing.T, err error) {
	t.Helper()
	f, ok := errors.AsType[*pam.Failure](err)
	if !ok || f.Class != pam.ErrJournal || f.Hint == "" {
		t.Errorf("got %v, want the journal to be unavailable, with a hint", err)
	}
}

func TestAJournalThatWasNeverWrittenIsEmpty(t *testing.T) {
	t.Parallel()
	dir := filepath.Join(t.TempDir(), "not", "yet")
	got, err := New(dir).Open(t.Context())
	if err != nil || len(got) != 0 {
		t.Errorf("got %v, %v", got, err)
	}
	if _, err := os.Stat(dir); !errors.Is(err, fs.ErrNotExist) {
		t.Errorf("reading made the directory: %v", err)
	}
}

func TestEachCheckoutIsListedOnceInItsLatestState(t *testing.T) {
	t.Parallel()
	j := New(filepath.Join(t.TempDir(), "deep", "state"))
	add(t, j, checkout("a", stateIntended), checkout("b", stateIntended), checkout("a", stateOpen), checkout("c", stateIntended),
		checkout("c", stateRefused), checkout("d", stateOpen), checkout("d", stateCheckedIn))
	if diff := cmp.Diff([]pam.Checkout{checkout("a", stateOpen), checkout("b", stateIntended), checkout("c", stateRefused), checkout("d", stateCheckedIn)}, all(t, j)); diff != "" {
		t.Errorf("all (-want +got):\n%s", diff)
	}
	got, err := j.Open(t.Context())
	if diff := cmp.Diff([]pam.Checkout{checkout("a", stateOpen), checkout("b", stateIntended)}, got); diff != "" || err != nil {
		t.Errorf("open: %v (-want +got):\n%s", err, diff)
	}
}

func TestFilesAreTheUsersAlone(t *testing.T) {
	t.Parallel()
	if runtime.GOOS == "windows" {
		return // it keeps no such modes
	}
	j := New(filepath.Join(t.TempDir(), "state"))
	add(t, j, checkout("a", stateOpen))
	if mode := stat(t, j).Mode().Perm(); mode != 0o600 {
		t.Errorf("a new file: %v", mode)
	}
	damage(t, j, "nonsense\n")
	all(t, j)
	for path, want := range map[string]fs.FileMode{filepath.Dir(j.Path()): 0o700, j.Path(): 0o600, j.DamagedPath(): 0o600, filepath.Join(j.dir, lockName): 0o600} {
		if info, err := os.Stat(path); err != nil || info.Mode().Perm() != want {
			t.Errorf("%s: %v, %v, want %v", path, info.Mode().Perm(), err, want)
		}
	}
	entries, err := os.ReadDir(filepath.Dir(j.Path()))
	if err != nil || len(entries) != 3 {
		t.Errorf("more is left than the three files: %v, %v", entries, err)
	}
}

// damage appends text to the file as it is.
func damage(t *testing.T, j *Journal, text string) {
	t.Helper()
	f, err := os.OpenFile(j.Path(), os.O_WRONLY|os.O_APPEND, 0)
	if err != nil {
		t.Fatal(err)
	}
	_, err = f.WriteString(text)
	if err := errors.Join(err, f.Close()); err != nil {
		t.Fatal(err)
	}
}

func TestARecordComesBackAsItWas(t *testing.T) {
	t.Parallel()
	text := rapid.StringN(0, 20, 60).Filter(func(s string) bool { return strings.ToValidUTF8(s, "") == s })
	times := rapid.Custom(func(t *rapid.T) time.Time {
		return time.Unix(rapid.Int64Range(0, 200_000_000_000).Draw(t, "seconds"), rapid.Int64Range(0, 999_999_999).Draw(t, "ns")).UTC()
	})
	rapid.Check(t, func(t *rapid.T) {
		want := pam.Checkout{
			ID: text.Draw(t, "id"), State: rapid.SampledFrom([]pam.CheckoutState{stateIntended, stateOpen, stateRefused, stateCheckedIn}).Draw(t, "state"),
			Profile: text.Draw(t, "profile"), Service: text.Draw(t, "service"), Identity: pam.Identity{Domain: text.Draw(t, "domain"), Name: text.Draw(t, "name")},
			Comment: text.Draw(t, "comment"), Ticket: text.Draw(t, "ticket"), Via: text.Draw(t, "via"), At: times.Draw(t, "at"), Process: rapid.IntRange(0, 1).Draw(t, "process"), Back: times.Draw(t, "back"), SpinJob: rapid.Int64().Draw(t, "job"), NoSpin: text.Draw(t, "no spin"),
			Credential: pam.Credential{
				Kind: rapid.SampledFrom([]pam.Kind{pam.KindLocal, pam.KindDomain, pam.KindShared}).Draw(t, "kind"), List: text.Draw(t, "list"),
				System: text.Draw(t, "system"), Namespace: text.Draw(t, "namespace"), Account: text.Draw(t, "account"), AssetTag: text.Draw(t, "tag"),
				Target: text.Draw(t, "target"), Type: pam.StoreType(rapid.IntRange(0, 23).Draw(t, "type")), CustomType: text.Draw(t, "custom"),
				Random: rapid.Bool().Draw(t, "random"), AutoSpin: rapid.Bool().Draw(t, "auto-spin"), LastChanged: times.Draw(t, "changed"),
			},
		}
		if rapid.Bool().Draw(t, "is due") {
			want.Due = times.Draw(t, "due")
		}
		l, err := encode(want)
		if err != nil || strings.Count(string(l), "\n") != 1 {
			t.Fatalf("%q: %v", l, err)
		}
		got, kind := decode(l[:len(l)-1])
		if diff := cmp.Diff(want, got); diff != "" || kind != lineGood {
			t.Errorf("kind %d (-want +got):\n%s", kind, diff)
		}
	})
}

func TestATimeThatCanNotBeWrittenIsRefused(t *testing.T) {
	t.Parallel()
	j := New(t.TempDir())
	c := checkout("a", stateOpen)
	c.Due = time.Date(10000, 1, 1, 0, 0, 0, 0, time.UTC)
	isUnavailable(t, j.Append(t.Context(), c))
	if got := all(t, j); len(got) != 0 {
		t.Errorf("kept %v", got)
	}
}

func TestRecordsOfANewerVersionAreKeptAndTold(t *testing.T) {
	t.Parallel()
	j, messages := told(t)
	newer := sealed(`{"v":2,"id":"n","state":{"now":"an object"}}`)
	odd := sealed(`{"v":0,"id":"o"}`)
	add(t, j, checkout("a", stateOpen))
	damage(t, j, newer+odd)
	add(t, j, checkout("b", stateOpen))
	if got := all(t, j); len(got) != 2 {
		t.Errorf("listed %v", got)
	}
	if err := j.compact(); err != nil {
		t.Fatal(err)
	}
	if data, err := os.ReadFile(j.Path()); err != nil || !strings.Contains(string(data), newer) || strings.Contains(string(data), odd) {
		t.Errorf("the file holds %q, %v", data, err)
	}
	if got := strings.Join(*messages, "\n"); !strings.Contains(got, "1 lines of "+j.Path()+" were written by a newer version") {
		t.Errorf("told %q", got)
	}
}

// told returns a journal of its own and what it tells.
func told(t *testing.T) (*Journal, *[]string) {
	t.Helper()
	j, messages := New(t.TempDir()), &[]string{}
	j.Warn = func(m string) { *messages = append(*messages, m) }
	return j, messages
}

func TestAppendEndsWithItsContext(t *testing.T) {
	t.Parallel()
	j := New(t.TempDir())
	release, err := atomicfile.LockAndKeep(t.Context(), filepath.Join(j.dir, lockName))
	if err != nil {
		t.Fatal(err)
	}
	defer release()
	ctx, cancel := context.WithCancel(t.Context())
	done := make(chan error)
	go func() { done <- j.Append(ctx, checkout("a", stateOpen)) }()
	cancel()
	if err := <-done; !errors.Is(err, pam.ErrInterrupted) {
		t.Errorf("got %v", err)
	}
	j.wait = 20 * time.Millisecond
	err = j.Append(t.Context(), checkout("a", stateOpen))
	isUnavailable(t, err)
	if !strings.Contains(err.Error(), "another process has held it for 20ms") {
		t.Errorf("got %v", err)
	}
	if _, err := os.Stat(j.Path()); !errors.Is(err, fs.ErrNotExist) {
		t.Errorf("something was written: %v", err)
	}
}

func TestAJournalThatCanNotBeKept(t *testing.T) {
	t.Parallel()
	file := filepath.Join(t.TempDir(), "file")
	if err := os.WriteFile(file, nil, 0o600); err != nil {
		t.Fatal(err)
	}
	tests := map[string]func(t *testing.T) *Journal{
		"its directory would be under a file": func(*testing.T) *Journal { return New(filepath.Join(file, "state")) },
		"its file is a directory": func(t *testing.T) *Journal {
			j := New(t.TempDir())
			if err := os.Mkdir(j.Path(), 0o700); err != nil {
				t.Fatal(err)
			}
			return j
		},
		"its lock is a directory": func(t *testing.T) *Journal {
			j := New(t.TempDir())
			if err := os.Mkdir(filepath.Join(j.dir, lockName), 0o700); err != nil {
				t.Fatal(err)
			}
			return j
		},
	}
	for name, broken := range tests {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			isUnavailable(t, broken(t).Append(t.Context(), checkout("a", stateOpen)))
		})
	}
	j := New(t.TempDir())
	if err := os.Mkdir(j.Path(), 0o700); err != nil {
		t.Fatal(err)
	}
	_, err := j.Open(t.Context())
	isUnavailable(t, err)
}

func TestARewriteKeepsWhatIsOpenAndTheNewestOfTheRest(t *testing.T) {
	t.Parallel()
	j := New(t.TempDir())
	var data []byte
	var open, closed []pam.Checkout
	limit := keepBytes
	for i := range 1500 {
		c := checkout("id"+string(rune('a'+i%26))+time.Duration(i).String(), stateCheckedIn)
		if i%10 == 0 {
			c.State = stateOpen
			open = append(open, c)
			limit += len(line(t, c))
		} else {
			closed = append(closed, c)
		}
		data = append(data, line(t, c)...)
	}
	if err := os.WriteFile(j.Path(), data, 0o600); err != nil {
		t.Fatal(err)
	}
	next := checkout("next", stateOpen)
	next.Comment = strings.Repeat("x", compactEvery) // so that the file grows past a multiple for sure
	limit += len(line(t, next))
	before := stat(t, j)
	add(t, j, next)
	if os.SameFile(before, stat(t, j)) {
		t.Error("it was not rewritten, or in place")
	}
	got := all(t, j)
	kept := slices.DeleteFunc(slices.Clone(got), isOpen)
	open = append(open, next)
	if !slices.Equal(slices.DeleteFunc(slices.Clone(got), func(c pam.Checkout) bool { return !isOpen(c) }), open) {
		t.Error("an open one is lost, or they changed their order")
	}
	if n := len(kept); n == 0 || n > keepClosed || !slices.Equal(kept, closed[len(closed)-n:]) {
		t.Errorf("kept %d closed ones, or not the newest", n)
	}
	if info, err := os.Stat(j.Path()); err != nil || info.Mode().Perm() != 0o600 || info.Size() > int64(limit) {
		t.Errorf("%v, %v", info, err)
	}
}

func TestAFileThatCanNotShrinkIsNotRewrittenEachTime(t *testing.T) {
	t.Parallel()
	j := New(t.TempDir())
	var data []byte
	for i := 0; len(data) < compactEvery+compactEvery/2; i++ {
		data = append(data, line(t, checkout(time.Duration(i).String(), stateOpen))...)
	}
	if err := os.WriteFile(j.Path(), data, 0o600); err != nil {
		t.Fatal(err)
	}
	before := stat(t, j)
	add(t, j, checkout("next", stateOpen))
	if after := stat(t, j); !os.SameFile(before, after) || after.Size() <= before.Size() {
		t.Error("it was rewritten, for nothing")
	}
}

func TestTimesAreKeptInUTC(t *testing.T) {
	t.Parallel()
	c := checkout("a", stateOpen)
	c.At = c.At.In(time.FixedZone("", 2*60*60))
	c.Due = c.At.Add(time.Hour)
	got, _ := decode(bytes.TrimSpace(line(t, c)))
	if got.At != c.At.UTC() || got.Due != c.Due.UTC() {
		t.Errorf("got %v and %v", got.At, got.Due)
	}
}

func TestTheFileStaysSmallHoweverManyCheckouts(t *testing.T) {
	t.Parallel()
	j := New(t.TempDir())
	rewrites, before := 0, int64(0)
	for i := range 120 {
		c := checkout(time.Duration(i).String(), stateCheckedIn)
		c.Comment = strings.Repeat("y", 20_000)
		add(t, j, c)
		info, err := os.Stat(j.Path())
		if err != nil || info.Size() > compactEvery+30_000 {
			t.Fatalf("%d bytes, %v", info.Size(), err)
		}
		if info.Size() < before {
			rewrites++
		}
		before = info.Size()
	}
	if rewrites < 5 || rewrites > 40 {
		t.Errorf("rewritten %d times in 120 appends", rewrites)
	}
}

package journal

import (
	"context"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/redim-tools/redim/pkg/pam"
)

// owned is a checkout that this process answers for.
func owned(id string, state pam.CheckoutState) pam.Checkout {
	c := checkout(id, state)
	c.Process = os.Getpid()
	return c
}

// holder leaves one checkout in each state and lives until its input ends.
func holder(dir string) int {
	j := New(dir)
	for _, c := range []pam.Checkout{
		owned("asked", stateIntended), owned("held", stateIntended), owned("held", stateOpen),
		owned("kept", stateIntended), owned("kept", stateOpen), checkout("kept", stateOpen),
		owned("back", stateIntended), owned("back", stateOpen), checkout("back", stateCheckedIn),
		owned("refused", stateIntended), checkout("refused", stateRefused),
	} {
		if err := j.Append(context.Background(), c); err != nil {
			fmt.Fprintln(os.Stderr, err)
			return 1
		}
	}
	fmt.Println("ready now")
	_, _ = io.Copy(io.Discard, os.Stdin)
	return 0
}

func abandoned(t *testing.T, j *Journal) []string {
	t.Helper()
	left, err := j.Abandoned(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	ids := []string{}
	for _, c := range left {
		ids = append(ids, c.ID)
	}
	return ids
}

func wantAbandoned(t *testing.T, j *Journal, want ...string) {
	t.Helper()
	if diff := cmp.Diff(append([]string{}, want...), abandoned(t, j)); diff != "" {
		t.Errorf("abandoned (-want +got):\n%s", diff)
	}
}

func owners(t *testing.T, j *Journal) int {
	t.Helper()
	entries, _ := os.ReadDir(filepath.Join(j.dir, ownersName))
	return len(entries)
}

func TestWhatAKilledProcessOwnedIsAbandonedAndNothingElse(t *testing.T) {
	t.Parallel()
	j := New(t.TempDir())
	cmd := holderOf(t, j)
	wantAbandoned(t, j) // it lives
	if n := owners(t, j); n != 2 {
		t.Errorf("%d files say who answers, want those of what is under way", n)
	}
	if err := cmd.Kill(); err != nil {
		t.Fatal(err)
	}
	_, _ = cmd.Wait()
	wantAbandoned(t, j, "asked", "held")
	wantAbandoned(t, New(j.dir), "asked", "held") // asking changes nothing
	add(t, j, checkout("asked", stateCheckedIn), checkout("held", stateCheckedIn))
	wantAbandoned(t, j)
	if n := owners(t, j); n != 0 {
		t.Errorf("%d files are left", n)
	}
}

// holderOf starts a holder and waits until it has written its records.
func holderOf(t *testing.T, j *Journal) *os.Process {
	t.Helper()
	in, w, err := os.Pipe()
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _, _ = in.Close(), w.Close() })
	cmd, out, stderr := childWith(t, in, j.dir, "hold", 0)
	if !out.Scan() {
		t.Fatalf("the holder says %q", stderr)
	}
	return cmd.Process
}

func TestARecordOfNobodyIsAbandonedOnlyWhileItsOutcomeIsUnknown(t *testing.T) {
	t.Parallel()
	j := New(t.TempDir())
	add(t, j, checkout("asked", stateIntended), checkout("open", stateOpen))
	wantAbandoned(t, j, "asked")
}

func TestAProcessThatGoesOnOwnsWhatItHasUnderWay(t *testing.T) {
	t.Parallel()
	j := New(t.TempDir())
	add(t, j, owned("a", stateIntended), owned("a", stateOpen), owned("b", stateIntended))
	wantAbandoned(t, New(j.dir)) // another reader of the same directory
	wantAbandoned(t, j)
	add(t, j, checkout("a", stateCheckedIn))
	wantAbandoned(t, j)
	if n := owners(t, j); n != 1 {
		t.Errorf("%d files, want that of b", n)
	}
}

func TestARewriteRemovesWhatDeadOwnersLeftAndNothingOfLivingOnes(t *testing.T) {
	t.Parallel()
	j := New(t.TempDir())
	add(t, j, owned("a", stateIntended))
	stray := j.ownerPath("killed before its intent was on disk")
	if err := os.WriteFile(stray, nil, 0o600); err != nil {
		t.Fatal(err)
	}
	if err := j.compact(); err != nil {
		t.Fatal(err)
	}
	if n := owners(t, j); n != 1 {
		t.Errorf("%d files are left, want that of a", n)
	}
	wantAbandoned(t, New(j.dir))
}

func TestARecoveryRemovesWhatDeadOwnersLeftOfWhatWasNeverRecorded(t *testing.T) {
	t.Parallel()
	j := New(t.TempDir())
	add(t, j, owned("a", stateIntended))
	if err := os.WriteFile(j.ownerPath("killed before its intent was on disk"), nil, 0o600); err != nil {
		t.Fatal(err)
	}
	release, err := New(j.dir).Recover(t.Context(), func() {})
	if err != nil {
		t.Fatal(err)
	}
	release()
	if n := owners(t, j); n != 1 {
		t.Errorf("%d files are left, want that of a", n)
	}
}

func TestNoOwnerNoIntent(t *testing.T) {
	t.Parallel()
	j := New(t.TempDir())
	if err := os.WriteFile(filepath.Join(j.dir, ownersName), nil, 0o600); err != nil { // stands in the way
		t.Fatal(err)
	}
	isUnavailable(t, j.Append(t.Context(), owned("a", stateIntended)))
	if got := all(t, j); len(got) != 0 {
		t.Errorf("listed %v", got)
	}
}

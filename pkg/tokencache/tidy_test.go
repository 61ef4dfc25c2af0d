package tokencache

import (
	"os"
	"path/filepath"
	"testing"
	"time"

	"github.com/redim-tools/redim/pkg/pam"
)

func TestWhatNobodyUsedForAWeekIsTidiedAwayOnceADay(t *testing.T) {
	t.Parallel()
	b := newBench(t)
	b.wantLogin(b.store(), alice(), "first")
	b.wantLogin(b.store(), bob(), "second")
	old := time.Now().Add(-8 * 24 * time.Hour)
	lock := filepath.Join(b.dir, "locks", filepath.Base(b.file(alice())))
	must(t, os.Chtimes(b.file(alice()), old, old), os.Chtimes(lock, old, old))
	b.wantLogin(b.store(), delegation(), "third")
	if len(b.files()) != 3 {
		t.Fatalf("tidied within the day: %v", b.files())
	}
	must(t, os.Chtimes(filepath.Join(b.dir, "tidied"), old, old))
	b.wantLogin(b.store(), pam.Identity{Name: "fourth"}, "fourth")
	if _, err := os.Stat(b.file(alice())); err == nil || len(b.files()) != 3 {
		t.Fatalf("left %v", b.files())
	}
	if _, err := os.Stat(lock); err == nil {
		t.Fatal("the lock file is left")
	}
	b.wantCached(b.store(), bob(), "second")
}

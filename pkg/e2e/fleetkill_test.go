package e2e

import (
	"math/rand/v2"
	"path/filepath"
	"testing"
	"time"
)

// TestAKilledServerLosesNothingThatItAnswered kills a server over a SQLite file
// at a random instant of each round, under load. What a caller was told is on
// record, and a question that was cut off is answered by the next server with
// the lease that it came to. Short unless REDIM_KILL_ROUNDS says otherwise; 100
// is the full length.
func TestAKilledServerLosesNothingThatItAnswered(t *testing.T) {
	f, credential := newFleet(t, "sqlite:"+filepath.Join(t.TempDir(), "vault.db"), 1)
	stop := f.load(credential)
	rounds := killRounds(t)
	for range rounds {
		time.Sleep(100*time.Millisecond + rand.N(300*time.Millisecond))
		f.replace(0)
	}
	time.Sleep(200 * time.Millisecond)
	stop()
	f.settle()
	if f.answered < rounds {
		t.Errorf("%d check-outs in %d rounds: there was no load", f.answered, rounds)
	}
}

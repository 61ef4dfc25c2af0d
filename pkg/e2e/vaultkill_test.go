package e2e

import (
	"fmt"
	"math/rand/v2"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/redim-tools/redim/pkg/store/storetest"
)

// TestKilledCheckoutsNeverReleaseWithoutAnEvent kills check-outs and check-ins at
// random instants. After each round: a secret that got out has its event, nobody
// shares a credential, the record verifies, and the next command works. Short
// unless REDIM_KILL_ROUNDS says otherwise; 300 is the full length.
func TestKilledCheckoutsNeverReleaseWithoutAnEvent(t *testing.T) {
	for name, address := range storeKinds() {
		t.Run(name, func(t *testing.T) {
			h := newVaultHome(t, address(t), "web01/root", "web02/root")
			began := time.Now()
			h.must("admin", "checkouts")
			k := &killer{vaultHome: h, within: 2 * time.Since(began)}
			for round := range killRounds(t) {
				k.round(round)
				k.check(round)
			}
			t.Logf("%d of %d processes were killed; %d secrets were released", k.killed, k.started, k.released)
		})
	}
}

type killer struct {
	vaultHome
	within time.Duration // a process is killed at an instant up to this

	mu                        sync.Mutex
	started, killed, released int
	got                       []string // comments of the check-outs of this round that wrote a secret
}

// round starts three check-outs of two credentials, and a check-in of what the
// round before left; most of them are killed.
func (k *killer) round(round int) {
	k.got = nil
	var all sync.WaitGroup
	for n := range 3 {
		comment := fmt.Sprintf("%d-%d", round, n)
		all.Go(func() {
			out := k.maybeKilled(fmt.Sprintf("p%d", n), "checkout", fmt.Sprintf("web0%d/root", 1+n%2), "--field", "password", "--comment", comment)
			if strings.Contains(out, "c4nary") {
				k.mu.Lock()
				defer k.mu.Unlock()
				k.released++
				k.got = append(k.got, comment)
			}
		})
	}
	all.Go(func() { k.maybeKilled("admin", "checkin", "--all", "--everybody") })
	all.Wait()
}

// maybeKilled runs a command and kills it at a random instant, three times of
// four, and returns what it wrote.
func (k *killer) maybeKilled(who string, args ...string) string {
	cmd := k.command(who, args...)
	var timer *time.Timer
	out, code, talk := k.finish(cmd, func() {
		if rand.IntN(4) > 0 {
			timer = time.AfterFunc(rand.N(k.within), func() { _ = cmd.Process.Kill() })
		}
	})
	if timer != nil {
		timer.Stop()
	}
	k.mu.Lock()
	defer k.mu.Unlock()
	k.started++
	switch code {
	case -1:
		k.killed++
	case 0, 103, 106, 107: // given back by another meanwhile, or held
	default:
		k.Errorf("%s %s: code %d: %s", who, strings.Join(args, " "), code, talk)
	}
	return out
}

// check looks at what a round left, and gives everything back.
func (k *killer) check(round int) {
	k.Helper()
	storetest.Settle(k.T, k.env["REDIM_STORE"])
	v := k.open()
	defer func() { _ = v.Close() }()
	k.sound(v)
	events := k.releases(v)
	for _, comment := range k.got {
		if len(events[comment]) != 1 {
			k.Fatalf("round %d: check-out %s wrote its secret, and has %d events", round, comment, len(events[comment]))
		}
	}
	holders := map[string]string{}
	for _, l := range k.held(v) {
		if other, twice := holders[l.Credential]; twice {
			k.Fatalf("round %d: %s is held as %s and as %s", round, l.Credential, other, l.ID)
		}
		holders[l.Credential] = l.ID
		if list := events[l.Comment]; len(list) != 1 || list[0].Lease != l.ID {
			k.Fatalf("round %d: lease %s has no event of its own", round, l.ID)
		}
	}
	if rand.IntN(2) == 0 {
		return // the next round has to cope with what is held
	}
	k.must("admin", "checkin", "--all", "--everybody")
	if left := k.held(v); len(left) > 0 {
		k.Fatalf("round %d: %d leases are open after all were given back", round, len(left))
	}
}

package store_test

import (
	"bufio"
	"bytes"
	"context"
	"fmt"
	"math/rand/v2"
	"os"
	"os/exec"
	"path/filepath"
	"strconv"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/redim-tools/redim/pkg/audit"
	"github.com/redim-tools/redim/pkg/store"
	"github.com/redim-tools/redim/pkg/vault"
)

func TestEightProcessesLoseNothingAndHoldOneAtATime(t *testing.T) {
	t.Parallel()
	const each = 15
	for _, b := range backends(t) {
		address, journal := b.make(t), filepath.Join(t.TempDir(), "held")
		s := open(t, address)
		update(t, s, func(ctx context.Context, tx vault.Tx) error {
			i := anIntegration(1, "a")
			i.Comment = "0"
			return tx.AddIntegration(ctx, i)
		})
		var wg sync.WaitGroup
		for n := range 8 {
			wg.Go(func() {
				what := fmt.Sprintf("edit %d", each)
				if n%2 == 1 {
					what = fmt.Sprintf("hold %d %s", each, journal)
				}
				if err := worker(t.Context(), what, address).Run(); err != nil {
					t.Errorf("%s, %s: %v", b.name, what, err)
				}
			})
		}
		wg.Wait()
		view(t, s, func(ctx context.Context, r vault.Reader) error {
			i, err := r.Integration(ctx, id(1))
			if i.Comment != strconv.Itoa(4*each) || i.Version != 4*each+1 {
				t.Errorf("%s: %s edits are kept in version %d", b.name, i.Comment, i.Version)
			}
			return err
		})
		verify(t, s, 4*each+4*each*3)
		oneAtATime(t, journal, 4*each)
	}
}

func oneAtATime(t *testing.T, journal string, want int) {
	t.Helper()
	text, err := os.ReadFile(journal)
	if err != nil {
		t.Fatal(err)
	}
	lines := strings.Fields(string(text))
	if len(lines) != 2*want {
		t.Errorf("%d lines", len(lines))
	}
	for i := 0; i+1 < len(lines); i += 2 {
		if lines[i][0] != '+' || lines[i+1] != "-"+lines[i][1:] {
			t.Fatalf("two hold it: %s %s", lines[i], lines[i+1])
		}
	}
}

// rounds is how many processes are killed: few by default.
func rounds() int {
	if n, err := strconv.Atoi(os.Getenv("REDIM_KILL_ROUNDS")); err == nil && n > 0 {
		return n
	}
	return 8
}

func TestAKilledProcessLeavesNoSecretWithoutItsEvents(t *testing.T) {
	t.Parallel()
	for _, b := range backends(t) {
		address := b.make(t)
		s := open(t, address)
		told := map[string]bool{}
		for range rounds() {
			for _, lease := range killed(t, address) {
				told[lease] = true
			}
		}
		if len(told) == 0 {
			t.Errorf("%s: no round came to a check-out", b.name)
		}
		report, err := verified(s)
		if err != nil {
			t.Errorf("%s after %d records: %v", b.name, report.Records, err)
		}
		eachHasItsEvents(t, s, told)
	}
}

// killed runs a worker, kills it at some instant, and returns what it told.
func killed(t *testing.T, address string) []string {
	t.Helper()
	cmd := worker(t.Context(), "forever", address)
	out, err := cmd.StdoutPipe()
	if err != nil {
		t.Fatal(err)
	}
	if err := cmd.Start(); err != nil {
		t.Fatal(err)
	}
	lines := bufio.NewReader(out)
	first, _ := lines.ReadString('\n')
	timer := time.AfterFunc(rand.N(20*time.Millisecond), func() { _ = cmd.Process.Kill() })
	defer timer.Stop()
	var rest bytes.Buffer
	_, _ = rest.ReadFrom(lines)
	_ = cmd.Wait()
	text := first + rest.String()
	if i := strings.LastIndexByte(text, '\n'); i >= 0 {
		text = text[:i]
	}
	return strings.Fields(text)
}

// eachHasItsEvents: what was told has its events, and what is held has one holder.
func eachHasItsEvents(t *testing.T, s *store.Store, told map[string]bool) {
	t.Helper()
	outcome := map[string]bool{}
	view(t, s, func(ctx context.Context, r vault.Reader) error {
		for record, err := range r.Records(ctx) {
			if err != nil {
				return err
			}
			if record.Event.Kind == audit.CheckoutOutcome {
				outcome[record.Event.Lease] = true
			}
		}
		open, err := r.Leases(ctx, vault.LeaseCriteria{State: vault.LeaseOpen, Paging: vault.Paging{Limit: 10}})
		if len(open.Items) > 1 {
			t.Errorf("%s: %d hold it", s, len(open.Items))
		}
		return err
	})
	for lease := range told {
		if !outcome[lease] {
			t.Errorf("%s: %s was told and has no event", s, lease)
		}
	}
}

func TestALoneCheckOutCostsOneSync(t *testing.T) {
	t.Parallel()
	address := sqliteBackend().make(t)
	_ = open(t, address).Close()
	few, many := syncs(t, address, "alone 10"), syncs(t, address, "alone 60")
	if many-few != 50 {
		t.Errorf("50 more check-outs cost %d syncs", many-few)
	}
}

// The check-outs of many callers share their syncs. How many share one depends
// on the machine, but ten always do where 64 wait.
func TestCheckOutsOfACrowdShareTheirSyncs(t *testing.T) {
	t.Parallel()
	address := sqliteBackend().make(t)
	_ = open(t, address).Close()
	few, many := syncs(t, address, "crowd 1"), syncs(t, address, "crowd 41")
	each := float64(many-few) / (40 * 64)
	t.Logf("%.3f syncs for each check-out", each)
	if each >= 0.1 {
		t.Errorf("2560 check-outs by 64 callers cost %d syncs", many-few)
	}
}

// syncs counts the syncs of a process that does what a worker does.
func syncs(t *testing.T, address, what string) int {
	t.Helper()
	strace, err := exec.LookPath("strace")
	if err != nil {
		t.Skip("needs strace, to count syncs")
	}
	log := filepath.Join(t.TempDir(), "trace")
	cmd := worker(t.Context(), what, address)
	cmd.Args, cmd.Path = append([]string{strace, "-f", "-e", "trace=fsync,fdatasync,sync_file_range", "-o", log}, cmd.Args...), strace
	if out, err := cmd.Output(); err != nil {
		t.Fatalf("strace: %v %s", err, out)
	}
	text, err := os.ReadFile(log)
	if err != nil {
		t.Fatal(err)
	}
	return strings.Count(string(text), "sync(")
}

//go:build unix

package e2e

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"math/rand/v2"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"sync"
	"syscall"
	"testing"
	"time"

	"github.com/redim-tools/redim/pkg/e2e/canary"
	"github.com/redim-tools/redim/pkg/journal"
	"github.com/redim-tools/redim/pkg/pam"
)

// crowded is an estate in which several people want the same few credentials.
// Check-outs outlive the test, so that whatever ends was given back.
const crowded = `
service: {errors: %s, checkout_lifetime: 8000h, token_lifetime: 30m, job_delay: 1s, job_duration: 2m}
domains:
  - {name: example.local, netbios: EX}
roles:
  - {name: users, permissions: [Logon, IgnorePasswordCheckout]}
identities:
  - {name: svc-redim, permissions: [Logon, AllAccess], impersonates: [users]}
  - {name: 'EX\user{n}', repeat: 4, roles: [users]}
systems:
  - name: web01
    fqdn: web01.example.local
    address: 192.0.2.10
    type: windows
    accounts: [{name: spun, random: true, auto_spin: true}, {name: plain}]
  - name: db01
    type: mssql
    instance: PROD
    accounts: [{name: sa, random: true, auto_spin: true}]
  - {name: web02, type: linux, accounts: [{name: root, random: true, auto_spin: true}, {name: deploy}]}
domain_accounts:
  - {domain: example.local, accounts: [{name: svc}]}
shared_lists:
  - {name: Gear, entries: [{system: web01, account: ilo}]}
grants:
  - {to: users, systems: ['*'], domains: [example.local], lists: [Gear], permissions: [ViewAccounts, ViewPasswords]}
jobs:
  - {id: 101, type: windows}
  - {id: 102, type: linux}
  - {id: 103, type: mssql}
settings:
  api_user: svc-redim
  template_jobs: {windows: 101, linux: 102, mssql: 103}
`

// soakTime is short unless REDIM_SOAK says otherwise, as in REDIM_SOAK=10m.
func soakTime(t *testing.T) time.Duration {
	t.Helper()
	text := os.Getenv("REDIM_SOAK")
	if text == "" {
		return 3 * time.Second
	}
	d, err := time.ParseDuration(text)
	if err != nil {
		t.Fatal(err)
	}
	return d
}

// TestSoak runs random commands from eight places at once, as processes that share
// one user's directories, some of which are interrupted or killed, against a
// server with random faults. No secret is where it should not be, no lock is
// stuck, nothing crashes; and in the end the server and the journal agree.
func TestSoak(t *testing.T) {
	long := soakTime(t)
	profile := []string{"A", "B", "C"}[rand.IntN(3)]
	s := &soak{home: newHomeOf(t, fmt.Sprintf(crowded, profile)), t: t, codes: map[string]int{}}
	ctx, cancel := context.WithTimeout(t.Context(), long)
	defer cancel()
	var all sync.WaitGroup
	for range 8 {
		all.Go(func() {
			for ctx.Err() == nil && !t.Failed() {
				s.one()
			}
		})
	}
	all.Go(func() { s.disturb(ctx) })
	all.Wait()
	s.settle()
	t.Logf("%s, error profile %s: %d commands, %d of them killed or interrupted; exit codes %v; the service has %+v",
		long, profile, s.count, s.hurt, s.codes, s.server.Stats().Checkouts)
}

type soak struct {
	home
	t *testing.T

	mu          sync.Mutex
	count, hurt int
	codes       map[string]int
	faults      []string
}

// disturb sets other faults now and then, ends all tokens, and lets time pass.
func (s *soak) disturb(ctx context.Context) {
	kinds := []string{
		"delay=30ms", "drop*2", "drop-reply*2", "truncate*2", "status=503*3", "status=500*2", "status=429*2,retry-after=0", "html*2", "oversized=64KB*1",
		"401-after=5", "revoke-after=3", "fail-job*2", "CheckOut:drop-reply*2", "CheckIn:drop-reply*2", "CheckIn:status=403*2",
		"CreatePasswordChangeJob:drop-reply*1", "GetJobStatus:status=403*2", "hang*1", "skew=+5m", "redirect*1",
	}
	for ctx.Err() == nil {
		var faults []string
		for range rand.IntN(4) {
			faults = append(faults, kinds[rand.IntN(len(kinds))])
		}
		if err := s.server.SetFaults(faults...); err != nil {
			s.t.Error(err)
		}
		s.mu.Lock()
		s.faults = faults
		s.mu.Unlock()
		switch rand.IntN(12) {
		case 0:
			s.server.RevokeTokens()
		case 1:
			s.server.Advance(10 * time.Minute)
		}
		pause(ctx, time.Duration(50+rand.IntN(400))*time.Millisecond)
	}
}

func pause(ctx context.Context, d time.Duration) {
	timer := time.NewTimer(d)
	defer timer.Stop()
	select {
	case <-timer.C:
	case <-ctx.Done():
	}
}

// deed is one command. Codes are those that it may end with beside those of any
// failure of the service.
type deed struct {
	args    []string
	reveals bool // its output may hold a secret
	codes   []int
}

// of makes the commands that a user may have in mind.
func (s *soak) deeds() []deed {
	user := fmt.Sprintf(`EX\user%d`, 1+rand.IntN(4))
	place := [][2]string{{"web01", "spun"}, {"web01", "plain"}, {"web01", "svc"}, {"web01", "ilo"}, {"db01", "sa"}, {"web02", "root"}, {"web02", "deploy"}}[rand.IntN(7)]
	who := []string{"--user", user, "--endpoint", place[0]}
	what := slices.Concat(who, []string{"--account", place[1]})
	id := s.someID()
	return []deed{
		{args: slices.Concat([]string{"test-settings"}, who)},
		{args: slices.Concat([]string{"test-settings", "--explain", "-o", "json", "--ip", "192.0.2.10"}, who)},
		{args: slices.Concat([]string{"checkout", "--field", "password"}, what), reveals: true},
		{args: slices.Concat([]string{"checkout", "--reveal", "-o", "json", "--ticket", "CHG-1"}, what), reveals: true},
		{args: slices.Concat([]string{"checkout", "--field", "id", "--comment", "soak", "--for", "1h"}, what)},
		{args: slices.Concat([]string{"checkout", "--dry-run"}, what)},
		{args: slices.Concat([]string{"checkout", "--ignore-checkout", "--accept-risk=ignore-checkout", "--field", "password"}, what), reveals: true},
		{args: slices.Concat([]string{"exec", "--env", "P=password"}, what, []string{"--", "sh", "-c", `echo "$P"; echo "$P" >&2; sleep 0.02`})},
		{args: slices.Concat([]string{"exec", "--file", "F=password"}, what, []string{"--", "sh", "-c", `cat "$F"; exit 7`}), codes: []int{7}},
		{args: []string{"checkin", id}},
		{args: []string{"checkin", id}},
		{args: []string{"checkin", "--all"}},
		{args: []string{"recover"}},
		{args: []string{"recover", "--dry-run", "-o", "json"}},
		{args: []string{"checkouts"}},
		{args: []string{"checkouts", "--all", "-o", "json"}},
		{args: []string{"checkouts", "show", id}},
		{args: []string{"spin", "--checkout", id}, codes: []int{2}}, // the rules may ask for none
		{args: []string{"jobs", "list", "--status"}},
		{args: []string{"jobs", "watch", fmt.Sprint(1001 + rand.IntN(50)), "--timeout", "1s"}, codes: []int{1}}, // the job failed
		{args: []string{"cache", "status"}},
		{args: []string{"cache", "list", "-o", "json"}},
		{args: []string{"cache", "clear", "--expired"}},
		{args: []string{"config", "show", "--origin"}},
	}
}

// someID is the id of a checkout of the journal, or none that there is.
func (s *soak) someID() string {
	all, err := s.journal().All(s.t.Context())
	if err != nil {
		s.t.Errorf("the journal: %v", err)
	}
	if len(all) == 0 {
		return "zzzzzzzz"
	}
	return all[rand.IntN(len(all))].ID
}

func (s *soak) journal() *journal.Journal {
	j := journal.New(filepath.Join(s.dir, "state"))
	j.Warn = func(m string) { s.t.Errorf("the journal warns: %s", m) }
	return j
}

// one runs a command, which may be interrupted or killed, and looks at what it
// says and at how it ends.
func (s *soak) one() {
	all := s.deeds()
	d := all[rand.IntN(len(all))]
	args := append([]string{"--set", "timeout=1s"}, d.args...)
	if rand.IntN(8) == 0 {
		args = append([]string{"--trace"}, args...)
	}
	ctx, cancel := context.WithTimeout(s.t.Context(), 2*time.Minute)
	defer cancel()
	cmd := s.redim(args...)
	var out, talk bytes.Buffer
	cmd.Stdout, cmd.Stderr = &out, &talk
	if err := cmd.Start(); err != nil {
		s.t.Error(err)
		return
	}
	hurt := s.hurtMaybe(cmd)
	stuck := context.AfterFunc(ctx, func() { _ = cmd.Process.Signal(syscall.SIGQUIT) })
	err := cmd.Wait()
	hurt.stop()
	stuck()
	if ctx.Err() != nil && s.t.Context().Err() == nil {
		s.t.Errorf("%s is stuck\n%s", strings.Join(args, " "), &talk)
		return
	}
	s.judge(d, args, err, hurt.signal, &out, &talk)
}

// harm is a signal that a command may get.
type harm struct {
	signal syscall.Signal
	timer  *time.Timer
}

func (h harm) stop() {
	if h.timer != nil {
		h.timer.Stop()
	}
}

func (s *soak) hurtMaybe(cmd *exec.Cmd) harm {
	signals := []syscall.Signal{syscall.SIGKILL, syscall.SIGKILL, syscall.SIGTERM, syscall.SIGINT}
	n := rand.IntN(20)
	if n >= len(signals) {
		return harm{}
	}
	return harm{signals[n], time.AfterFunc(rand.N(400*time.Millisecond), func() { _ = cmd.Process.Signal(signals[n]) })}
}

// usual are the codes of what a command may meet here: see docs/exit-codes.md.
func usual() []int { return []int{0, 103, 104, 105, 106, 107, 108, 109, 112, 113, 114, 117, 130} }

func (s *soak) judge(d deed, args []string, err error, signal syscall.Signal, out, talk *bytes.Buffer) {
	line := strings.Join(args, " ")
	code := 0
	if exit, ok := errors.AsType[*exec.ExitError](err); ok {
		code = exit.ExitCode()
	} else if err != nil {
		s.t.Errorf("%s: %v", line, err)
	}
	s.mu.Lock()
	s.count++
	s.codes[fmt.Sprint(code)]++
	faults := s.faults
	if signal != 0 {
		s.hurt++
	}
	s.mu.Unlock()
	signalled := signal != 0 && (code == -1 || code == 128+int(signal))
	if !signalled && !slices.Contains(append(usual(), d.codes...), code) {
		s.t.Errorf("%s: code %d, faults %q\n%s", line, code, faults, talk)
	}
	if crash := regexp.MustCompile(`(?m)^(panic|fatal error|goroutine \d+ \[|SIGQUIT|WARNING: DATA RACE)`).FindString(talk.String()); crash != "" {
		s.t.Errorf("%s: %s\n%s", line, crash, talk)
	}
	for what, text := range map[string]*bytes.Buffer{"output": out, "talk": talk} {
		if found := canary.Find(text.Bytes()); found != "" && (what == "talk" || !d.reveals) {
			s.t.Errorf("%s: a secret is in its %s, encoding: %s", line, what, found)
		}
	}
}

// settle ends the faults and wants everything to work again at once, and the
// server and the journal to agree.
func (s *soak) settle() {
	if err := s.server.SetFaults(); err != nil {
		s.t.Fatal(err)
	}
	s.worksUnless("is checked out by", "recover") // a spin that is left waits for another user who keeps the credential
	held := map[string]bool{}
	open, err := s.journal().Open(s.t.Context())
	if err != nil {
		s.t.Fatal(err)
	}
	for _, c := range open {
		if c.State == pam.CheckoutOpen && c.Process == 0 {
			held[c.Identity.String()+" "+c.Credential.Ref()] = true
		}
	}
	for _, c := range open { // what somebody keeps is left to them, however often it was asked for
		if !held[c.Identity.String()+" "+c.Credential.Ref()] {
			s.t.Errorf("after the last recovery this is left: %+v", c)
		}
	}
	if n := s.server.Stats().Checkouts.Open; n > int64(len(held)) {
		s.t.Errorf("the service holds %d credentials as checked out, the journal knows %d: %v", n, len(held), held)
	}
	s.works("checkin", "--all")
	s.works("recover")
	if got := s.server.Stats().Checkouts; got.Open != 0 || got.Made != got.CheckedIn {
		s.t.Errorf("in the end the service has %+v\n%s", got, s.history())
	}
	if open, err := s.journal().Open(s.t.Context()); err != nil || len(open) > 0 {
		s.t.Errorf("in the end the journal has %d open, %v", len(open), err)
	}
	s.wantCleanFiles()
}

// history is what the service and the journal have, for whoever asks how a
// check-out came to be left.
func (s *soak) history() string {
	var b strings.Builder
	for _, e := range s.server.Events() {
		if e.Number/10 == 200 { // check-outs and check-ins, not jobs
			fmt.Fprintln(&b, e.Posted, e.Number, e.Login, e.Message)
		}
	}
	lines, err := os.ReadFile(s.journal().Path())
	if err != nil {
		s.t.Error(err)
	}
	b.Write(lines)
	return b.String()
}

// works runs a command that must succeed. A sign-in that was refused by a fault
// just before is not tried again for some seconds, which is as it should be.
func (s *soak) works(args ...string) { s.worksUnless("", args...) }

// worksUnless also takes a failure that says excuse.
func (s *soak) worksUnless(excuse string, args ...string) {
	ctx, cancel := context.WithTimeout(s.t.Context(), time.Minute)
	defer cancel()
	for {
		made := s.redim(args...)
		cmd := exec.CommandContext(ctx, made.Path, args...)
		cmd.Env = made.Env
		out, err := cmd.CombinedOutput()
		if err == nil || excuse != "" && bytes.Contains(out, []byte(excuse)) {
			return
		}
		if ctx.Err() != nil || !bytes.Contains(out, []byte("was told so just now")) {
			s.t.Errorf("in the end %s: %v\n%s", strings.Join(args, " "), err, out)
			return
		}
		pause(ctx, 200*time.Millisecond)
	}
}

// wantCleanFiles wants no secret in any file, and nothing left of commands that
// are gone.
func (s *soak) wantCleanFiles() {
	leaks, err := canary.Tree(s.dir, func(path string, _ []byte) bool { return path == "password" })
	if err != nil || len(leaks) > 0 {
		s.t.Errorf("secrets are left: %v, %v", leaks, err)
	}
	owners, _ := os.ReadDir(filepath.Join(s.dir, "state", "owners"))
	if len(owners) > 0 {
		s.t.Errorf("%d files say who answers for what, and nobody is there", len(owners))
	}
}

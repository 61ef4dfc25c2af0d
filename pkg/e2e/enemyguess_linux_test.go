package e2e

import (
	"encoding/json"
	"fmt"
	"net/http"
	"regexp"
	"slices"
	"strings"
	"sync"
	"sync/atomic"
	"testing"

	"github.com/redim-tools/redim/pkg/audit"
	"github.com/redim-tools/redim/pkg/vault"
)

// TestTenThousandWrongPasswordsOpenNothingAndLockNobodyOut guesses at one name from
// one address and then at as many names as there are guesses.
func TestTenThousandWrongPasswordsOpenNothingAndLockNobodyOut(t *testing.T) {
	t.Parallel()
	s := besiege(t)
	friend := s.friend()
	before := s.metric("process_resident_memory_bytes")
	enemy := s.from(enemyHome)
	heard := enemy.guess(5000, func(int) string { return "nightly" })
	if heard["forbidden"] < 5 || heard["forbidden"] > 100 || heard["too_many_attempts"] != 5000-heard["forbidden"] {
		t.Errorf("at one name: %v", heard)
	}
	heard = enemy.guess(5000, func(n int) string { return fmt.Sprint("name", n) })
	if heard["forbidden"] > 300 || heard["too_many_attempts"] != 5000-heard["forbidden"] {
		t.Errorf("at many names: %v", heard)
	}
	slowed := enemy.logIn("nightly", s.credential)
	enemy.isRefused("the right one, after all that", slowed, http.StatusTooManyRequests, "too_many_attempts")
	if slowed.header.Get("Retry-After") == "" {
		t.Error("when to try again is not said")
	}
	s.friend() // from elsewhere it is let in
	friend.isServed()
	s.isSmall(before, 128) // two slow hashes take 38 at a time, and what they leave is not collected at once
	if n := s.released(); n != 1 {
		t.Errorf("%d secrets were released, 1 to the application", n)
	}
	s.refusalsAreFew(10000)
}

// guess tries wrong credentials, eight at once, and counts what it hears.
func (p *person) guess(tries int, name func(n int) string) map[string]int {
	p.Helper()
	var next atomic.Int64
	var mu sync.Mutex
	var all sync.WaitGroup
	heard := map[string]int{}
	for range 8 {
		all.Go(func() {
			for n := int(next.Add(1)); n <= tries; n = int(next.Add(1)) {
				r := p.logIn(name(n), fmt.Sprint("c4nary-", n))
				mu.Lock()
				heard[r.code()]++
				mu.Unlock()
			}
		})
	}
	all.Wait()
	return heard
}

func (p *person) logIn(name, credential string) reply {
	p.Helper()
	stranger := &person{siege: p.siege, client: p.client}
	return stranger.post("/v1/login", map[string]string{"name": name, "credential": credential})
}

// refusalsAreFew wants that the guesses are on record, and don't fill it.
func (s *siege) refusalsAreFew(guesses int) {
	s.Helper()
	v := s.open()
	defer func() { _ = v.Close() }()
	page, err := v.Events(s.Context(), vault.EventCriteria{Kinds: []audit.Kind{audit.IntegrationLoginRefused}, Paging: vault.Paging{Limit: vault.MaxPage}}, "")
	soundly(s.T, err)
	if n := len(page.Items); n == 0 || n > 100 || page.Next != "" {
		s.Errorf("%d guesses made %d events", guesses, n)
	}
}

// TestRefusalsOfWhatThereIsAndIsNotAreTheSameBytes compares whole answers.
func TestRefusalsOfWhatThereIsAndIsNotAreTheSameBytes(t *testing.T) {
	t.Parallel()
	s := besiege(t)
	s.must("admin", "integrations", "new", "asleep", "--auth", "application", "--generate", "--reveal", "--active", "no", "--allow-ip", "127.0.0.1", "--grant", "web01/*")
	s.must("admin", "integrations", "new", "elsewhere", "--auth", "application", "--generate", "--reveal", "--allow-ip", "192.0.2.1", "--grant", "web01/*")
	s.must("admin", "integrations", "new", "windows", "--auth", "windows", "--account", `EX\svc`, "--allow-ip", "127.0.0.1", "--grant", "web01/*")
	enemy := s.from(enemyHome)
	logIns := map[string]reply{}
	for _, name := range []string{"nightly", "asleep", "elsewhere", "windows", "nobody", "NIGHTLY", "a\u202eb", "", strings.Repeat("x", 5000)} {
		logIns[name] = enemy.logIn(name, "c4nary-wrong")
	}
	s.areTheSame(logIns, http.StatusForbidden, "forbidden")
	s.must("admin", "integrations", "edit", "nightly", "--remove-grant", "*/*", "--add-grant", "web02/*")
	friend := s.friend()
	asks := map[string]reply{}
	for _, system := range []string{"web01", "web09", "nowhere"} {
		asks[system] = friend.post("/v1/checkouts", map[string]string{"system": system, "account": "root"})
	}
	s.areTheSame(asks, http.StatusForbidden, "forbidden")
	ids := map[string]reply{}
	for _, id := range []string{"x", "gzse4rw4xtuls", strings.Repeat("a", 200)} {
		ids[id] = friend.call(http.MethodGet, "/v1/checkouts/"+id, nil)
	}
	s.areTheSame(ids, http.StatusNotFound, "not_found")
	if n := s.released(); n != 0 {
		t.Errorf("%d secrets were released", n)
	}
}

// areTheSame compares answers but for the id of the call and the time of day.
func (s *siege) areTheSame(all map[string]reply, status int, code string) {
	s.Helper()
	said := map[string][]string{}
	for what, r := range all {
		if r.status != status || r.code() != code {
			s.Errorf("%.40q: %d %s", what, r.status, r.body)
		}
		header := r.header.Clone()
		header.Del("Date")
		header.Del("X-Request-Id")
		text := fmt.Sprint(header, regexp.MustCompile(`"request_id":"[0-9a-f]{20}"`).ReplaceAllString(string(r.body), ""))
		said[text] = append(said[text], what)
	}
	if len(said) != 1 {
		s.Errorf("they can be told apart: %v", said)
	}
}

// TestATokenIsWorthNothingElsewhereNorAfterItsIntegration takes a good token to
// another address of the same integration, and then the integration away.
func TestATokenIsWorthNothingElsewhereNorAfterItsIntegration(t *testing.T) {
	t.Parallel()
	s := besiege(t)
	friend := s.friend()
	thief := &person{siege: s, client: s.from(enemyHome).client, token: friend.token}
	calls := []string{"GET /v1/credentials", "GET /v1/checkouts", "POST /v1/checkouts", "GET /v1/requests", "POST /v1/checkouts/x/checkin", "POST /v1/checkouts/x/extend"}
	useless := func(p *person, why string) {
		t.Helper()
		for _, call := range calls {
			method, path, _ := strings.Cut(call, " ")
			p.isRefused(why+": "+call, p.call(method, path, strings.NewReader(rootAsk), "Content-Type", "application/json"), http.StatusUnauthorized, "unauthenticated")
		}
		p.isRefused(why+": log-out", p.call(http.MethodPost, "/v1/logout", nil), http.StatusUnauthorized, "unauthenticated")
	}
	useless(thief, "from elsewhere")
	s.sawInLog(`"cause":"token_of_another_address"`)
	p := s.friend()
	s.must("admin", "integrations", "deactivate", "nightly")
	useless(p, "deactivated")
	p.isRefused("a log-in meanwhile", p.logIn("nightly", s.credential), http.StatusForbidden, "forbidden")
	s.must("admin", "integrations", "activate", "nightly")
	useless(p, "activated again")
	useless(friend, "activated again")
	s.untouched()
}

// TestRulesHoldOnTheWire breaks each rule of a check-out once.
func TestRulesHoldOnTheWire(t *testing.T) {
	t.Parallel()
	s := besiege(t)
	p := s.friend()
	for _, hours := range []float64{1.01, 2, 24, 8760} {
		p.isRefused(fmt.Sprint(hours, " hours"), p.post("/v1/checkouts", theRoot("hours", hours)), http.StatusForbidden, "forbidden")
	}
	for _, hours := range []float64{0, -1, 1e-9, 8761, 1e300} {
		p.isRefused(fmt.Sprint(hours, " hours"), p.post("/v1/checkouts", theRoot("hours", hours)), http.StatusBadRequest, "invalid_request")
	}
	if n := s.released(); n != 0 {
		t.Fatalf("%d secrets were released", n)
	}
	first := p.post("/v1/checkouts", theRoot("hours", 0.5), "Idempotency-Key", "k")
	if first.status != http.StatusCreated {
		t.Fatalf("%d %s", first.status, first.code())
	}
	others := map[string]any{"another system": map[string]string{"system": "web02", "account": "root"}, "longer": theRoot("hours", 1), "a reason": theRoot("hours", 0.5, "reason", "x"), "a ticket": theRoot("hours", 0.5, "ticket", "x")}
	for what, body := range others {
		p.isRefused("the key again, for "+what, p.post("/v1/checkouts", body, "Idempotency-Key", "k"), http.StatusUnprocessableEntity, "idempotency_mismatch")
	}
	p.isRefused("extended too far", p.post("/v1/checkouts/"+first.text("id")+"/extend", map[string]any{"hours": 1.5}), http.StatusForbidden, "forbidden")
	if n := s.released(); n != 1 {
		t.Errorf("%d secrets were released", n)
	}
}

// TestApprovalsAtOnceReleaseOnce lets two people decide at the same moment, and
// many calls wait for what they decide. The application itself decides nothing.
func TestApprovalsAtOnceReleaseOnce(t *testing.T) {
	t.Parallel()
	for needed := 1; needed <= 2; needed++ {
		t.Run(fmt.Sprint(needed, " needed"), func(t *testing.T) {
			t.Parallel()
			s := besiege(t)
			s.must("admin", "policies", "new", "watched", "--approvals", fmt.Sprint(needed))
			s.must("admin", "credentials", "edit", "web01/root", "--policy", "watched")
			p := s.friend()
			asked := p.post("/v1/checkouts", theRoot(), "Idempotency-Key", "k")
			id := asked.text("id")
			if asked.status != http.StatusAccepted || id == "" {
				t.Fatalf("%d %s", asked.status, asked.body)
			}
			for _, path := range []string{"/approve", "/decide", "/decisions", "/collect"} {
				p.isRefused("its own request", p.post("/v1/requests/"+id+path, map[string]any{"approve": true}), http.StatusNotFound, "no_such_call")
			}
			if n := s.released(); n != 0 {
				t.Fatalf("%d secrets were released before anybody approved", n)
			}
			s.decideAtOnce(p, id)
		})
	}
}

// decideAtOnce has two people approve while four calls wait.
func (s *siege) decideAtOnce(p *person, id string) {
	s.Helper()
	var waits, people sync.WaitGroup
	answers := make(chan reply, 4)
	for range cap(answers) {
		waits.Go(func() { answers <- p.call(http.MethodGet, "/v1/requests/"+id+"?wait=60s", nil) })
	}
	codes := make([]int, 2)
	for n := range codes {
		people.Go(func() { _, codes[n], _ = s.run(fmt.Sprint("approver", n), "requests", "approve", id) })
	}
	people.Wait()
	waits.Wait()
	close(answers)
	secrets := 0
	for r := range answers {
		var doc map[string]any
		if json.Unmarshal(r.body, &doc) != nil || r.status != http.StatusCreated && r.status != http.StatusOK {
			s.Errorf("%d %s", r.status, r.body)
		}
		if _, has := doc["secret"]; has {
			secrets++
		}
	}
	if secrets != 1 || s.released() != 1 || !slices.Contains(codes, 0) {
		s.Errorf("%d answers hold the secret, %d releases are on record, the people got %v", secrets, s.released(), codes)
	}
	if code := codes[0] + codes[1]; code != 0 && code != 107 {
		s.Errorf("the people got %v", codes)
	}
}

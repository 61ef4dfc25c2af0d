package redim_test

import (
	"context"
	"fmt"
	"slices"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/redim-tools/redim/pkg/pam"
	"github.com/redim-tools/redim/pkg/redim"
	"github.com/redim-tools/redim/pkg/redim/redimtest"
	"github.com/redim-tools/redim/pkg/secret"
)

// fakeStore keeps tokens as the cache does, but in memory.
type fakeStore struct {
	mu     sync.Mutex
	tokens map[pam.Identity]pam.Token
	asked  map[pam.Identity]int
	drops  int
}

func newStore() *fakeStore {
	return &fakeStore{tokens: map[pam.Identity]pam.Token{}, asked: map[pam.Identity]int{}}
}

func (s *fakeStore) Token(ctx context.Context, id pam.Identity, login func(context.Context) (pam.Token, error)) (pam.Token, error) {
	s.mu.Lock()
	s.asked[id.Fold()]++
	token, ok := s.tokens[id.Fold()]
	s.mu.Unlock()
	if ok {
		return token, nil
	}
	token, err := login(ctx)
	if err == nil {
		s.put(id, token)
	}
	return token, err
}

func (s *fakeStore) put(id pam.Identity, token pam.Token) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.tokens[id.Fold()] = token
}

func (s *fakeStore) Drop(_ context.Context, id pam.Identity, refused secret.Value) error {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.drops++
	if s.tokens[id.Fold()].Value.Equal(refused) {
		delete(s.tokens, id.Fold())
	}
	return nil
}

func stale() pam.Token { return pam.Token{Value: secret.FromString("c4nary-stale-token")} }

func (b *bench) wantLogins(delegation, impersonated int64) {
	b.t.Helper()
	if got := b.Stats().Logins; got.Delegation != delegation || got.Impersonated != impersonated {
		b.t.Errorf("%d delegation and %d impersonated log-ins, want %d and %d", got.Delegation, got.Impersonated, delegation, impersonated)
	}
}

func TestFiftyUsersTakeOneDelegationLoginAndFiftyOfTheirOwn(t *testing.T) {
	t.Parallel()
	estate := redimtest.SampleEstate()
	estate.Identities = append(estate.Identities, redimtest.Identity{Name: `EX\user{n}`, Repeat: 50, Roles: []string{"web users"}})
	estate.Identities[0].Impersonates = append(estate.Identities[0].Impersonates, `EX\user*`)
	b := newBench(t, redimtest.Options{Estate: estate})
	store := newStore()
	b.config.Tokens = store
	c := b.client()
	var wg sync.WaitGroup
	for n := range 50 {
		for range 4 {
			wg.Go(func() {
				if _, err := c.Stored(t.Context(), pam.Identity{Domain: "EX", Name: repeated("user", n)}, "web01"); err != nil {
					t.Error(err)
				}
			})
		}
	}
	wg.Wait()
	b.wantLogins(1, 50)
	for id, n := range store.asked {
		if n != 1 {
			t.Errorf("the store was asked %d times for %s", n, id)
		}
	}
	b.config.APIPassword = func(context.Context) (secret.Value, error) {
		t.Error("the password was asked for")
		return secret.Value{}, nil
	}
	if _, err := b.client().Stored(t.Context(), pam.Identity{Domain: "ex", Name: "USER" + repeated("user", 7)[4:]}, "web01"); err != nil {
		t.Error(err)
	}
	b.wantLogins(1, 50)
}

// repeated is the name of the nth identity that an estate repeats.
func repeated(name string, n int) string { return fmt.Sprintf("%s%d", name, n+1) }

func TestTheDelegationIdentityActsWithItsOwnToken(t *testing.T) {
	t.Parallel()
	b := newBench(t, redimtest.Options{})
	c := b.client()
	if _, err := c.Stored(t.Context(), pam.Identity{Name: "SVC-redim"}, "web01"); err != nil {
		t.Error(err)
	}
	if err := c.SignIn(t.Context()); err != nil {
		t.Error(err)
	}
	b.wantLogins(1, 0)
	if names := c.Unattested(); !slices.Equal(names, []string{"AccountStoreOps_StoredCredential_GetListForSystem"}) {
		t.Errorf("unattested are %v", names)
	}
}

func TestStaleTokensAreReplacedOnce(t *testing.T) {
	t.Parallel()
	for _, profile := range []redimtest.ErrorProfile{redimtest.ErrorsAs200, redimtest.ErrorsAsHTML, redimtest.ErrorsAsStatus} {
		for name, c := range map[string]struct {
			delegation, own          bool // which token is stale
			wantDelegation, wantOwns int64
		}{
			"only the identity's": {own: true, wantDelegation: 1, wantOwns: 1},
			"only the delegation": {delegation: true, wantDelegation: 1, wantOwns: 1},
			"both":                {delegation: true, own: true, wantDelegation: 1, wantOwns: 1},
		} {
			b := newBench(t, redimtest.Options{Errors: profile})
			store := newStore()
			b.config.Tokens = store
			if c.delegation {
				store.put(pam.Identity{Name: b.APIUser()}, stale())
			}
			if c.own {
				store.put(alice(), stale())
			}
			found, err := b.client().Stored(t.Context(), alice(), "web01")
			if err != nil || len(found) != 2 {
				t.Errorf("%s, %s: found %v, %v", profile, name, found, err)
			}
			b.wantLogins(c.wantDelegation, c.wantOwns)
			if got := store.tokens[alice().Fold()]; got.Value.Equal(stale().Value) {
				t.Errorf("%s, %s: the stale token is kept", profile, name)
			}
		}
	}
}

func TestTokensRevokedMidWayAreReplaced(t *testing.T) {
	t.Parallel()
	b := newBench(t, redimtest.Options{})
	b.config.Tokens = newStore()
	c := b.client()
	cred := b.find(c, alice(), "web01", "Administrator")
	b.RevokeTokens()
	release, err := c.CheckOut(t.Context(), alice(), cred, "")
	if err != nil || release.Secret.IsEmpty() {
		t.Fatal(err)
	}
	b.wantLogins(2, 2)
	b.RevokeTokens()
	if err := c.CheckIn(t.Context(), alice(), cred, ""); err != nil {
		t.Error(err)
	}
	if stats := b.Stats().Checkouts; stats.Made != 1 || stats.CheckedIn != 1 {
		t.Errorf("the stats are %+v", stats)
	}
}

func TestACheckOutIsNotRepeatedAfterAVagueRefusal(t *testing.T) {
	t.Parallel()
	for _, profile := range []redimtest.ErrorProfile{redimtest.ErrorsAs200, redimtest.ErrorsAsHTML} {
		b := newBench(t, redimtest.Options{Errors: profile})
		store := newStore()
		store.put(alice(), stale())
		b.config.Tokens = store
		_, err := b.client().CheckOut(t.Context(), alice(), pam.Credential{System: "web01", Account: "Administrator", Type: pam.StoreWindows}, "")
		wantFailure(t, err, pam.ErrDenied, "does not say why", false)
		if n := b.Stats().Operations["AccountStoreOps_StoredCredential_CheckOut"]; n != 1 {
			t.Errorf("profile %s: asked %d times", profile, n)
		}
	}
}

func TestAVagueRefusalIsBlamedOnAnOldTokenOnly(t *testing.T) {
	t.Parallel()
	b := newBench(t, redimtest.Options{Errors: redimtest.ErrorsAs200})
	var ahead atomic.Int64
	b.config.Now = func() time.Time { return time.Now().Add(time.Duration(ahead.Load())) }
	c := b.client()
	for range 3 {
		_, err := c.SharedEntries(t.Context(), alice(), "nothing")
		wantFailure(t, err, pam.ErrDenied, "does not say why", false)
	}
	b.wantLogins(1, 1)
	ahead.Store(int64(2 * time.Minute))
	for range 3 {
		_, err := c.SharedEntries(t.Context(), alice(), "nothing")
		wantFailure(t, err, pam.ErrDenied, "does not say why", false)
	}
	b.wantLogins(1, 2)
}

func TestATokenThatIsAlwaysRefusedEndsInAFailure(t *testing.T) {
	t.Parallel()
	b := newBench(t, redimtest.Options{Faults: []string{"AccountStoreOps_StoredCredential_GetListForSystem:status=401"}})
	_, err := b.client().Stored(t.Context(), alice(), "web01")
	wantFailure(t, err, pam.ErrTokenRefused, "cache clear", false)
	b.wantLogins(1, 2)
	if n := b.Stats().Operations["AccountStoreOps_StoredCredential_GetListForSystem"]; n != 2 {
		t.Errorf("asked %d times", n)
	}
}

func TestAnExpiredTokenIsNotUsed(t *testing.T) {
	t.Parallel()
	b := newBench(t, redimtest.Options{})
	store := newStore()
	b.config.Tokens = store
	store.put(alice(), pam.Token{Value: secret.FromString("c4nary"), Expires: time.Now().Add(-time.Second)})
	c := b.client()
	for range 2 { // the store is trusted to know; what this process remembers, it checks itself
		if _, err := c.Stored(t.Context(), alice(), "web01"); err != nil {
			t.Error(err)
		}
	}
	if store.asked[alice().Fold()] != 2 {
		t.Errorf("the store was asked %d times", store.asked[alice().Fold()])
	}
}

func TestLoggingOutEndsASession(t *testing.T) {
	t.Parallel()
	b := newBench(t, redimtest.Options{})
	store := newStore()
	b.config.Tokens = store
	c := b.client()
	if err := c.SignIn(t.Context()); err != nil {
		t.Fatal(err)
	}
	token := store.tokens[pam.Identity{Name: b.APIUser()}]
	if err := c.Logout(t.Context(), token.Value); err != nil {
		t.Fatal(err)
	}
	wantFailure(t, c.Logout(t.Context(), token.Value), pam.ErrTokenRefused, "sign in", false)
	if _, err := c.Stored(t.Context(), alice(), "web01"); err != nil {
		t.Error(err)
	}
	b.wantLogins(2, 1)
}

func TestWaitingForALoginEndsWithTheContext(t *testing.T) {
	t.Parallel()
	b := newBench(t, redimtest.Options{})
	started, finish := make(chan struct{}), make(chan struct{})
	b.config.APIPassword = func(context.Context) (secret.Value, error) {
		close(started)
		<-finish
		return b.APIPassword(), nil
	}
	c := b.client()
	first := make(chan error)
	go func() { first <- c.SignIn(t.Context()) }()
	<-started
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	if err := c.SignIn(ctx); err == nil {
		t.Error("signed in while someone else did")
	}
	close(finish)
	if err := <-first; err != nil {
		t.Error(err)
	}
}

func TestTheStoresFailureIsTheCallsFailure(t *testing.T) {
	t.Parallel()
	b := newBench(t, redimtest.Options{})
	b.config.Tokens = brokenStore{}
	_, err := b.client().Stored(t.Context(), alice(), "web01")
	wantFailure(t, err, pam.ErrOther, "keyring", false)
	b.config.Tokens = brokenStore{token: stale()}
	_, err = b.client().Stored(t.Context(), alice(), "web01")
	wantFailure(t, err, pam.ErrOther, "keyring", false)
}

type brokenStore struct{ token pam.Token }

func (s brokenStore) Token(ctx context.Context, _ pam.Identity, _ func(context.Context) (pam.Token, error)) (pam.Token, error) {
	if !s.token.Value.IsEmpty() {
		return s.token, nil
	}
	return pam.Token{}, s.Drop(ctx, pam.Identity{}, secret.Value{})
}

func (brokenStore) Drop(context.Context, pam.Identity, secret.Value) error {
	return pam.Failf(pam.ErrOther, "no key").WithHint("open the keyring")
}

var _ redim.TokenStore = (*fakeStore)(nil)

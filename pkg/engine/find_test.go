package engine

import (
	"context"
	"errors"
	"net/netip"
	"reflect"
	"slices"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/redim-tools/redim/pkg/pam"
	"github.com/redim-tools/redim/pkg/secret"
)

func find(t *testing.T, source *fakeSource, rules Rules, who string, e pam.Endpoint) (Finding, error) {
	t.Helper()
	return (&Engine{Source: source, Rules: rules, Clock: moment}).Find(t.Context(), FindRequest{User: user(who), Endpoint: e})
}

func refs(creds []pam.Credential) []string {
	out := []string{}
	for _, c := range creds {
		out = append(out, c.Ref())
	}
	return out
}

func TestFindMergesWhatOneIdentityYields(t *testing.T) {
	t.Parallel()
	deploy := pam.Credential{System: "example.local", Account: "svc-deploy", Type: pam.StoreWindows}
	source := (&fakeSource{}).
		tell(`EX\alice`, "stored web01", answer{creds: []pam.Credential{windows("web01", "svc-web"), windows("web01", "Administrator"), windows("WEB01", "administrator")}}).
		tell(`EX\alice`, "stored example.local", answer{creds: []pam.Credential{deploy}}).
		tell(`EX\alice`, "lists", answer{texts: []string{"Network gear", "Empty"}}).
		tell(`EX\alice`, "list Network gear", answer{creds: []pam.Credential{shared("Network gear", "switch1", "admin"), shared("Network gear", "web01", "ilo-admin")}})
	rules := Rules{DomainMap: pam.DomainMap{"example.local": "EX"}, IncludeSharedLists: true, FallbackToLocal: true}

	f, err := find(t, source, rules, "alice@example.local", host("web01"))
	if err != nil {
		t.Fatal(err)
	}
	if got, want := refs(f.Credentials), []string{"web01/Administrator", "web01/svc-web", `EX\svc-deploy`, "Network gear: web01/ilo-admin"}; !slices.Equal(got, want) {
		t.Errorf("credentials %q, want %q", got, want)
	}
	alice := user(`EX\alice`)
	want := []Step{
		{Identity: alice, Asked: "stored credentials of web01", Setting: "domain_map", Found: 3},
		{Identity: alice, Asked: "domain credentials of example.local", Setting: "domain_map", Found: 1},
		{Identity: alice, Asked: "entries of the shared list Network gear", Setting: "include_shared_lists", Found: 1},
		{Identity: alice, Asked: "entries of the shared list Empty", Setting: "include_shared_lists"},
	}
	if diff := cmp.Diff(want, f.Steps); diff != "" {
		t.Errorf("steps (-want +got):\n%s", diff)
	}
	if f.Identity != alice {
		t.Errorf("yielded by %v", f.Identity)
	}
}

func TestFindTellsWhatItSkipsAndWhy(t *testing.T) {
	t.Parallel()
	source := (&fakeSource{}).tell(`EX\alice`, "x", answer{})
	f, err := find(t, source, Rules{}, `EX\alice`, host("web01"))
	if !errors.Is(err, pam.ErrNoCredentials) {
		t.Errorf("got %v", err)
	}
	alice := user(`EX\alice`)
	want := []Step{
		{Identity: alice, Asked: "stored credentials of web01", Setting: "user"},
		{Identity: alice, Asked: "domain credentials", Setting: "domain_map", Skipped: true},
		{Identity: alice, Asked: "shared credential lists", Setting: "include_shared_lists", Skipped: true},
		{Identity: user("alice"), Asked: "sign in as alice", Setting: "fallback_to_local", Skipped: true},
	}
	if diff := cmp.Diff(want, f.Steps); diff != "" {
		t.Errorf("steps (-want +got):\n%s", diff)
	}
}

func TestFindNamesBothSettingsOfAFirstQuestion(t *testing.T) {
	t.Parallel()
	source := (&fakeSource{}).tell(`alice`, "stored web01", answer{creds: []pam.Credential{windows("web01", "a")}})
	e := pam.Endpoint{Host: "web01", IP: netip.MustParseAddr("192.0.2.10")}
	f, err := find(t, source, Rules{PreferIP: true, FallbackToLocal: true}, `EX\alice`, e)
	if err != nil {
		t.Fatal(err)
	}
	var got []string
	for _, s := range f.Steps[:3] {
		got = append(got, s.Asked+" <- "+s.Setting+" "+string(s.Class))
	}
	want := []string{
		"stored credentials of 192.0.2.10 <- prefer_ip user_unknown",
		"stored credentials of 192.0.2.10 <- fallback_to_local, prefer_ip ",
		"stored credentials of web01 <- endpoint ",
	}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Errorf("(-want +got):\n%s", diff)
	}
}

// rungs of the specification, section 2: what each class does to the ladder.
func TestFindMovesOnOrStopsByClass(t *testing.T) {
	t.Parallel()
	raw := errors.New("something else")
	tests := map[string]struct {
		err   error
		moves bool
	}{
		"user unknown moves on":               {refusal(pam.ErrUserUnknown), true},
		"no credentials moves on":             {refusal(pam.ErrNoCredentials), true},
		"a system not found moves on":         {refusal(pam.ErrNotFound), true},
		"a list not permitted moves on":       {refusal(pam.ErrDenied), true},
		"unreachable stops":                   {refusal(pam.ErrUnreachable), false},
		"delegation refused stops":            {refusal(pam.ErrDelegationRefused), false},
		"no impersonation stops":              {refusal(pam.ErrNoImpersonation), false},
		"tls stops":                           {refusal(pam.ErrTLS), false},
		"an answer that is none stops":        {refusal(pam.ErrProtocol), false},
		"a token refused twice stops":         {refusal(pam.ErrTokenRefused), false},
		"interrupted stops":                   {refusal(pam.ErrInterrupted), false},
		"wrong settings stop":                 {refusal(pam.ErrUsage), false},
		"an error of no class stops":          {raw, false},
		"the end of the context stops":        {context.Canceled, false},
		"a bare class counts":                 {pam.ErrNotFound, true},
		"the outermost class counts, stops":   {pam.Failf(pam.ErrUnreachable, "no answer: %w", refusal(pam.ErrNotFound)), false},
		"the outermost class counts, goes on": {pam.Failf(pam.ErrDenied, "no: %w", refusal(pam.ErrProtocol)), true},
	}
	for name, tt := range tests {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			source := (&fakeSource{}).
				tell(`EX\alice`, "stored web01", answer{err: tt.err, creds: []pam.Credential{windows("web01", "ghost")}}).
				tell(`alice`, "stored web01", answer{creds: []pam.Credential{windows("web01", "a")}})
			f, err := find(t, source, Rules{FallbackToLocal: true}, `EX\alice`, host("web01"))
			if f.Steps[0].Class != classOf(tt.err) || f.Steps[0].Found != 0 {
				t.Errorf("first step %+v", f.Steps[0])
			}
			if !tt.moves {
				if !errors.Is(err, tt.err) || len(f.Credentials) != 0 || len(source.asked) != 1 {
					t.Errorf("got %v, %v after %q", err, f.Credentials, source.asked)
				}
				return
			}
			if err != nil || f.Identity != user("alice") || !slices.Equal(refs(f.Credentials), []string{"web01/a"}) {
				t.Errorf("got %v: %v by %v", err, refs(f.Credentials), f.Identity)
			}
		})
	}
}

func TestFindStopsWhereverTheServiceFails(t *testing.T) {
	t.Parallel()
	away := refusal(pam.ErrUnreachable)
	for _, question := range []string{"stored web01", "stored example.local", "lists", "list Network gear"} {
		t.Run(question, func(t *testing.T) {
			t.Parallel()
			source := (&fakeSource{}).
				tell(`alice`, "stored web01", answer{creds: []pam.Credential{windows("web01", "a")}}).
				tell(`alice`, "lists", answer{texts: []string{"Network gear"}}).
				tell(`alice`, question, answer{err: away})
			rules := Rules{DomainMap: pam.DomainMap{"example.local": "EX"}, IncludeSharedLists: true}
			f, err := find(t, source, rules, `alice`, host("web01"))
			if !errors.Is(err, pam.ErrUnreachable) || len(f.Credentials) != 0 || f.Identity != (pam.Identity{}) {
				t.Errorf("got %v with %v", err, f.Credentials)
			}
			if last := f.Steps[len(f.Steps)-1]; last.Class != pam.ErrUnreachable {
				t.Errorf("last step %+v", last)
			}
		})
	}
}

func TestFindGoesOnWhereAPartIsRefused(t *testing.T) {
	t.Parallel()
	for _, question := range []string{"stored web01", "stored example.local", "lists", "list Network gear"} {
		t.Run(question, func(t *testing.T) {
			t.Parallel()
			source := (&fakeSource{}).
				tell(`alice`, "stored web01", answer{creds: []pam.Credential{windows("web01", "a")}}).
				tell(`alice`, "stored example.local", answer{creds: []pam.Credential{windows("example.local", "d")}}).
				tell(`alice`, "lists", answer{texts: []string{"Network gear"}}).
				tell(`alice`, "list Network gear", answer{creds: []pam.Credential{shared("Network gear", "web01", "s")}}).
				tell(`alice`, question, answer{err: refusal(pam.ErrDenied)})
			rules := Rules{DomainMap: pam.DomainMap{"example.local": "EX"}, IncludeSharedLists: true}
			f, err := find(t, source, rules, `alice`, host("web01"))
			if err != nil || len(f.Credentials) != 2 {
				t.Errorf("got %v with %q", err, refs(f.Credentials))
			}
		})
	}
}

func TestFindTellsUnknownFromEmpty(t *testing.T) {
	t.Parallel()
	tests := map[string]struct {
		known []string
		class pam.Class
		says  string
	}{
		"nobody is known":               {nil, pam.ErrUserUnknown, `user EX\alice is unknown to the service (tried EX\alice, alice)`},
		"the first is known":            {[]string{`EX\alice`}, pam.ErrNoCredentials, `no credential on web01 for user EX\alice (tried EX\alice, alice)`},
		"the second is known":           {[]string{`alice`}, pam.ErrNoCredentials, `no credential on web01`},
		"both are known and have none":  {[]string{`EX\alice`, `alice`}, pam.ErrNoCredentials, `no credential on web01`},
		"another is known, not of ours": {[]string{`bob`}, pam.ErrUserUnknown, `user EX\alice is unknown`},
	}
	for name, tt := range tests {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			source := &fakeSource{}
			for _, who := range tt.known {
				source.tell(who, "nothing", answer{})
			}
			_, err := find(t, source, Rules{FallbackToLocal: true}, `EX\alice`, host("web01"))
			var f *pam.Failure
			if !errors.As(err, &f) || f.Class != tt.class || !strings.Contains(f.Message, tt.says) || f.Hint == "" {
				t.Errorf("got %v (%s)", err, f.Hint)
			}
		})
	}
}

func TestFindAsksForDomainAccountsOfWindowsOnly(t *testing.T) {
	t.Parallel()
	rules := Rules{DomainMap: pam.DomainMap{"example.local": "EX"}}
	for typ, asked := range map[pam.StoreType]bool{pam.StoreWindows: true, pam.StoreUnix: false, pam.StoreSQLServer: true} {
		local := windows("s1", "a")
		local.Type = typ
		source := (&fakeSource{}).tell("alice", "stored s1", answer{creds: []pam.Credential{local}})
		f, err := find(t, source, rules, "alice", host("s1"))
		if err != nil {
			t.Fatal(err)
		}
		if got := slices.Contains(source.asked, "alice: stored example.local"); got != asked {
			t.Errorf("%s: asked the domain %v", typ, got)
		}
		if s := f.Steps[1]; s.Skipped == asked || (s.Skipped && s.Setting != "endpoint") {
			t.Errorf("%s: step %+v", typ, s)
		}
	}
}

func TestFindNamesTheNamespaceOfADomainAccount(t *testing.T) {
	t.Parallel()
	given := pam.Credential{System: "example.local", Namespace: "OWN", Account: "b", Type: pam.StoreWindows}
	source := (&fakeSource{}).tell("alice", "stored example.local", answer{creds: []pam.Credential{windows("example.local", "a"), given}})
	f, err := find(t, source, Rules{DomainMap: pam.DomainMap{"example.local": "EX"}}, "alice", host("web01.Example.local"))
	if err != nil || !slices.Equal(refs(f.Credentials), []string{`EX\a`, `OWN\b`}) {
		t.Errorf("got %v with %q", err, refs(f.Credentials))
	}
	source.tell("alice", "stored corp.test", answer{creds: []pam.Credential{windows("corp.test", "c")}})
	f, err = find(t, source, Rules{}, "alice", host("web01.corp.test"))
	if err != nil || !slices.Equal(refs(f.Credentials), []string{`corp.test/c`}) || f.Credentials[0].Kind != pam.KindDomain {
		t.Errorf("of a domain that is not mapped: got %v with %q", err, refs(f.Credentials))
	}
}

func TestFindLeavesTheSourceItsOwn(t *testing.T) {
	t.Parallel()
	mine := []pam.Credential{windows("web01", "b"), windows("web01", "a"), windows("web01", "A")}
	entries := []pam.Credential{shared("L", "other", "x"), shared("L", "web01", "y")}
	source := (&fakeSource{}).tell("alice", "stored web01", answer{creds: mine}).tell("alice", "stored d.test", answer{creds: mine}).
		tell("alice", "lists", answer{texts: []string{"L"}}).tell("alice", "list L", answer{creds: entries})
	before, beforeEntries := slices.Clone(mine), slices.Clone(entries)
	rules := Rules{DomainMap: pam.DomainMap{"d.test": "D"}, IncludeSharedLists: true}
	if _, err := find(t, source, rules, "alice", host("web01")); err != nil {
		t.Fatal(err)
	}
	if diff := cmp.Diff(before, mine) + cmp.Diff(beforeEntries, entries); diff != "" {
		t.Errorf("the source's own slices changed:\n%s", diff)
	}
}

func TestFindingHasNoPlaceForASecret(t *testing.T) {
	t.Parallel()
	seen := map[reflect.Type]bool{}
	var walk func(reflect.Type)
	walk = func(typ reflect.Type) {
		if seen[typ] {
			return
		}
		seen[typ] = true
		if typ == reflect.TypeFor[secret.Value]() {
			t.Error("a secret.Value can be reached")
		}
		switch typ.Kind() {
		case reflect.Struct:
			for f := range typ.Fields() {
				if strings.Contains(strings.ToLower(f.Name), "password") {
					t.Errorf("%s has a member %s", typ, f.Name)
				}
				walk(f.Type)
			}
		case reflect.Slice, reflect.Pointer, reflect.Array:
			walk(typ.Elem())
		}
	}
	walk(reflect.TypeFor[Finding]())
	if !seen[reflect.TypeFor[pam.Credential]()] {
		t.Error("the walk did not reach the credentials")
	}
}

func BenchmarkFind(b *testing.B) {
	source := &quiet{found: []pam.Credential{windows("web01", "Administrator"), windows("web01", "svc-web")}}
	e := &Engine{Source: source, Rules: Rules{DomainMap: pam.DomainMap{"example.local": "EX"}, IncludeSharedLists: true}}
	req := FindRequest{User: user("alice@example.local"), Endpoint: host("web01")}
	b.ReportAllocs()
	for b.Loop() {
		if _, err := e.Find(b.Context(), req); err != nil {
			b.Fatal(err)
		}
	}
}

// quiet answers without a record.
type quiet struct {
	fakeSource
	found []pam.Credential
}

func (q *quiet) Stored(context.Context, pam.Identity, string) ([]pam.Credential, error) {
	return q.found, nil
}

func (q *quiet) SharedLists(context.Context, pam.Identity) ([]string, error) {
	return []string{"L"}, nil
}

func (q *quiet) SharedEntries(context.Context, pam.Identity, string) ([]pam.Credential, error) {
	return q.found, nil
}

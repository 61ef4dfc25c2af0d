package engine

import (
	"context"
	"errors"
	"net/netip"
	"slices"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/redim-tools/redim/pkg/pam"
)

func TestFindOfAnAddressAlone(t *testing.T) {
	t.Parallel()
	ip := pam.Endpoint{IP: netip.MustParseAddr("192.0.2.10")}
	rules := Rules{IncludeSharedLists: true, DomainMap: pam.DomainMap{"example.local": "EX", "corp.test": "CORP"}}
	lists := func() *fakeSource {
		return (&fakeSource{}).tell("alice", "lists", answer{texts: []string{"L"}}).
			tell("alice", "list L", answer{creds: []pam.Credential{shared("L", "web01", "ilo"), shared("L", "web02", "other"), shared("L", "192.0.2.10", "byip")}})
	}
	tests := map[string]struct {
		source *fakeSource
		want   []string
		asked  []string
	}{
		"what is found there tells its name": {
			lists().tell("alice", "stored 192.0.2.10", answer{creds: []pam.Credential{windows("web01.example.local", "a")}}),
			[]string{"web01.example.local/a", "L: 192.0.2.10/byip", "L: web01/ilo"},
			[]string{"stored 192.0.2.10", "stored example.local", "lists", "list L"},
		},
		"the service tells its name, and is asked by that": {
			lists().tell("alice", "name 192.0.2.10", answer{texts: []string{"web01"}}).
				tell("alice", "stored web01", answer{creds: []pam.Credential{windows("web01", "a")}}),
			[]string{"web01/a", "L: 192.0.2.10/byip", "L: web01/ilo"},
			[]string{"stored 192.0.2.10", "name 192.0.2.10", "stored web01", "stored corp.test", "stored example.local", "lists", "list L"},
		},
		"a system that only has the address for a name": {
			lists().tell("alice", "name 192.0.2.10", answer{texts: []string{"192.0.2.10"}}).
				tell("alice", "stored 192.0.2.10", answer{creds: []pam.Credential{windows("192.0.2.10", "a")}}),
			[]string{"192.0.2.10/a", "L: 192.0.2.10/byip"},
			[]string{"stored 192.0.2.10", "name 192.0.2.10", "stored corp.test", "stored example.local", "lists", "list L"},
		},
		"a domain account there tells no name": {
			lists().tell("alice", "stored 192.0.2.10", answer{creds: []pam.Credential{{Kind: pam.KindDomain, System: "example.local", Namespace: "EX", Account: "d"}}}),
			[]string{`EX\d`, "L: 192.0.2.10/byip"},
			[]string{"stored 192.0.2.10", "name 192.0.2.10", "stored corp.test", "stored example.local", "lists", "list L"},
		},
		"a name that is not found is no failure": {
			lists().tell("alice", "name 192.0.2.10", answer{err: refusal(pam.ErrNotFound)}),
			[]string{"L: 192.0.2.10/byip"},
			[]string{"stored 192.0.2.10", "name 192.0.2.10", "stored corp.test", "stored example.local", "lists", "list L"},
		},
	}
	for name, tt := range tests {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			f, err := find(t, tt.source, rules, "alice", ip)
			if err != nil || !slices.Equal(refs(f.Credentials), tt.want) {
				t.Errorf("got %v with %q, want %q", err, refs(f.Credentials), tt.want)
			}
			var asked []string
			for _, line := range tt.source.asked {
				asked = append(asked, strings.TrimPrefix(line, "alice: "))
			}
			if diff := cmp.Diff(tt.asked, asked); diff != "" {
				t.Errorf("asked (-want +got):\n%s", diff)
			}
		})
	}
}

func TestFindNotesTheNameOfAnAddress(t *testing.T) {
	t.Parallel()
	source := (&fakeSource{}).tell("alice", "name 192.0.2.10", answer{texts: []string{"web01"}})
	f, _ := find(t, source, Rules{PreferIP: true}, "alice", pam.Endpoint{IP: netip.MustParseAddr("192.0.2.10")})
	want := []string{"stored credentials of 192.0.2.10", "system name of 192.0.2.10: web01", "stored credentials of web01", "domain credentials", "shared credential lists"}
	var got []string
	for _, s := range f.Steps {
		got = append(got, s.Asked)
	}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Errorf("(-want +got):\n%s", diff)
	}
}

func TestFindEndsWithItsContextWhileLearningAName(t *testing.T) {
	t.Parallel()
	ctx, cancel := context.WithCancel(t.Context())
	source := &cancelling{fakeSource: (&fakeSource{}).tell("alice", "x", answer{}), cancel: cancel}
	_, err := (&Engine{Source: source}).Find(ctx, FindRequest{User: user("alice"), Endpoint: pam.Endpoint{IP: netip.MustParseAddr("192.0.2.10")}})
	if !errors.Is(err, context.Canceled) {
		t.Errorf("got %v", err)
	}
}

// cancelling ends the context while a system's name is asked for.
type cancelling struct {
	*fakeSource
	cancel func()
}

func (c *cancelling) SystemName(context.Context, pam.Identity, netip.Addr) (string, error) {
	c.cancel()
	return "", refusal(pam.ErrInterrupted)
}

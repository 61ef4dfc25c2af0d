package engine

import (
	"net/netip"
	"slices"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
	"pgregory.net/rapid"

	"github.com/redim-tools/redim/pkg/pam"
)

// anyCase draws one of words in some mixture of cases.
func anyCase(words ...string) *rapid.Generator[string] {
	return rapid.Custom(func(t *rapid.T) string {
		w := rapid.SampledFrom(words).Draw(t, "word")
		switch rapid.IntRange(0, 2).Draw(t, "case") {
		case 0:
			return strings.ToUpper(w)
		case 1:
			return strings.ToUpper(w[:min(1, len(w))]) + w[min(1, len(w)):]
		}
		return w
	})
}

func drawRules(t *rapid.T) Rules {
	shorts := anyCase("ex", "corp", "dmz.test")
	m := pam.DomainMap{}
	for _, fqdn := range []string{"example.local", "corp.test", "dmz.test"} {
		if rapid.Bool().Draw(t, "mapped") {
			m[fqdn] = shorts.Draw(t, "netbios")
		}
	}
	return Rules{
		DefaultDomain: anyCase("", "", "example.local", "corp", "other").Draw(t, "default_domain"),
		DomainMap:     m, FallbackToLocal: rapid.Bool().Draw(t, "fallback_to_local"),
		IncludeSharedLists: rapid.Bool().Draw(t, "include_shared_lists"), PreferIP: rapid.Bool().Draw(t, "prefer_ip"),
	}
}

func drawRequest(t *rapid.T) FindRequest {
	e := pam.Endpoint{
		Host:     anyCase("", "web01", "web01.example.local", "web01.corp.test", "db01").Draw(t, "host"),
		InDomain: anyCase("", "", "ex", "corp.test", "nowhere").Draw(t, "domain of the endpoint"),
	}
	if e.Host == "" || rapid.Bool().Draw(t, "address known") {
		e.IP = netip.MustParseAddr("192.0.2.10")
	}
	return FindRequest{Endpoint: e, User: pam.Identity{
		Domain: anyCase("", "example.local", "ex", "corp.test", "other", "other.test").Draw(t, "domain of the user"),
		Name:   anyCase("alice", "bob").Draw(t, "name"),
	}}
}

// world answers questions at random, each one always alike.
type world struct {
	t       *rapid.T
	answers map[string]answer
}

func (w *world) ask(who, question string) answer {
	key := strings.ToLower(who + ": " + question)
	if a, ok := w.answers[key]; ok {
		return a
	}
	a := w.invent(strings.ToLower(question))
	w.answers[key] = a
	return a
}

func (w *world) invent(question string) answer {
	if class := rapid.SampledFrom([]pam.Class{"", "", "", "", "", "", pam.ErrUserUnknown, pam.ErrUserUnknown, pam.ErrNoCredentials,
		pam.ErrNotFound, pam.ErrDenied, pam.ErrUnreachable, pam.ErrNoImpersonation, pam.ErrDelegationRefused}).Draw(w.t, question); class != "" {
		return answer{err: refusal(class)}
	}
	kind, _, _ := strings.Cut(question, " ")
	switch kind {
	case "lists":
		return answer{texts: rapid.SliceOfNDistinct(anyCase("network gear", "build"), 0, 2, strings.ToLower).Draw(w.t, "lists")}
	case "name":
		return answer{texts: []string{anyCase("web01", "web01.example.local").Draw(w.t, "system name")}}
	}
	return answer{creds: rapid.SliceOfN(rapid.Custom(func(t *rapid.T) pam.Credential { return drawCredential(t, kind) }), 0, 3).Draw(w.t, "credentials")}
}

func drawCredential(t *rapid.T, kind string) pam.Credential {
	c := pam.Credential{
		System:  anyCase("web01", "web02", "web01.example.local", "web01.corp.test", "192.0.2.10").Draw(t, "system"),
		Account: anyCase("administrator", "root", "svc").Draw(t, "account"),
		Type:    rapid.SampledFrom([]pam.StoreType{pam.StoreWindows, pam.StoreUnix, pam.StoreSQLServer}).Draw(t, "type"),
	}
	if kind == "list" {
		c.Kind, c.List, c.Type = pam.KindShared, anyCase("network gear").Draw(t, "list"), pam.StorePasswordList
		return c
	}
	c.Namespace = anyCase("", "", "ex").Draw(t, "namespace")
	return c
}

// source makes the world a Source that records what it is asked.
func (w *world) source() *worldSource { return &worldSource{world: w} }

func TestFindIsTheLadderOfTheSpecification(t *testing.T) {
	t.Parallel()
	rapid.Check(t, func(t *rapid.T) {
		rules, w := drawRules(t), &world{t: t, answers: map[string]answer{}}
		for range 5 {
			checkAgainstModel(t, rules, w, drawRequest(t))
		}
	})
}

func checkAgainstModel(t *rapid.T, rules Rules, w *world, req FindRequest) {
	source := w.source()
	f, err := (&Engine{Source: source, Rules: rules, Clock: moment}).Find(t.Context(), req)
	m := &model{rules: lowerRules(rules), ask: w.ask}
	p := lowerPlace(req.Endpoint, m.rules)
	who, lines, class := m.find(strings.ToLower(req.User.Domain), strings.ToLower(req.User.Name), p)

	if got := strings.ToLower(f.Identity.String()); got != who {
		t.Errorf("%q yields, want %q", got, who)
	}
	if classOf(err) != class {
		t.Errorf("got %v, want class %q", err, class)
	}
	if diff := cmp.Diff(lines, lineOf(f.Credentials)); diff != "" {
		t.Errorf("credentials (-want +got):\n%s", diff)
	}
	if diff := cmp.Diff(m.asked, source.asked); diff != "" {
		t.Errorf("questions (-want +got):\n%s", diff)
	}
	checkSteps(t, f, rules, source.asked)
}

// checkSteps says of every record: there is one for each question but the one
// for the names of the lists, it names its identity and a setting, and only
// what a setting switches off is skipped.
func checkSteps(t *rapid.T, f Finding, rules Rules, asked []string) {
	var told []string
	for _, s := range f.Steps {
		who, question, ok := strings.Cut(strings.ToLower(s.Identity.String()+": "+questionOf(s)), ": ")
		if !ok || s.Setting == "" || (s.Skipped && (s.Found != 0 || s.Class != "")) {
			t.Errorf("step %+v", s)
		}
		if !s.Skipped {
			told = append(told, who+": "+question)
		}
		if s.Skipped && s.Setting == "include_shared_lists" && rules.IncludeSharedLists || s.Skipped && s.Setting == "fallback_to_local" && rules.FallbackToLocal {
			t.Errorf("skipped although it is on: %+v", s)
		}
	}
	lists := func(line string) bool { return strings.HasSuffix(line, ": lists") }
	if diff := cmp.Diff(slices.DeleteFunc(slices.Clone(asked), lists), slices.DeleteFunc(told, lists)); diff != "" {
		t.Errorf("steps (-asked +told):\n%s", diff)
	}
}

// questionOf is the question behind a step, as the sources record it.
func questionOf(s Step) string {
	asked, _, _ := strings.Cut(s.Asked, ": ")
	for words, question := range map[string]string{
		"stored credentials of ": "stored ", "domain credentials of ": "stored ", "entries of the shared list ": "list ", "system name of ": "name ", "shared credential lists": "lists",
	} {
		if rest, ok := strings.CutPrefix(asked, words); ok {
			return question + rest
		}
	}
	return asked
}

func TestIdentitiesAreThoseOfTheSpecification(t *testing.T) {
	t.Parallel()
	rapid.Check(t, func(t *rapid.T) {
		rules, req := drawRules(t), drawRequest(t)
		var got []string
		seen := map[pam.Identity]bool{}
		for _, rung := range Identities(req.User, rules) {
			if seen[rung.Identity.Fold()] || rung.Setting == "" {
				t.Errorf("%+v comes twice, or by no setting", rung)
			}
			seen[rung.Identity.Fold()] = true
			if !rung.Skipped {
				got = append(got, strings.ToLower(rung.Identity.String()))
			}
		}
		want := lowerRules(rules).identities(strings.ToLower(req.User.Domain), strings.ToLower(req.User.Name))
		if diff := cmp.Diff(want, got); diff != "" {
			t.Errorf("(-want +got):\n%s", diff)
		}
	})
}

func TestNamesDomainsAndLabelsAreThoseOfTheSpecification(t *testing.T) {
	t.Parallel()
	rapid.Check(t, func(t *rapid.T) {
		rules, req := drawRules(t), drawRequest(t)
		lower := lowerRules(rules)
		e, p := plainEndpoint(req.Endpoint, rules.DomainMap), lowerPlace(req.Endpoint, lower)
		var got []string
		for _, n := range Names(e, req.User, rules) {
			if n.ByIP != (n.Text == "192.0.2.10") {
				t.Errorf("%+v", n)
			}
			got = append(got, strings.ToLower(n.Text))
		}
		if diff := cmp.Diff(lower.names(p, strings.ToLower(req.User.Domain)), got); diff != "" {
			t.Errorf("names (-want +got):\n%s", diff)
		}
		want := lower.domains()
		if d := p.knownDomain(); d != "" {
			want = []string{d}
		}
		domains, _ := Domains(e, rules)
		if diff := cmp.Diff(want, lowered(domains)); diff != "" {
			t.Errorf("domains (-want +got):\n%s", diff)
		}
		label := anyCase("web01", "web02", "web01.example.local", "web01.corp.test", "192.0.2.10", "192.0.2.11", "db01", "").Draw(t, "label")
		if got := sameEndpoint(label, e); got != p.is(label) {
			t.Errorf("%q is %+v: got %v", label, e, got)
		}
	})
}

func lowered(texts []string) []string {
	var out []string
	for _, s := range texts {
		out = append(out, strings.ToLower(s))
	}
	return out
}

package audit_test

import (
	"bytes"
	"crypto/ed25519"
	"encoding/json"
	"errors"
	"fmt"
	"iter"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"pgregory.net/rapid"

	"github.com/redim-tools/redim/pkg/audit"
	"github.com/redim-tools/redim/pkg/secret"
)

const canary = `c4nary-Pa55/+"<&é`

func eventGen() *rapid.Generator[audit.Event] {
	return rapid.Custom(func(t *rapid.T) audit.Event {
		text := rapid.StringN(0, 12, -1)
		e := audit.Event{
			Time:  time.UnixMicro(rapid.Int64Range(-1e15, 4e15).Draw(t, "time")).UTC(),
			Kind:  audit.Kind(text.Draw(t, "kind")),
			Actor: text.Draw(t, "actor"), Address: text.Draw(t, "address"), IntegrationID: text.Draw(t, "iid"), Integration: text.Draw(t, "iname"),
			CredentialID: text.Draw(t, "cid"), Credential: text.Draw(t, "cred"), Policy: text.Draw(t, "policy"), Lease: text.Draw(t, "lease"), Request: text.Draw(t, "request"),
			Reason: text.Draw(t, "reason"), Comment: text.Draw(t, "comment"), Ticket: text.Draw(t, "ticket"),
			Justification: text.Draw(t, "just"), Outcome: text.Draw(t, "outcome"), Released: text.Draw(t, "released"), Call: text.Draw(t, "call"),
		}
		for range rapid.IntRange(0, 3).Draw(t, "changes") {
			e.Changes = append(e.Changes, audit.Change{Field: text.Draw(t, "f"), Old: text.Draw(t, "o"), New: text.Draw(t, "n")})
		}
		return e
	})
}

func TestTheCanonicalFormIsReadBackAndIsTheOnlyOne(t *testing.T) {
	t.Parallel()
	rapid.Check(t, func(rt *rapid.T) {
		a, b := eventGen().Draw(rt, "a"), eventGen().Draw(rt, "b")
		back, err := audit.Decode(a.Encode())
		if err != nil || fmt.Sprint(back) != fmt.Sprint(a) {
			rt.Fatalf("%v, %v", back, err)
		}
		if cmp.Equal(a, b) != bytes.Equal(a.Encode(), b.Encode()) {
			rt.Fatal("two events have one form, or one has two")
		}
	})
}

func TestARecordInJSONKeepsItsHash(t *testing.T) {
	t.Parallel()
	rapid.Check(t, func(rt *rapid.T) {
		r, head := audit.Head{Chain: "w1"}.Link(eventGen().Draw(rt, "event"))
		line, err := audit.JSON(r)
		if err != nil || bytes.ContainsAny(line, "\n\r") {
			rt.Fatalf("%s, %v", line, err)
		}
		report, err := audit.Verifier{Heads: []audit.Head{head}}.Verify(audit.ReadLines(bytes.NewReader(append(line, '\n', '\n'))))
		if err != nil || report.Records != 1 {
			rt.Fatalf("%v, %v", report, err)
		}
	})
}

// chains makes records of two writers, in order.
func chains(t testing.TB, n int) ([]audit.Record, []audit.Head) {
	t.Helper()
	var records []audit.Record
	var heads []audit.Head
	for _, name := range []string{"a", "b"} {
		head := audit.Head{Chain: name}
		for i := range n {
			var r audit.Record
			r, head = head.Link(audit.Event{Time: time.UnixMicro(int64(i)).UTC(), Kind: audit.CheckoutIntent, Actor: "alice", Lease: fmt.Sprint(i)})
			records = append(records, r)
		}
		heads = append(heads, head)
	}
	return records, heads
}

func each(records []audit.Record) iter.Seq2[audit.Record, error] {
	return func(yield func(audit.Record, error) bool) {
		for _, r := range records {
			if !yield(r, nil) {
				return
			}
		}
	}
}

func TestWholeChainsVerify(t *testing.T) {
	t.Parallel()
	records, heads := chains(t, 5)
	report, err := audit.Verifier{Heads: heads, Checkpoints: []audit.Checkpoint{{Heads: heads}}}.Verify(each(records))
	if err != nil || report.Records != 10 || report.Chains != 2 || report.Checkpoints != 1 || len(report.Heads) != 2 {
		t.Errorf("%+v, %v", report, err)
	}
	if _, err := (audit.Verifier{Heads: []audit.Head{}}).Verify(each(nil)); err != nil {
		t.Error(err)
	}
	want := errors.New("cut")
	_, err = audit.Verifier{}.Verify(func(yield func(audit.Record, error) bool) { yield(audit.Record{}, want) })
	if !errors.Is(err, want) {
		t.Error(err)
	}
}

func TestEveryRemovedChangedOrSwappedRecordIsNamed(t *testing.T) {
	t.Parallel()
	records, heads := chains(t, 6)
	check := func(what string, i int, broken []audit.Record) {
		t.Helper()
		_, err := audit.Verifier{Heads: heads}.Verify(each(broken))
		e, ok := errors.AsType[*audit.BrokenError](err)
		if !ok || e.Chain != records[i].Chain || e.Seq != records[i].Seq {
			t.Errorf("%s record %d of %s: %v", what, records[i].Seq, records[i].Chain, err)
		}
	}
	for i := range records {
		check("remove", i, slices.Delete(slices.Clone(records), i, i+1))
		changed := slices.Clone(records)
		changed[i].Event.Actor = "mallory"
		check("change", i, changed)
		hashed := slices.Clone(records)
		hashed[i].Hash[7] ^= 1
		check("flip a bit of the hash of", i, hashed)
		twice := slices.Insert(slices.Clone(records), i, records[i])
		if _, err := (audit.Verifier{Heads: heads}).Verify(each(twice)); err == nil {
			t.Errorf("record %d stands there twice and nobody minds", i)
		}
		for j := i + 1; j < len(records) && records[j].Chain == records[i].Chain; j++ {
			swapped := slices.Clone(records)
			swapped[i].Event, swapped[j].Event = swapped[j].Event, swapped[i].Event
			check("swap", i, swapped)
		}
	}
}

func TestAForgedTailIsFoundByHeadsAndByCheckpoints(t *testing.T) {
	t.Parallel()
	records, heads := chains(t, 4)
	forged := slices.Clone(records)
	forged[7], _ = audit.Head{Chain: "b", Seq: 3, Hash: records[6].Hash}.Link(audit.Event{Actor: "mallory"})
	more, _ := heads[1].Link(audit.Event{Actor: "mallory"})
	other, _ := audit.Head{Chain: "c"}.Link(audit.Event{})
	for name, c := range map[string]struct {
		v       audit.Verifier
		records []audit.Record
		chain   string
		seq     uint64
	}{
		"a head of another record":       {audit.Verifier{Heads: heads}, forged, "b", 4},
		"a checkpoint of another record": {audit.Verifier{Checkpoints: []audit.Checkpoint{{Heads: heads}}}, forged, "b", 4},
		"a checkpoint of a later record": {audit.Verifier{Checkpoints: []audit.Checkpoint{{Heads: heads}}}, records[:6], "b", 3},
		"a record beyond the head":       {audit.Verifier{Heads: heads}, append(slices.Clone(records), more), "b", 5},
		"a chain without a head":         {audit.Verifier{Heads: heads}, append(slices.Clone(records), other), "c", 1},
		"a chain that comes again":       {audit.Verifier{}, append(slices.Clone(records), records[0]), "a", 1},
		"a chain that is gone":           {audit.Verifier{Heads: heads}, records[:4], "b", 1},
	} {
		_, err := c.v.Verify(each(c.records))
		e, ok := errors.AsType[*audit.BrokenError](err)
		if !ok || e.Chain != c.chain || e.Seq != c.seq || e.Problem == "" {
			t.Errorf("%s: %v", name, err)
		}
	}
}

func TestHeadsAndCheckpointsAreSealed(t *testing.T) {
	t.Parallel()
	_, heads := chains(t, 2)
	sealed := heads[0].Seal([]byte("key"))
	cut := sealed
	cut.Seq--
	if !sealed.Sealed([]byte("key")) || sealed.Sealed([]byte("kex")) || cut.Sealed([]byte("key")) || heads[0].Sealed([]byte("key")) {
		t.Error("the MAC of a head is wrong")
	}
	public, private, err := ed25519.GenerateKey(nil)
	if err != nil {
		t.Fatal(err)
	}
	signed := audit.Checkpoint{Time: time.UnixMicro(5), Heads: heads}.Sign(private)
	moved := signed
	moved.Time = time.UnixMicro(6)
	fewer := signed
	fewer.Heads = heads[:1]
	if !signed.Signed(public) || moved.Signed(public) || fewer.Signed(public) || signed.Signed(nil) {
		t.Error("the signature of a checkpoint is wrong")
	}
}

func TestAValueIsWrittenDownAsItsClassAllows(t *testing.T) {
	t.Parallel()
	r := audit.NewRedactor(secret.FromString("hash key"))
	canaryValue := secret.FromString(canary)
	for name, c := range map[string]struct {
		v    audit.Value
		want string
	}{
		"a public text":              {audit.Text("db01"), "db01"},
		"nobody classified it":       {audit.Value{Text: canary}, secret.Redacted},
		"a secret called public":     {audit.Value{Class: audit.Public, Secret: canaryValue}, secret.Redacted},
		"an empty secret":            {audit.Value{}, ""},
		"a hashed secret":            {audit.Hashed(canaryValue), r.Hash(canaryValue)},
		"a sensitive text":           {audit.Value{Class: audit.Sensitive, Text: canary}, r.Hash(canaryValue)},
		"a class that nobody knows":  {audit.Value{Class: 9, Text: canary}, secret.Redacted},
		"an empty sensitive":         {audit.Value{Class: audit.Sensitive}, ""},
		"a secret of the same class": {audit.Value{Class: audit.Secret, Secret: canaryValue}, secret.Redacted},
	} {
		if got := r.Show(c.v); got != c.want || strings.Contains(got, "c4nary") {
			t.Errorf("%s: %q", name, got)
		}
	}
	other := audit.NewRedactor(secret.FromString("another"))
	if r.Hash(canaryValue) == other.Hash(canaryValue) || r.Hash(canaryValue) == r.Hash(secret.FromString("x")) || len(r.Hash(canaryValue)) != len("hmac-sha256:")+64 {
		t.Error("the keyed hash is none")
	}
	changes := r.Diff(nil, "name", audit.Text("a"), audit.Text("a"))
	changes = r.Diff(changes, "name", audit.Text("a"), audit.Text("b"))
	changes = r.Diff(changes, "secret", audit.Hashed(canaryValue), audit.Hashed(secret.FromString("x")))
	if len(changes) != 2 || changes[0] != (audit.Change{Field: "name", Old: "a", New: "b"}) || changes[1].Old != r.Hash(canaryValue) {
		t.Errorf("%q", changes)
	}
}

func TestEventsLeaveAsLinesOfThreeFormats(t *testing.T) {
	t.Parallel()
	r, _ := audit.Head{Chain: "w1"}.Link(audit.Event{
		Time: time.Date(2026, 1, 2, 3, 4, 5, 6000, time.UTC), Kind: audit.CheckoutOutcome, Actor: "alice", Address: "10.0.0.1",
		Integration: `a=b|c\`, Reason: "line\nbreak", Outcome: "denied", Ticket: "CHG 1",
	})
	cef, err := audit.CEF(r)
	if err != nil || !strings.HasPrefix(string(cef), "CEF:0|redim-tools|vault|1|checkout.outcome|checkout outcome|6|rt=1767323045000 externalId=w1:1 suser=alice outcome=denied reason=line\\nbreak ") ||
		!strings.Contains(string(cef), ` src=10.0.0.1 cs1Label=integration cs1=a\=b|c\\ cs5Label=ticket cs5=CHG 1`) || strings.Contains(string(cef), "\n") {
		t.Errorf("%s, %v", cef, err)
	}
	for host, want := range map[string]string{"": "-", "web 01": "web_01"} {
		line, err := audit.Syslog(host)(r)
		if err != nil || !strings.HasPrefix(string(line), "<108>1 2026-01-02T03:04:05.000006Z "+want+` vault - checkout.outcome - {"schema":1,`) || strings.Contains(string(line), "\n") {
			t.Errorf("%s, %v", line, err)
		}
	}
}

func TestALineThatIsNoRecordIsNamed(t *testing.T) {
	t.Parallel()
	r, _ := audit.Head{Chain: "w1"}.Link(audit.Event{Kind: audit.KeyMade})
	good, _ := json.Marshal(r)
	for name, bad := range map[string]string{
		"no JSON":         "{",
		"another schema":  `{"schema":2}`,
		"an extra member": `{"schema":1,"color":"red"}`,
		"a short hash":    `{"schema":1,"hash":"ab"}`,
		"a wrong hash":    `{"schema":1,"hash":"` + strings.Repeat("z", 64) + `"}`,
		"too long":        strings.Repeat("x", 2<<20),
	} {
		_, err := audit.Verifier{}.Verify(audit.ReadLines(strings.NewReader(string(good) + "\n" + bad + "\n")))
		if err == nil || name != "too long" && !strings.Contains(err.Error(), "line 2") {
			t.Errorf("%s: %v", name, err)
		}
	}
}

func FuzzDecode(f *testing.F) {
	f.Add(audit.Event{Actor: "alice", Changes: []audit.Change{{Field: "a", Old: "b", New: "c"}}}.Encode())
	f.Add([]byte{1, 0, 0, 0, 0, 0, 0, 0, 0, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 1})
	f.Fuzz(func(t *testing.T, b []byte) {
		e, err := audit.Decode(b)
		if err == nil && !bytes.Equal(e.Encode(), b) {
			t.Fatalf("%x has another form: %x", b, e.Encode())
		}
	})
}

// TestTheFormOfAnEventIsForEver pins hashes: records that were written once
// must verify with every later program.
func TestTheFormOfAnEventIsForEver(t *testing.T) {
	t.Parallel()
	e := audit.Event{
		Time: time.Date(2026, 1, 2, 3, 4, 5, 6000, time.UTC), Kind: audit.CheckoutOutcome, Actor: "alice", Address: "10.0.0.1", IntegrationID: "i", Integration: "nightly",
		CredentialID: "c", Credential: "web01/root", Policy: "p", Lease: "l", Request: "r", Reason: "why", Comment: "words", Ticket: "CHG-1", Justification: "j",
		Outcome: "released", Released: "hmac", Changes: []audit.Change{{Field: "f", Old: "o", New: "n"}},
	}
	const pinned = "010006475ef64cf34610636865636b6f75742e6f7574636f6d6505616c6963650831302e302e302e310169076e696768746c7901630a77656230312f" +
		"726f6f740170016c01720377687905776f726473054348472d31016a0872656c656173656404686d6163010166016f016e" +
		" b689547537c3457f0a32405758ce040696f73c0138bcbe971d1378434e4dde60" +
		" f76786aeee88a1879d57898459746fbb714746a189da5be7c1bbe48607dc16b8" +
		" 1c995b8dc2eda851c0b408d8f5ec92a127eb63ce21cce04c311f41d48a0f75ac"
	first, head := audit.Head{Chain: "w1"}.Link(e)
	second, head := head.Link(audit.Event{})
	got := fmt.Sprintf("%x %s %s %s", e.Encode(), first.Hash, second.Hash, head.Seal([]byte("key")).MAC)
	if got != pinned {
		t.Errorf("the form changed:\n%s", got)
	}
	called, _ := audit.Head{Chain: "w1"}.Link(audit.Event{Kind: audit.IntegrationLogin, Call: "c1"})
	const pinnedCall = "02ff23400100d4400011696e746567726174696f6e2e6c6f67696e00000000000000000000000000000002633100 ab555f6eb1c8005462086a0ef6af9f49203c0900b9edaccb9caa4ce501e00dc9"
	if got := fmt.Sprintf("%x %s", called.Event.Encode(), called.Hash); got != pinnedCall {
		t.Errorf("the form with a call changed:\n%s", got)
	}
}

package audit_test

import (
	"crypto/ed25519"
	"encoding/json"
	"errors"
	"math/rand/v2"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/redim-tools/redim/pkg/audit"
)

func TestAnExportVerifiesInAnyOrder(t *testing.T) {
	t.Parallel()
	records, heads := chains(t, 6)
	v := audit.Verifier{Checkpoints: []audit.Checkpoint{{Heads: heads}}}
	rand.Shuffle(len(records), func(i, j int) { records[i], records[j] = records[j], records[i] })
	report, err := v.VerifyExport(each(records))
	if err != nil || report.Records != 12 || report.Chains != 2 || report.Checkpoints != 1 || !slices.Equal(report.Heads, heads) {
		t.Errorf("%+v, %v", report, err)
	}
	want := errors.New("cut")
	if _, err = v.VerifyExport(func(yield func(audit.Record, error) bool) { yield(audit.Record{}, want) }); !errors.Is(err, want) {
		t.Error(err)
	}
}

func TestAPartOfAnExportNamesWhatIsBroken(t *testing.T) {
	t.Parallel()
	records, heads := chains(t, 6)
	changed := slices.Clone(records)
	changed[2].Event.Actor = "mallory"
	forged := slices.Clone(records)
	forged[3], _ = audit.Head{Chain: "a", Seq: 3, Hash: records[1].Hash}.Link(records[3].Event)
	first := slices.Clone(records)
	first[0], _ = audit.Head{Chain: "b"}.Link(records[0].Event)
	first[0].Chain = "a"
	for name, c := range map[string]struct {
		v       audit.Verifier
		records []audit.Record
		seq     uint64 // 0: nothing is broken
	}{
		"a later part":            {audit.Verifier{}, records[2:], 0},
		"an earlier part":         {audit.Verifier{}, records[:4], 0},
		"a changed one":           {audit.Verifier{}, changed, 3},
		"a gap":                   {audit.Verifier{}, append(slices.Clone(records[:2]), records[3:6]...), 3},
		"one twice":               {audit.Verifier{}, append(slices.Clone(records), records[4]), 5},
		"one that was put in":     {audit.Verifier{}, forged, 4},
		"a first one of another":  {audit.Verifier{}, first, 1},
		"an end that is cut off":  {audit.Verifier{Heads: heads}, records[:4], 5},
		"an end of other content": {audit.Verifier{Heads: []audit.Head{{Chain: "a", Seq: 6}}}, records, 6},
	} {
		_, err := c.v.VerifyExport(each(c.records))
		e, ok := errors.AsType[*audit.BrokenError](err)
		if c.seq == 0 && err != nil || c.seq != 0 && (!ok || e.Chain != "a" || e.Seq != c.seq) {
			t.Errorf("%s: %v", name, err)
		}
	}
}

func TestCheckpointsTravelAsLines(t *testing.T) {
	t.Parallel()
	_, heads := chains(t, 2)
	public, private, err := ed25519.GenerateKey(nil)
	if err != nil {
		t.Fatal(err)
	}
	line, err := json.Marshal(audit.Checkpoint{Time: time.UnixMicro(5).UTC(), Heads: heads}.Sign(private))
	if err != nil {
		t.Fatal(err)
	}
	read, err := audit.ReadCheckpoints(strings.NewReader(string(line)+"\n\n"), public)
	if err != nil || len(read) != 1 || !slices.Equal(read[0].Heads, heads) {
		t.Errorf("%+v, %v", read, err)
	}
	for says, bad := range map[string]string{"line 2 is no checkpoint": "{", "line 2: the checkpoint has a wrong signature": strings.Replace(string(line), `"seq":2`, `"seq":1`, 1)} {
		if _, err := audit.ReadCheckpoints(strings.NewReader(string(line)+"\n"+bad+"\n"), public); err == nil || !strings.Contains(err.Error(), says) {
			t.Error(err)
		}
	}
}

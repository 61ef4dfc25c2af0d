package audit

import (
	"bytes"
	"cmp"
	"crypto/ed25519"
	"encoding/json"
	"fmt"
	"io"
	"iter"
	"maps"
	"slices"
)

// link is what of a record ties it to its neighbours.
type link struct {
	seq        uint64
	prev, hash Hash
}

// VerifyExport checks records that come in any order, as an export by time has
// them. A chain may begin later than at its first record; from there on every
// record must be there, up to the last one, or up to the head and checkpoints
// that are given. It keeps some 100 bytes for each record.
func (v Verifier) VerifyExport(records iter.Seq2[Record, error]) (Report, error) {
	var report Report
	chains := map[string][]link{}
	for r, err := range records {
		if err != nil {
			return report, err
		}
		if r.Hash != r.sum(r.Event.Encode()) {
			return report, broken(r, "it was changed")
		}
		chains[r.Chain] = append(chains[r.Chain], link{r.Seq, r.Prev, r.Hash})
		report.Records++
	}
	marks := v.marks()
	for _, h := range v.Heads {
		if marks[h.Chain] == nil {
			marks[h.Chain] = map[uint64]Hash{}
		}
		marks[h.Chain][h.Seq] = h.Hash
	}
	for _, name := range slices.Sorted(maps.Keys(chains)) {
		head, err := follow(name, chains[name], marks[name])
		if err != nil {
			return report, err
		}
		report.Heads = append(report.Heads, head)
		report.Chains++
	}
	report.Checkpoints = len(v.Checkpoints)
	return report, nil
}

// follow checks that links are one chain, and that it holds what marks name.
func follow(chain string, links []link, marks map[uint64]Hash) (Head, error) {
	slices.SortStableFunc(links, func(a, b link) int { return cmp.Compare(a.seq, b.seq) })
	var last link
	for n, l := range links {
		mark, marked := marks[l.seq]
		problem := ""
		switch {
		case n > 0 && l.seq == last.seq:
			problem = "it stands there twice"
		case n > 0 && l.seq != last.seq+1:
			return Head{}, &BrokenError{Chain: chain, Seq: last.seq + 1, Problem: "it is missing"}
		case n > 0 && l.prev != last.hash, l.seq == 1 && l.prev != genesis(chain):
			problem = "it does not follow the record before it"
		case marked && mark != l.hash:
			problem = "it is not the one that a checkpoint names"
		}
		if problem != "" {
			return Head{}, &BrokenError{Chain: chain, Seq: l.seq, Problem: problem}
		}
		last = l
	}
	for seq := range marks {
		if seq > last.seq {
			return Head{}, &BrokenError{Chain: chain, Seq: last.seq + 1, Problem: "it is missing, though a checkpoint names a later one"}
		}
	}
	return Head{Chain: chain, Seq: last.seq, Hash: last.hash}, nil
}

// ReadCheckpoints reads checkpoints, one as JSON in each line, and checks their
// signatures.
func ReadCheckpoints(in io.Reader, key ed25519.PublicKey) ([]Checkpoint, error) {
	var out []Checkpoint
	lines := newScanner(in)
	for n := 1; lines.Scan(); n++ {
		if len(bytes.TrimSpace(lines.Bytes())) == 0 {
			continue
		}
		var c Checkpoint
		if err := json.Unmarshal(lines.Bytes(), &c); err != nil {
			return nil, fmt.Errorf("line %d is no checkpoint: %w", n, err)
		}
		if !c.Signed(key) {
			return nil, fmt.Errorf("line %d: the checkpoint has a wrong signature", n)
		}
		out = append(out, c)
	}
	return out, lines.Err()
}

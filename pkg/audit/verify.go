package audit

import (
	"fmt"
	"iter"
	"maps"
	"slices"
)

// BrokenError names the first record that is not as it was written.
type BrokenError struct {
	Chain   string
	Seq     uint64
	Problem string
}

// Error says which record, and what is wrong with it.
func (e *BrokenError) Error() string {
	return fmt.Sprintf("record %d of chain %s: %s", e.Seq, e.Chain, e.Problem)
}

// Report is what a verification saw.
type Report struct {
	Records     uint64
	Chains      int
	Checkpoints int
	Heads       []Head // ends of the chains, without MACs, in the order they came
}

// Verifier checks records that come in the order of chain and sequence. It
// keeps one head for each chain, whatever the number of records.
type Verifier struct {
	// Heads are the ends that the chains must have, checked by the caller to be
	// genuine. Nil: ends are not checked, as for a part of an export.
	Heads []Head
	// Checkpoints are held against the records, their signatures checked by
	// the caller.
	Checkpoints []Checkpoint
}

// Verify walks over the records. A *BrokenError names the first record that was
// changed, removed, added or moved; an error of the walk comes back as it is.
// The report tells how far it came.
func (v Verifier) Verify(records iter.Seq2[Record, error]) (Report, error) {
	w := walk{marks: v.marks(), heads: v.Heads}
	for r, err := range records {
		if err != nil {
			return w.report, err
		}
		if err := w.next(r); err != nil {
			return w.report, err
		}
	}
	w.report.Checkpoints = len(v.Checkpoints)
	return w.report, w.finish(v.Heads)
}

// marks lists for each chain which hash some records must have.
func (v Verifier) marks() map[string]map[uint64]Hash {
	out := map[string]map[uint64]Hash{}
	for _, c := range v.Checkpoints {
		for _, h := range c.Heads {
			if out[h.Chain] == nil {
				out[h.Chain] = map[uint64]Hash{}
			}
			out[h.Chain][h.Seq] = h.Hash
		}
	}
	return out
}

type walk struct {
	report Report
	head   Head
	done   map[string]Head
	marks  map[string]map[uint64]Hash
	heads  []Head
}

func (w *walk) next(r Record) error {
	if w.done == nil {
		w.done = map[string]Head{}
	}
	if r.Chain != w.head.Chain || w.head.Seq == 0 {
		if err := w.close(); err != nil {
			return err
		}
		if _, again := w.done[r.Chain]; again {
			return broken(r, "its chain had ended before")
		}
		w.head = Head{Chain: r.Chain}
	}
	if problem := w.problem(r); problem != "" {
		return &BrokenError{Chain: r.Chain, Seq: min(r.Seq, w.head.Seq+1), Problem: problem}
	}
	w.head = Head{Chain: r.Chain, Seq: r.Seq, Hash: r.Hash}
	w.report.Records++
	return nil
}

func (w *walk) problem(r Record) string {
	prev := w.head.Hash
	if w.head.Seq == 0 {
		prev = genesis(r.Chain)
	}
	mark, marked := w.marks[r.Chain][r.Seq]
	switch {
	case r.Seq > w.head.Seq+1:
		return "it is missing"
	case r.Seq != w.head.Seq+1:
		return "it stands there twice"
	case r.Prev != prev:
		return "it does not follow the record before it"
	case r.Hash != r.sum(r.Event.Encode()):
		return "it was changed"
	case marked && mark != r.Hash:
		return "it is not the one that a checkpoint names"
	}
	return ""
}

// close ends a chain, which must have come to its end.
func (w *walk) close() error {
	if w.head.Seq == 0 {
		return nil
	}
	end := w.head
	w.done[end.Chain] = end
	w.report.Heads = append(w.report.Heads, end)
	w.report.Chains++
	w.head = Head{}
	for _, h := range w.heads {
		if h.Chain == end.Chain && end.Seq < h.Seq {
			return missingAtEnd(end)
		}
	}
	return nil
}

func missingAtEnd(end Head) error {
	return &BrokenError{Chain: end.Chain, Seq: end.Seq + 1, Problem: "it is missing at the end"}
}

// finish checks that the chains end where they should.
func (w *walk) finish(heads []Head) error {
	if err := w.close(); err != nil {
		return err
	}
	for _, h := range heads {
		end := w.done[h.Chain]
		switch {
		case end.Seq < h.Seq:
			return missingAtEnd(Head{Chain: h.Chain, Seq: end.Seq})
		case end.Seq > h.Seq:
			return &BrokenError{Chain: h.Chain, Seq: h.Seq + 1, Problem: "it stands after the end of its chain"}
		case end.Hash != h.Hash:
			return &BrokenError{Chain: h.Chain, Seq: h.Seq, Problem: "it is not the one that its chain ends with"}
		}
		delete(w.done, h.Chain)
	}
	if heads != nil {
		for _, chain := range slices.Sorted(maps.Keys(w.done)) {
			return &BrokenError{Chain: chain, Seq: 1, Problem: "its chain is not known"}
		}
	}
	return w.beyond()
}

// beyond looks for records that a checkpoint names and that never came.
func (w *walk) beyond() error {
	ends := map[string]uint64{}
	for _, h := range w.report.Heads {
		ends[h.Chain] = h.Seq
	}
	for _, chain := range slices.Sorted(maps.Keys(w.marks)) {
		for seq := range w.marks[chain] {
			if seq > ends[chain] {
				return &BrokenError{Chain: chain, Seq: ends[chain] + 1, Problem: "it is missing, though a checkpoint names a later one"}
			}
		}
	}
	return nil
}

func broken(r Record, problem string) error {
	return &BrokenError{Chain: r.Chain, Seq: r.Seq, Problem: problem}
}

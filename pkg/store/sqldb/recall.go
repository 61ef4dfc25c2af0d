package sqldb

import "context"

// Question is an item for Ask whose answer may be given again as long as nothing in
// the database has changed.
type Question interface {
	// Key can be compared; questions with the same one have the same answer.
	Key() any
	// Answer is what was found, and nobody changes any more; nil: it is not worth keeping.
	Answer() any
	// Take takes the answer to a question with the same key.
	Take(answer any)
}

// recall keeps the answers that one connection got from one edition of the
// database: all that was committed at some moment, and nothing else. Whoever asks is
// given them only when the connection has looked, for this very lot, whether the
// edition is still the same. It is used by one goroutine at a time.
type recall struct {
	edition string // empty: none is kept
	answers map[any]any
	barren  int // looks in succession that spared no question
	spared  int // lots to come before the next look
}

const (
	// recalled is how many answers a connection keeps, in about 512 KiB.
	recalled = 512
	// barrenLooks is after how many of them looks become rare: every one costs nearly
	// as much as a question, for nothing while others write.
	barrenLooks = 64
	// rarest is how many lots pass between two looks at most.
	rarest = 31
)

// look tells the edition of the database: a text that is another one after every
// change that anybody has committed. It is empty when that can't be told.
type look func(ctx context.Context, tx *Tx) (string, error)

// asked answers items, in one snapshot when they are several.
type asked func(ctx context.Context, tx *Tx, items []any) error

// ask answers what it can from memory. The look comes before the questions, so an
// answer may be of a later edition than the one it is kept under. That one never
// comes again then, for every edition holds all that was committed in those before.
func (r *recall) ask(ctx context.Context, tx *Tx, look look, ask asked, items []any) error {
	if r.spared > 0 {
		r.spared--
		return ask(ctx, tx, items)
	}
	edition, err := look(ctx, tx)
	if err != nil || edition == "" || edition != r.edition {
		r.forget()
	}
	if err != nil {
		return err
	}
	rest := r.give(items)
	if len(rest) > 0 {
		err = ask(ctx, tx, rest)
	}
	if err == nil && edition != "" {
		r.edition = edition
		r.keep(rest)
	}
	return err
}

func (r *recall) forget() { r.edition, r.answers = "", nil }

// give answers the items that it can, and returns the others.
func (r *recall) give(items []any) []any {
	var rest []any
	for _, item := range items {
		q, ok := item.(Question)
		if ok {
			var answer any
			if answer, ok = r.answers[q.Key()]; ok {
				q.Take(answer)
			}
		}
		if !ok {
			rest = append(rest, item)
		}
	}
	if len(rest) < len(items) {
		r.barren = 0
		return rest
	}
	r.barren++
	r.spared = min(max(r.barren-barrenLooks, 0), rarest)
	return rest
}

// keep keeps the answers, in place of any others when there are too many.
func (r *recall) keep(items []any) {
	if r.answers == nil {
		r.answers = map[any]any{}
	}
	for _, item := range items {
		if q, ok := item.(Question); ok {
			if answer := q.Answer(); answer != nil {
				r.put(q.Key(), answer)
			}
		}
	}
}

func (r *recall) put(key, answer any) {
	if len(r.answers) >= recalled {
		for other := range r.answers {
			delete(r.answers, other)
			break
		}
	}
	r.answers[key] = answer
}

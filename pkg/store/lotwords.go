package store

import (
	"cmp"
	"encoding/binary"
	"errors"
	"slices"
	"strings"
)

// A lotWord tells that a word leads to a row of a lot, the row being counted from the
// first that may be in it.
type lotWord struct {
	word string
	row  int64
}

// lotWords are the words of a lot and the rows that they lead to. Words are sorted;
// each is how many bytes it has in common with the one before it, the length of the
// rest, the rest, the length of its rows, and its rows: each as what it is more than
// the one before. All numbers are unsigned varints.
type lotWords []byte

// packWords sorts the words. The same words make the same bytes.
func packWords(all []lotWord) lotWords {
	slices.SortFunc(all, func(a, b lotWord) int {
		return cmp.Or(strings.Compare(a.word, b.word), cmp.Compare(a.row, b.row))
	})
	packed := lotWords{}
	var rows []byte
	for last := ""; len(all) > 0; {
		word, before := all[0].word, int64(0)
		for rows = rows[:0]; len(all) > 0 && all[0].word == word; all = all[1:] {
			rows = binary.AppendUvarint(rows, uint64(all[0].row-before))
			before = all[0].row
		}
		same := common(last, word)
		packed = binary.AppendUvarint(packed, uint64(same))
		packed = appendSized(packed, word[same:])
		packed = appendSized(packed, rows)
		last = word
	}
	return packed
}

func appendSized[T string | []byte](to []byte, text T) []byte {
	return append(binary.AppendUvarint(to, uint64(len(text))), text...)
}

// common is how many bytes two texts have in common at their beginnings.
func common[A, B string | []byte](a A, b B) int {
	n := 0
	for n < min(len(a), len(b)) && a[n] == b[n] {
		n++
	}
	return n
}

// words is those that are searched for: one, or all that begin with a text.
type words struct {
	text   string
	prefix bool
}

// rows are those that words lead to, the first of the lot being first. What stands
// before the words in their order is passed over without a look at its letters,
// where it differs from the text no later than the word before it did.
func (l lotWords) rows(of words, first int64) (found []int64, err error) {
	r := reader{l, nil}
	for last, same := uint64(0), 0; len(r.rest) > 0; {
		shared := r.number()
		tail, rows := r.sized(), r.sized()
		if r.err != nil || shared > last {
			return found, errWords
		}
		last = shared + uint64(len(tail))
		if shared < uint64(same) {
			break
		}
		if shared == uint64(same) {
			n := common(tail, of.text[same:])
			same += n
			if n < len(tail) && same < len(of.text) && tail[n] > of.text[same] {
				break
			}
		}
		if same == len(of.text) && (of.prefix || last == uint64(same)) {
			if found, err = appendRows(found, rows, first); err != nil {
				return found, err
			}
		}
	}
	return found, nil
}

func appendRows(found []int64, rows []byte, first int64) ([]int64, error) {
	r := reader{rows, nil}
	for row := first; len(r.rest) > 0; {
		row += int64(r.number())
		found = append(found, row)
	}
	return found, r.err
}

var errWords = errors.New("the words of a lot can't be read")

// reader reads numbers and what is preceded by its length.
type reader struct {
	rest []byte
	err  error
}

func (r *reader) number() uint64 {
	n, used := binary.Uvarint(r.rest)
	if used <= 0 {
		r.rest, r.err = nil, errWords
		return 0
	}
	r.rest = r.rest[used:]
	return n
}

func (r *reader) sized() []byte {
	size := r.number()
	if size > uint64(len(r.rest)) {
		r.rest, r.err = nil, errWords
		return nil
	}
	text := r.rest[:size]
	r.rest = r.rest[size:]
	return text
}

package store

import (
	"errors"
	"slices"
	"strings"
	"testing"

	"pgregory.net/rapid"
)

// TestWordsLeadToTheirRows compares with a look at each of them.
func TestWordsLeadToTheirRows(t *testing.T) {
	t.Parallel()
	text := rapid.StringMatching(`[ic][ab/é]{0,4}`)
	rapid.Check(t, func(t *rapid.T) {
		all := rapid.SliceOfDistinct(rapid.Custom(func(t *rapid.T) lotWord {
			return lotWord{text.Draw(t, "word"), rapid.Int64Range(0, 1023).Draw(t, "row")}
		}), func(w lotWord) lotWord { return w }).Draw(t, "all")
		packed := packWords(slices.Clone(all))
		again, err := packed.all()
		if err != nil || string(packWords(again)) != string(packed) || len(again) != len(all) {
			t.Fatalf("%v became %v, %v", all, again, err)
		}
		for range 20 {
			of := words{text.Draw(t, "text"), rapid.Bool().Draw(t, "prefix")}
			var want []int64
			for _, w := range all {
				if w.word == of.text || of.prefix && strings.HasPrefix(w.word, of.text) {
					want = append(want, 2048+w.row)
				}
			}
			got, err := packed.rows(of, 2048)
			slices.Sort(got)
			slices.Sort(want)
			if err != nil || !slices.Equal(got, want) {
				t.Fatalf("%v in %v: %v, %v, want %v", of, all, got, err, want)
			}
		}
	})
}

// FuzzWords reads words that somebody else wrote: all, or the error that says that it
// is not possible.
func FuzzWords(f *testing.F) {
	good := packWords([]lotWord{{"iapp", 1}, {"iapp", 700}, {"iapple", 2}, {"cweb", 3}})
	for n := range len(good) + 1 {
		f.Add([]byte(good[:n]), "iapp", true)
	}
	f.Add([]byte{5, 1, 'x', 0}, "x", false)
	f.Add([]byte{0, 255, 255, 255, 255, 255, 255, 255, 255, 255, 1}, "", true)
	f.Fuzz(func(t *testing.T, data []byte, text string, prefix bool) {
		all, err := lotWords(data).all()
		if err != nil && !errors.Is(err, errWords) {
			t.Fatal(err)
		}
		if _, e := lotWords(data).rows(words{text, prefix}, 0); e != nil && err == nil {
			t.Fatalf("all could be read, but not what %q leads to: %v", text, e)
		}
		if err == nil && len(data) > 0 && len(all) > len(data) {
			t.Fatalf("%d words of %d bytes", len(all), len(data))
		}
	})
}

// BenchmarkWords looks for one word among those of a lot.
func BenchmarkWords(b *testing.B) {
	var all []lotWord
	for n := range int64(512) {
		all = append(all, lotWord{"iapp-" + strings.Repeat("0", int(n%7)), 2 * n}, lotWord{"cweb" + strings.Repeat("1", int(n%9)) + string(rune('a'+n%26)) + "/svc", 2 * n})
	}
	packed := packWords(all)
	b.SetBytes(int64(len(packed)))
	for b.Loop() {
		if _, err := packed.rows(words{"inone", false}, 0); err != nil {
			b.Fatal(err)
		}
	}
}

// all is what packWords was given, sorted.
func (l lotWords) all() (all []lotWord, err error) {
	r, last := reader{l, nil}, ""
	for len(r.rest) > 0 {
		shared := r.number()
		tail, rows := r.sized(), r.sized()
		if r.err != nil || shared > uint64(len(last)) {
			return all, errWords
		}
		last = last[:shared] + string(tail)
		numbers, err := appendRows(nil, rows, 0)
		if err != nil {
			return all, err
		}
		for _, n := range numbers {
			all = append(all, lotWord{last, n})
		}
	}
	return all, nil
}

package spell_test

import (
	"strings"
	"testing"

	"pgregory.net/rapid"

	"github.com/redim-tools/redim/pkg/spell"
)

func TestNearest(t *testing.T) {
	t.Parallel()
	keys := []string{"endpoint_url", "api_user", "api_password", "prefer_ip", "timeout", "spin_jobs"}
	tests := map[string]struct {
		word       string
		candidates []string
		want       string
	}{
		"a letter is missing":               {"timout", keys, "timeout"},
		"a letter too many":                 {"timeoutt", keys, "timeout"},
		"a wrong letter":                    {"api_uzer", keys, "api_user"},
		"two letters are swapped":           {"prefer_pi", keys, "prefer_ip"},
		"a dash for an underscore":          {"endpoint-url", keys, "endpoint_url"},
		"in another case":                   {"API_USER", keys, "api_user"},
		"nothing is near":                   {"colour", keys, ""},
		"nothing was typed":                 {"", keys, ""},
		"nothing to choose from":            {"timeout", nil, ""},
		"an empty candidate":                {"a", []string{""}, ""},
		"one letter is no slip of another":  {"x", []string{"y", "z"}, ""},
		"two letters may share one":         {"db", []string{"xx", "da"}, "da"},
		"the first of two as near":          {"bat", []string{"cat", "hat"}, "cat"},
		"letters are counted, not bytes":    {"ärger", []string{"aerger"}, "aerger"},
		"a whole line is no slip of a key":  {strings.Repeat("timeout", 600), keys, ""},
		"a long candidate is far from all":  {"timeout", []string{strings.Repeat("timeout", 600)}, ""},
		"a long word is not its own slip":   {strings.Repeat("a", 65), []string{strings.Repeat("a", 65)}, ""},
		"the nearest wins, not the first":   {"api_usr", []string{"api_urls", "api_user"}, "api_user"},
		"the same word in capitals is near": {"T", []string{"t"}, "t"},
	}
	for name, tt := range tests {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			if got := spell.Nearest(tt.word, tt.candidates); got != tt.want {
				t.Errorf("got %q, want %q", got, tt.want)
			}
		})
	}
}

func TestNearestFindsAWordWithOneSlip(t *testing.T) {
	t.Parallel()
	words := rapid.StringMatching(`[a-z_]{4,12}`)
	rapid.Check(t, func(t *rapid.T) {
		word := words.Draw(t, "word")
		at := rapid.IntRange(0, len(word)-1).Draw(t, "at")
		letter := rapid.StringMatching(`[a-z]`).Draw(t, "letter")
		slip := rapid.SampledFrom([]string{word[:at] + word[at+1:], word[:at] + letter + word[at:], word[:at] + letter + word[at+1:], word}).Draw(t, "slip")
		if got := spell.Nearest(slip, []string{strings.Repeat("9", 12), word}); got != word {
			t.Errorf("%q: got %q, want %q", slip, got, word)
		}
	})
}

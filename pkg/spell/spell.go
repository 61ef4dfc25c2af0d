// Package spell finds the word that somebody probably meant.
package spell

import "strings"

// Nearest is the candidate with the fewest edits from word, if they are few
// enough to be a slip; else it is empty. Case, and - for _, do not count.
func Nearest(word string, candidates []string) string {
	word = fold(word)
	best, fewest := "", len(word)/3+2
	for _, c := range candidates {
		if d := distance(word, fold(c)); d < fewest {
			best, fewest = c, d
		}
	}
	return best
}

func fold(s string) string { return strings.ReplaceAll(strings.ToLower(s), "-", "_") }

// distance counts the insertions, deletions and substitutions between a and b.
// Texts over 64 bytes are taken to be far apart.
func distance(a, b string) int {
	if len(a) > 64 || len(b) > 64 {
		return 1 << 10
	}
	row := make([]int, len(b)+1)
	for j := range row {
		row[j] = j
	}
	for i := range len(a) {
		diagonal := row[0]
		row[0] = i + 1
		for j := range len(b) {
			cost := diagonal
			if a[i] != b[j] {
				cost++
			}
			diagonal = row[j+1]
			row[j+1] = min(cost, row[j+1]+1, row[j]+1)
		}
	}
	return row[len(b)]
}

// Package spell finds the word that somebody probably meant.
package spell

import "strings"

// maxLen is the length in bytes from which a word is no slip of another.
const maxLen = 64

// Nearest is the candidate with the fewest edits from word, if they are few
// enough to be a slip; else it is empty. Of two that are as near, the first
// counts. Case, and - for _, do not count.
func Nearest(word string, candidates []string) string {
	letters := fold(word)
	if len(letters) == 0 || len(word) > maxLen {
		return ""
	}
	best, fewest := "", slip(len(letters))+1
	for _, c := range candidates {
		if d := distance(letters, fold(c)); d < fewest {
			best, fewest = c, d
		}
	}
	return best
}

// slip is how many edits a word of n letters may be off: about a third, never
// so many that nothing of it is left.
func slip(n int) int { return min(n/3+1, n-1) }

func fold(s string) []rune { return []rune(strings.ReplaceAll(strings.ToLower(s), "-", "_")) }

// distance counts the insertions, deletions and substitutions between a and b.
// It is more than any slip when b is over maxLen.
func distance(a, b []rune) int {
	if len(b) > maxLen {
		return maxLen
	}
	row := make([]int, len(b)+1)
	for j := range row {
		row[j] = j
	}
	for i := range a {
		diagonal := row[0]
		row[0] = i + 1
		for j := range b {
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

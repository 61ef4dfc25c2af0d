//go:build unix

package store_test

import "testing"

func BenchmarkOnlyEngine(b *testing.B) {
	for _, c := range []int{1, 64} {
		b.Run("c"+string(rune('0'+c%10)), func(b *testing.B) { contest(b, c, throughEngine(b, sqliteBackend().make(b))) })
	}
}

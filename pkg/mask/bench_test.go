package mask

import (
	"bytes"
	"fmt"
	"io"
	"strings"
	"testing"

	"github.com/redim-tools/redim/pkg/secret"
)

// logText is a log of a build: words, numbers, paths and times.
func logText(size int) []byte {
	var b bytes.Buffer
	for n := 0; b.Len() < size; n++ {
		fmt.Fprintf(&b, "2026-11-21T14:%02d:%02d.%03dZ info step %d of 4711: compiled /srv/build/pkg/%x/main.go in %d.%d ms (cache miss, worker %d)\n",
			n/60%60, n%60, n%1000, n, n*2654435761, n%97, n%10, n%16)
	}
	return b.Bytes()[:size]
}

// BenchmarkWriter masks with four secrets in chunks as a pipe gives them. On a
// busy machine look at MB/cpu-s, which counts the time of the process alone.
func BenchmarkWriter(b *testing.B) {
	const chunk = 64 << 10
	secrets := []string{`c4nary-Pa55/+"<&é`, "correct horse battery staple", "Tr0ub4dor&3", "9f86d081-884c-4d65-9a2f"}
	short := []string{"abcd", "wxyz", "1q2w", "pass"}
	texts := map[string][]byte{
		"log":    logText(16 * chunk),
		"zeros":  make([]byte, 16*chunk),
		"base64": []byte(strings.Repeat("QmFzZTY0IGlzIGEgZ3JvdXAgb2YgYmluYXJ5LXRvLXRleHQgZW5jb2Rpbmcgc2NoZW1lcw\n", 16*chunk/74)),
	}
	for name, text := range texts {
		b.Run(name, func(b *testing.B) { benchmark(b, secrets, text, chunk) })
	}
	b.Run("log, four letters each", func(b *testing.B) { benchmark(b, short, texts["log"], chunk) })
	b.Run("log, chunks of 80 bytes", func(b *testing.B) { benchmark(b, secrets, texts["log"], 80) })
}

func benchmark(b *testing.B, secrets []string, text []byte, chunk int) {
	values := make([]secret.Value, len(secrets))
	for i, s := range secrets {
		values[i] = secret.FromString(s)
	}
	s, err := New(values...)
	if err != nil {
		b.Fatal(err)
	}
	w := s.Writer(io.Discard)
	b.SetBytes(int64(len(text)))
	before := cpuTime()
	for b.Loop() {
		for rest := text; len(rest) > 0; {
			n := min(chunk, len(rest))
			if _, err := w.Write(rest[:n]); err != nil {
				b.Fatal(err)
			}
			rest = rest[n:]
		}
	}
	if used := cpuTime() - before; used > 0 {
		b.ReportMetric(float64(b.N)*float64(len(text))/1e6/used.Seconds(), "MB/cpu-s")
	}
}

// BenchmarkNew prepares to mask one password.
func BenchmarkNew(b *testing.B) {
	v := secret.FromString(`c4nary-Pa55/+"<&é`)
	for b.Loop() {
		if _, err := New(v); err != nil {
			b.Fatal(err)
		}
	}
}

package mask

import (
	"bytes"
	"testing"

	"pgregory.net/rapid"

	"github.com/redim-tools/redim/pkg/secret"
)

// inChunks masks text in chunks of the given sizes, over and over.
func inChunks(t interface{ Fatal(...any) }, s *Set, text []byte, sizes []byte) string {
	var out bytes.Buffer
	w := s.Writer(&out)
	for n := 0; len(text) > 0; n++ {
		size := len(text)
		if len(sizes) > 0 {
			size = min(size, int(sizes[n%len(sizes)]))
		}
		if _, err := w.Write(text[:size]); err != nil {
			t.Fatal(err)
		}
		text = text[size:]
		if len(sizes) > 0 && n > 3*len(sizes) && size == 0 {
			sizes = nil // nothing but zeros
		}
	}
	if err := w.Close(); err != nil {
		t.Fatal(err)
	}
	if len(w.held) > 0 {
		t.Fatal("something is held back for ever")
	}
	return out.String()
}

// TestChunksMakeNoDifference compares the stream with the slow, obvious way, on
// texts that are full of beginnings and ends of secrets.
func TestChunksMakeNoDifference(t *testing.T) {
	t.Parallel()
	rapid.Check(t, func(t *rapid.T) {
		word := rapid.StringMatching(`[ab%\\&"é]{4,9}`)
		secrets := rapid.SliceOfN(word, 1, 3).Draw(t, "secrets")
		pieces := []string{"a", "b", "%", "%6", "%61", "%62", `\`, `\"`, `\\`, `\u00`, `\u0061`, "&", "&#9", "&#97;", "6", "61", "62", "25", `"`, `""`, "é", "\xc3", "\n", "YW"}
		values := make([]secret.Value, len(secrets))
		for i, s := range secrets {
			values[i] = secret.FromString(s)
			for n := range s {
				pieces = append(pieces, s[n:], s[:n])
			}
			pieces = append(pieces, s, s)
		}
		s, err := New(values...)
		if err != nil {
			t.Fatal(err)
		}
		var text []byte
		for _, piece := range rapid.SliceOfN(rapid.SampledFrom(pieces), 0, 12).Draw(t, "text") {
			text = append(text, piece...)
		}
		sizes := rapid.SliceOfN(rapid.ByteRange(0, 9), 0, 5).Draw(t, "sizes")
		want := slowly(s, text)
		if got := inChunks(t, s, text, sizes); got != want {
			t.Fatalf("%q became %q, want %q", text, got, want)
		}
	})
}

// FuzzWriter compares the Writer with the slow, obvious one.
func FuzzWriter(f *testing.F) {
	f.Add([]byte("c4nary-Pa55/"), []byte("xyxy"), []byte("before c4nary-Pa55%2f c4nary-Pa55\\/ Yzu after xyxyxy 78:79:78:79"), []byte{1, 0, 3})
	f.Add([]byte("aaaa"), []byte("aaab"), []byte("aaaaaabaaaab\\x61\\x61aa"), []byte{2})
	f.Add([]byte("line one is long\nline two is long"), []byte("\xff\xfe\xfd\xfc"), []byte("line two is long\r\n//79/A== \\377\\376\\375\\374"), []byte{})
	f.Fuzz(func(t *testing.T, one, other, text, sizes []byte) {
		if len(one) < Shortest || len(other) < Shortest || len(one)+len(other) > 64 || len(text) > 400 {
			return // too short to be masked, or too long to be slow
		}
		s, err := New(secret.New(bytes.Clone(one)), secret.New(bytes.Clone(other)))
		if err != nil {
			t.Fatal(err)
		}
		want := slowly(s, text)
		if got := inChunks(t, s, text, sizes); got != want {
			t.Fatalf("%q without %q and %q in chunks of %v: %q, want %q", text, one, other, sizes, got, want)
		}
	})
}

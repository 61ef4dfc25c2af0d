package bench

import (
	"os"
	"testing"
)

// BenchmarkStart compares the start of both commands with a bare hello-world.
func BenchmarkStart(b *testing.B) {
	hello := command{path: build(b, "./testdata/hello")}
	for _, name := range []string{"redim", "vault"} {
		path := build(b, "../../cmd/"+name)
		info, err := os.Stat(path)
		if err != nil {
			b.Fatal(err)
		}
		for _, arg := range []string{"--version", "--help"} {
			b.Run(name+arg, func(b *testing.B) {
				beside(b, command{path: path, args: []string{arg}}, hello)
				b.ReportMetric(float64(info.Size())/1e6, "MB")
			})
		}
	}
}

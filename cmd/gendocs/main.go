// Command gendocs writes what is made from the program itself: completions, the
// reference in docs/cli, manual pages, docs/exit-codes.md and docs/settings.md.
// Running it twice writes the same bytes.
package main

import (
	"flag"
	"fmt"
	"os"
)

//go:generate go run . -root ../..

func main() {
	root := flag.String("root", ".", "the module's directory")
	flag.Parse()
	if err := run(*root); err != nil {
		_, _ = fmt.Fprintln(os.Stderr, "gendocs:", err)
		os.Exit(1)
	}
}

func run(root string) error {
	files, err := generate(root)
	if err != nil {
		return err
	}
	return write(root, files)
}

package main

import (
	"fmt"
	"go/ast"
	"go/parser"
	"go/token"
	"path/filepath"
	"slices"
	"strconv"
	"strings"

	"github.com/redim-tools/redim/pkg/cli"
	"github.com/redim-tools/redim/pkg/pam"
)

// constant is one constant of a source file: its value as it is written and the
// comment behind it.
type constant struct{ name, value, comment string }

// constants reads those of a file whose names begin with prefix.
func constants(file, prefix string) ([]constant, error) {
	parsed, err := parser.ParseFile(token.NewFileSet(), file, nil, parser.ParseComments)
	if err != nil {
		return nil, err
	}
	var list []constant
	ast.Inspect(parsed, func(n ast.Node) bool {
		spec, ok := n.(*ast.ValueSpec)
		if !ok || len(spec.Names) != 1 || len(spec.Values) != 1 || !strings.HasPrefix(spec.Names[0].Name, prefix) {
			return true
		}
		if literal, ok := spec.Values[0].(*ast.BasicLit); ok {
			list = append(list, constant{spec.Names[0].Name, literal.Value, strings.TrimSpace(spec.Comment.Text())})
		}
		return true
	})
	if len(list) == 0 {
		return nil, fmt.Errorf("%s has no constant named %s", file, prefix)
	}
	return list, nil
}

const exitCodeHead = `# Exit codes

What the commands of this toolkit end with. Codes 100 to 119 are its own; a
command that runs a program passes that program's code through and reports its
own 1 and 2 as 101 and 102.

With ` + "`-o json`" + ` a failure is one line of JSON on standard error; its ` + "`class`" + ` is a
word of the last column:

` + "```json" + `
{"schema":1,"error":{"code":106,"class":"no_credentials","message":"…","hint":"…"}}
` + "```" + `

| code | meaning | classes |
| --- | --- | --- |
`

// exitCodePage makes docs/exit-codes.md from the comments of the constants in
// package cli and from the classes in package pam. Two codes of the same value,
// and a code without a comment, are errors.
func exitCodePage(root string) ([]byte, error) {
	codes, err := constants(filepath.Join(root, "pkg", "cli", "exitcode.go"), "Exit")
	if err != nil {
		return nil, err
	}
	classes, err := classesByCode(root)
	if err != nil {
		return nil, err
	}
	page := []byte(exitCodeHead)
	seen := map[string]bool{}
	for _, code := range codes {
		if seen[code.value] || code.comment == "" {
			return nil, fmt.Errorf("%s: the code %s is there twice or has no comment", code.name, code.value)
		}
		seen[code.value] = true
		page = fmt.Appendf(page, "| %s | %s | %s |\n", code.value, strings.ReplaceAll(code.comment, "\n", " "), strings.Join(classes[code.value], ", "))
	}
	return page, nil
}

// classesByCode are the failure classes that end with each code.
func classesByCode(root string) (map[string][]string, error) {
	list, err := constants(filepath.Join(root, "pkg", "pam", "failure.go"), "Err")
	if err != nil {
		return nil, err
	}
	classes := map[string][]string{}
	for _, c := range list {
		class, err := strconv.Unquote(c.value)
		if err != nil {
			return nil, err
		}
		code := strconv.Itoa(cli.CodeOf(pam.Class(class)))
		classes[code] = append(classes[code], "`"+class+"`")
	}
	for _, of := range classes {
		slices.Sort(of)
	}
	return classes, nil
}

package e2e

import (
	"go/ast"
	"go/parser"
	"go/token"
	"io/fs"
	"path/filepath"
	"strings"
	"testing"
)

const (
	longestFile     = 400 // lines
	longestFunction = 60
	longestTest     = 100 // a table of cases may be long
)

// sources parses every Go file of the module, by its path from the root.
func sources(t *testing.T) (*token.FileSet, map[string]*ast.File) {
	t.Helper()
	fset, files := token.NewFileSet(), map[string]*ast.File{}
	err := filepath.WalkDir(root, func(path string, entry fs.DirEntry, err error) error {
		if err != nil {
			return err
		}
		if entry.IsDir() && path != root && (strings.HasPrefix(entry.Name(), ".") || entry.Name() == "testdata") {
			return filepath.SkipDir
		}
		if entry.IsDir() || !strings.HasSuffix(path, ".go") {
			return nil
		}
		file, err := parser.ParseFile(fset, path, nil, parser.ParseComments)
		if err != nil {
			return err
		}
		rel, err := filepath.Rel(root, path)
		files[filepath.ToSlash(rel)] = file
		return err
	})
	if err != nil || len(files) == 0 {
		t.Fatalf("%d files, %v", len(files), err)
	}
	return fset, files
}

func TestFilesAndFunctionsAreShort(t *testing.T) {
	t.Parallel()
	fset, files := sources(t)
	for path, file := range files {
		longest := longestFunction
		if strings.HasSuffix(path, "_test.go") {
			longest = longestTest
		}
		if lines := fset.File(file.Pos()).LineCount(); lines > longestFile {
			t.Errorf("%s has %d lines, more than %d", path, lines, longestFile)
		}
		ast.Inspect(file, func(n ast.Node) bool {
			f, ok := n.(*ast.FuncDecl)
			if !ok {
				return true
			}
			if lines := fset.Position(f.End()).Line - fset.Position(f.Pos()).Line + 1; lines > longest {
				t.Errorf("%s: %s has %d lines, more than %d", path, f.Name.Name, lines, longest)
			}
			return true
		})
	}
}

func TestNothingHappensBeforeMain(t *testing.T) {
	t.Parallel()
	_, files := sources(t)
	for path, file := range files {
		for _, decl := range file.Decls {
			if f, ok := decl.(*ast.FuncDecl); ok && f.Recv == nil && f.Name.Name == "init" {
				t.Errorf("%s has an init function", path)
			}
		}
	}
}

func TestEveryPackageIsDescribedOnce(t *testing.T) {
	t.Parallel()
	described, packages := map[string][]string{}, map[string]bool{}
	_, files := sources(t)
	for path, file := range files {
		if strings.HasSuffix(path, "_test.go") {
			continue
		}
		dir := filepath.Dir(path)
		packages[dir] = true
		if file.Doc == nil {
			continue
		}
		described[dir] = append(described[dir], path)
		want := "Package " + file.Name.Name + " "
		if file.Name.Name == "main" {
			want = "Command " + filepath.Base(dir) + " "
		}
		if !strings.HasPrefix(file.Doc.Text(), want) {
			t.Errorf("%s: the description does not begin with %q", path, want)
		}
	}
	for dir := range packages {
		if len(described[dir]) != 1 {
			t.Errorf("%s is described in %d files: %v", dir, len(described[dir]), described[dir])
		}
	}
}

// TestNothingIsLeftForLater finds what only its author can make sense of.
func TestNothingIsLeftForLater(t *testing.T) {
	t.Parallel()
	_, files := sources(t)
	for path, file := range files {
		for _, group := range file.Comments {
			for _, word := range []string{"TO" + "DO", "FIX" + "ME", "XX" + "X"} {
				if strings.Contains(group.Text(), word) {
					t.Errorf("%s: a comment says %s", path, word)
				}
			}
		}
	}
}

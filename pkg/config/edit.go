package config

import (
	"bytes"
	"context"
	"errors"
	"os"
	"path/filepath"
	"strings"
	"time"

	"go.yaml.in/yaml/v3"

	"github.com/redim-tools/redim/pkg/atomicfile"
	"github.com/redim-tools/redim/pkg/pam"
)

// lockTimeout bounds the wait for another command that changes the same file.
const lockTimeout = 10 * time.Second

// File is a settings file that is being changed. Each change keeps comments,
// order and all lines that it is not about. It is for one goroutine.
type File struct {
	AcceptRisks []string // named risks that the user takes, see Validate

	path string
	data []byte
}

// Edit lets change work on the settings file at path and writes what comes
// out: atomically, mode 0600, and only if it differs. A file that does not
// exist is made, with its folder. Edits of several processes wait for each
// other. An error of change leaves the file as it was.
func Edit(ctx context.Context, path string, change func(*File) error) error {
	return edit(ctx, behindLinks(path), change)
}

// behindLinks is the file itself, so that its lock has one name only.
func behindLinks(path string) string {
	if target, err := filepath.EvalSymlinks(path); err == nil {
		return target
	}
	return path
}

func edit(ctx context.Context, path string, change func(*File) error) error {
	if err := os.MkdirAll(filepath.Dir(path), 0o700); err != nil {
		return pam.Failf(pam.ErrOther, "make the folder of the settings: %w", err).WithHint("make it by hand, or name another file with --config or REDIM_CONFIG")
	}
	release, err := lock(ctx, path)
	if err != nil {
		return err
	}
	defer release()
	d, err := readDocument(path)
	if err != nil {
		return err
	}
	f := &File{path: path, data: d.data}
	if err := change(f); err != nil {
		return err
	}
	if len(f.data) > MaxFile {
		return pam.Failf(pam.ErrUsage, "settings file %s would be longer than 1 MiB", path).WithHint("keep fewer profiles in one file")
	}
	if bytes.Equal(f.data, d.data) && !d.loose && !d.missing {
		return nil
	}
	return atomicfile.Write(path, f.data, 0o600)
}

func lock(ctx context.Context, path string) (func(), error) {
	waiting, cancel := context.WithTimeout(ctx, lockTimeout)
	defer cancel()
	name := filepath.Join(filepath.Dir(path), "."+filepath.Base(path)+".lock")
	release, err := atomicfile.Lock(waiting, name)
	if err != nil && ctx.Err() == nil && errors.Is(err, context.DeadlineExceeded) {
		return nil, pam.Failf(pam.ErrOther, "another command has been changing %s for %s", path, lockTimeout).WithHint("see whether it still runs, for example with: fuser %s", name)
	}
	return release, err
}

// Bytes is the text as it is now. The caller must not change it.
func (f *File) Bytes() []byte { return f.data }

// Profiles names the profiles in the order of the file.
func (f *File) Profiles() ([]string, error) {
	d := f.document()
	names := make([]string, len(d.profiles))
	for i, p := range d.profiles {
		names[i] = p.name
	}
	return names, AsError(d.problems)
}

func (f *File) document() *document {
	d := &document{path: f.path, table: Keys(), data: f.data}
	d.parse()
	return d
}

// Replace takes edited in the place of the whole text, which must still be
// old. Text that can't be loaded is refused.
func (f *File) Replace(old, edited []byte) error {
	if !bytes.Equal(f.data, old) {
		return pam.Failf(pam.ErrOther, "%s was changed by someone else meanwhile", f.path).WithHint("look at the file, and edit it again")
	}
	if err := AsError(Check(f.path, edited)); err != nil {
		return err
	}
	f.data = bytes.Clone(edited)
	return nil
}

// Check returns what is wrong with the form of a text, and with each value in
// it, if it were the settings file at path.
func Check(path string, data []byte) []Problem {
	d := &document{path: path, table: Keys(), data: data}
	if err := d.bound(); err != nil {
		return []Problem{fromError("", d.at(0), err)}
	}
	d.parse()
	out := d.problems
	for _, p := range d.profiles {
		_, problems := fileOnly().load(d, p.name)
		out = append(out, problems...)
	}
	sortProblems(out)
	return out
}

// fileOnly are options without any layer above the file.
func fileOnly() Options { return Options{Getenv: func(string) string { return "" }} }

// put sets the value at path, by a change of lines if that can be.
func (f *File) put(path []string, val *yaml.Node) error {
	doc, root, err := f.parse()
	if err != nil {
		return err
	}
	want := doc.Content[0]
	t := newText(f.data, root)
	changed := countable(f.data) && t.put(root, path, val)
	if !putNode(want, path, val) {
		return pam.Failf(pam.ErrUsage, "%s: %s is not a map, so nothing can be put below it", f.path, path[0]).WithHint("mend the file first: redim config lint")
	}
	return f.accept(t, changed, doc)
}

// merge puts entries into the map at path, in one change however many they are.
func (f *File) merge(k Key, path []string, entries []entry) error {
	doc, root, err := f.parse()
	if err != nil || len(entries) == 0 {
		return err
	}
	m := descend(root, path...)
	if m == nil || m.Kind != yaml.MappingNode || len(m.Content) == 0 {
		return f.put(path, valueNode(k, value{entries: entries}))
	}
	t := newText(f.data, root)
	changed := countable(f.data) && t.merge(k, m, entries)
	for _, e := range entries {
		putNode(descend(doc.Content[0], path...), []string{spelling(k, m, e.name)}, entryNode(k, e))
	}
	return f.accept(t, changed, doc)
}

// drop removes what is at path. Nothing there is not an error.
func (f *File) drop(path []string) (bool, error) {
	doc, root, err := f.parse()
	if err != nil || descend(root, path...) == nil {
		return false, err
	}
	const keep = 2 // profiles, and the profile's name
	t := newText(f.data, root)
	changed := countable(f.data) && t.drop(root, path, keep)
	dropNode(doc.Content[0], path, keep)
	return true, f.accept(t, changed, doc)
}

// accept takes the changed lines if they mean what the changed tree says, else
// the tree written anew.
func (f *File) accept(t *text, changed bool, want *yaml.Node) error {
	if changed {
		data := t.bytes()
		if got, p := parseYAML(data, Origin{}); p == nil && sameNode(got, want.Content[0]) {
			f.data = data
			return nil
		}
	}
	data, err := encode(want)
	if err != nil {
		return pam.Failf(pam.ErrOther, "write %s as YAML: %w", f.path, err).WithHint("change the file by hand: redim config edit")
	}
	f.data = data
	return nil
}

// parse returns the document with a mapping in it, and that mapping, or nil
// when the file is empty.
func (f *File) parse() (doc, root *yaml.Node, err error) {
	root, p := parseYAML(f.data, Origin{Layer: LayerProfile, File: f.path})
	if p != nil {
		return nil, nil, AsError([]Problem{*p})
	}
	if root != nil && root.Kind != yaml.MappingNode {
		return nil, nil, pam.Failf(pam.ErrUsage, "%s is not a map of settings", f.path).WithHint("mend the file first: redim config lint")
	}
	doc = &yaml.Node{}
	if err := yaml.Unmarshal(f.data, doc); err != nil || len(doc.Content) == 0 || root == nil {
		doc = &yaml.Node{Kind: yaml.DocumentNode, HeadComment: comments(f.data), Content: []*yaml.Node{{Kind: yaml.MappingNode, Tag: "!!map"}}}
	}
	return doc, root, nil
}

// comments are the comment lines of a file that holds nothing else.
func comments(data []byte) string {
	var out []string
	for line := range strings.Lines(string(data)) {
		if line = strings.TrimSpace(line); strings.HasPrefix(line, "#") {
			out = append(out, line)
		}
	}
	return strings.Join(out, "\n")
}

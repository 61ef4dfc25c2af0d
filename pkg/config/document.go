package config

import (
	"bytes"
	"errors"
	"io"
	"io/fs"
	"os"
	"regexp"
	"strconv"
	"strings"

	"go.yaml.in/yaml/v3"

	"github.com/redim-tools/redim/pkg/atomicfile"
	"github.com/redim-tools/redim/pkg/pam"
	"github.com/redim-tools/redim/pkg/secret"
)

// MaxFile bounds the settings file, in bytes.
const MaxFile = 1 << 20

// document is a settings file as it was read.
type document struct {
	path     string
	table    []Key
	data     []byte
	missing  bool
	loose    bool // group or others may open it
	writable bool // group or others may change it
	profiles []profile
	problems []Problem
}

// readDocument reads and splits a settings file. One that does not exist is an
// empty document.
func readDocument(path string) (*document, error) {
	d := &document{path: path, table: Keys()}
	err := d.read()
	if errors.Is(err, fs.ErrNotExist) {
		d.missing = true
		return d, nil
	}
	if err != nil {
		return nil, err
	}
	d.parse()
	return d, nil
}

func (d *document) read() error {
	if d.path == os.DevNull { // as good as an empty file, and often given for one
		return nil
	}
	f, err := atomicfile.Open(d.path)
	switch {
	case errors.Is(err, fs.ErrNotExist):
		return err
	case errors.Is(err, atomicfile.ErrNotRegular):
		return pam.Failf(pam.ErrUsage, "settings file %s is a pipe or a device", d.path).WithHint("name a file with --config; what a program writes goes into one first, or into REDIM_ variables")
	case err != nil:
		return pam.Failf(pam.ErrUsage, "read settings: %w", err).WithHint("the file must be readable by the user that runs this command, or name another with --config")
	}
	defer f.Close()
	info, err := f.Stat()
	if err == nil && info.IsDir() {
		return pam.Failf(pam.ErrUsage, "settings file %s is a directory", d.path).WithHint("name the file in it")
	}
	if err == nil {
		d.loose = secret.Loose(info)
		d.writable = d.loose && info.Mode().Perm()&0o022 != 0
		d.data, err = io.ReadAll(io.LimitReader(f, MaxFile+1))
	}
	if err != nil {
		return pam.Failf(pam.ErrUsage, "read settings: %w", err)
	}
	return d.bound()
}

func (d *document) bound() error {
	if len(d.data) > MaxFile {
		return pam.Failf(pam.ErrUsage, "settings file %s is longer than 1 MiB", d.path).WithHint("check that it is the right file")
	}
	return nil
}

func (d *document) at(line int) Origin {
	return Origin{Layer: LayerProfile, File: d.path, Line: line}
}

func (d *document) report(p Problem) { d.problems = append(d.problems, p) }

// parse splits the file into its profiles.
func (d *document) parse() {
	root, p := parseYAML(d.data, d.at(0))
	switch {
	case p != nil:
		d.report(*p)
	case root != nil && root.Kind != yaml.MappingNode:
		d.report(problem("", d.at(root.Line), "the file is not a map of settings").hint("it starts with profiles:, then default: and the settings below"))
	case root != nil:
		d.eachPair(root, "", d.top)
	}
}

func (d *document) top(name string, key, val *yaml.Node) {
	if name != "profiles" {
		p := problem(name, d.at(key.Line), "unknown key at the top of the file").hint("only profiles: stands there")
		if _, _, ok := Lookup(name); ok {
			p = p.hint("put it below a profile: profiles:, then default:, then %s", name)
		}
		d.report(p)
		return
	}
	if isNull(val) {
		return
	}
	if val.Kind != yaml.MappingNode {
		d.report(problem(name, d.at(key.Line), "profiles is not a map").hint("write profiles:, then default: and the settings below"))
		return
	}
	d.eachPair(val, "profile ", d.addProfile)
}

func (d *document) addProfile(name string, key, val *yaml.Node) {
	p := profile{name: name, line: key.Line, values: map[string]value{}}
	if err := CheckProfile(name); err != nil {
		d.report(fromError("", d.at(key.Line), err))
	}
	switch {
	case val.Kind == yaml.MappingNode:
		d.take(p, val, "")
	case !isNull(val):
		d.report(problem("", d.at(key.Line), "profile %q is not a map of settings", name).hint("indent the settings below its name"))
	}
	d.profiles = append(d.profiles, p)
}

// eachPair visits the pairs of a mapping and reports names that stand twice.
func (d *document) eachPair(m *yaml.Node, what string, visit func(name string, key, val *yaml.Node)) {
	seen := map[string]int{}
	for i := 0; i+1 < len(m.Content); i += 2 {
		key, val := m.Content[i], m.Content[i+1]
		if key.Kind != yaml.ScalarNode {
			d.report(problem("", d.at(key.Line), "a name is expected here").hint("write NAME: VALUE"))
			continue
		}
		if first, twice := seen[key.Value]; twice {
			d.report(problem("", d.at(key.Line), "%s%q is given twice, first in line %d", what, key.Value, first).hint("keep one of them"))
			continue
		}
		seen[key.Value] = key.Line
		visit(key.Value, key, val)
	}
}

// find returns the profile of that name.
func (d *document) find(name string) (profile, bool) {
	for _, p := range d.profiles {
		if p.name == name {
			return p, true
		}
	}
	return profile{}, false
}

func isNull(n *yaml.Node) bool { return n.Kind == yaml.ScalarNode && n.Tag == "!!null" }

// parseYAML reads one document and returns its content, nil when it is empty.
// Anchors, aliases and merge keys are refused, so a small file can't grow.
func parseYAML(data []byte, at Origin) (*yaml.Node, *Problem) {
	dec := yaml.NewDecoder(bytes.NewReader(data))
	var doc yaml.Node
	err := dec.Decode(&doc)
	if errors.Is(err, io.EOF) {
		return nil, nil
	}
	if err != nil {
		return nil, yamlProblem(err, at)
	}
	if err := dec.Decode(new(yaml.Node)); !errors.Is(err, io.EOF) {
		p := problem("", at, "more than one YAML document, or something behind the first").hint("remove what follows the line ---")
		return nil, &p
	}
	if n := findAlias(&doc); n != nil {
		at.Line = n.Line
		p := problem("", at, "anchors, aliases and tags of YAML are not used here").hint("write the value out; put a text that starts with & * or ! in quotes")
		return nil, &p
	}
	if len(doc.Content) == 0 || isNull(doc.Content[0]) {
		return nil, nil
	}
	return doc.Content[0], nil
}

func findAlias(n *yaml.Node) *yaml.Node {
	if n.Kind == yaml.AliasNode || n.Anchor != "" || n.Style&yaml.TaggedStyle != 0 || n.Tag == "!!merge" {
		return n
	}
	for _, c := range n.Content {
		if bad := findAlias(c); bad != nil {
			return bad
		}
	}
	return nil
}

// yamlProblem keeps the line of a YAML error, and its text unless that repeats
// something of the file, which may be a secret.
func yamlProblem(err error, at Origin) *Problem {
	text := strings.TrimPrefix(err.Error(), "yaml: ")
	if m := regexp.MustCompile(`^line (\d+): `).FindStringSubmatch(text); m != nil {
		at.Line, _ = strconv.Atoi(m[1])
		text = text[len(m[0]):]
	}
	if strings.ContainsAny(text, "'\"`") && strings.Contains(text, "anchor") {
		text = "an alias that is not defined"
	}
	p := problem("", at, "this is not YAML: %s", text).hint("check the indentation (blanks, no tabs), and quote texts that hold : # & * or !")
	return &p
}

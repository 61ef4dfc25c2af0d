package config

import (
	"slices"
	"strconv"
	"strings"
	"unicode"

	"go.yaml.in/yaml/v3"

	"github.com/redim-tools/redim/pkg/pam"
	"github.com/redim-tools/redim/pkg/secret"
)

// Set gives a key, or one entry of a map by KEY.ENTRY, a value in a profile,
// which is made when it is not there. The text is what --set takes. A relative
// path is made absolute, because it is meant from where the user is. Errors
// are pam.ErrUsage: unknown key, impossible value, or a value that Validate
// would refuse.
func (f *File) Set(profile, name, text string) error {
	if err := CheckProfile(profile); err != nil {
		return err
	}
	k, item, ok := Lookup(name)
	if !ok {
		return AsError([]Problem{unknownKey(Keys(), "", name, Origin{})})
	}
	v, problems := f.understand(k, item, text)
	if err := AsError(problems); err != nil {
		return err
	}
	path := append([]string{"profiles", profile}, strings.Split(k.Name, ".")...)
	val := valueNode(k, v)
	if item != "" {
		val = val.Content[1]
		path = append(path, f.spelling(k, path, v.entries[0].name))
	}
	before := f.data
	if err := f.put(path, val); err != nil {
		return err
	}
	if err := f.judge(profile, k.Name); err != nil {
		f.data = before
		return err
	}
	return nil
}

// understand turns the text into a value as it is to be written.
func (f *File) understand(k Key, item, text string) (value, []Problem) {
	v := value{origin: Origin{}}
	var problems []Problem
	if item != "" {
		v.entries = []entry{{name: item, text: strings.TrimSpace(text)}}
	} else {
		v, problems = fromText(k, absolute(k, text), v.origin)
	}
	if AsError(problems) == nil {
		problems = append(problems, new(Settings).assign(k, v)...)
	}
	if AsError(problems) == nil {
		v = canonical(k, v)
	}
	return v, problems
}

// absolute makes the paths in a text absolute, seen from the working folder.
func absolute(k Key, text string) string {
	var here Origin
	if k.paths != nil {
		return k.paths(here, strings.TrimSpace(text))
	}
	if src, err := secret.ParseSource(text); k.Type == TypeSecret && err == nil && src.Kind == secret.KindFile {
		src.Arg = here.resolve(src.Arg)
		return src.Text()
	}
	return text
}

// canonical is a value that was understood, in one spelling.
func canonical(k Key, v value) value {
	v.text = strings.TrimSpace(v.text)
	switch k.Type {
	case TypeURLs:
		v.text = strings.Join(strings.FieldsFunc(v.text, func(r rune) bool { return r == ',' || unicode.IsSpace(r) }), ",")
	case TypeBool:
		var b bool
		assignBool(&b, k, v)
		v.text = strconv.FormatBool(b)
	case TypeDomains:
		for i, e := range v.entries {
			v.entries[i].name, v.entries[i].text, _ = parseDomain(e)
		}
	case TypeJobs:
		for i, e := range v.entries {
			t, _ := pam.ParseStoreType(e.name)
			v.entries[i].name = t.String()
		}
	}
	return v
}

func (f *File) spelling(k Key, path []string, name string) string {
	root, _ := parseYAML(f.data, Origin{})
	return spelling(k, descend(root, path...), name)
}

// spelling is how the map writes the entry already, or name.
func spelling(k Key, m *yaml.Node, name string) string {
	if m == nil || m.Kind != yaml.MappingNode {
		return name
	}
	for i := 0; i+1 < len(m.Content); i += 2 {
		if sameEntry(k, m.Content[i].Value, name) {
			return m.Content[i].Value
		}
	}
	return name
}

func sameEntry(k Key, a, b string) bool {
	switch k.Type {
	case TypeJobs:
	case TypeServers:
		return foldServer(a) == foldServer(b)
	default:
		return foldName(a) == foldName(b)
	}
	ta, errA := pam.ParseStoreType(a)
	tb, errB := pam.ParseStoreType(b)
	return errA == nil && errB == nil && ta == tb
}

// valueNode is a value in the form of the file.
func valueNode(k Key, v value) *yaml.Node {
	switch {
	case k.Type == TypeTree && v.tree != nil:
		return v.tree
	case k.IsMap() || k.Type == TypeTree:
		m := &yaml.Node{Kind: yaml.MappingNode, Tag: "!!map"}
		for _, e := range v.entries {
			m.Content = append(m.Content, stringNode(e.name), entryNode(k, e))
		}
		return m
	}
	n := stringNode(v.text)
	if k.Type == TypeBool || k.Type == TypeInt || k.Type == TypeChoice {
		n.Tag = ""
		n.Tag = n.ShortTag()
	}
	return n
}

func entryNode(k Key, e entry) *yaml.Node {
	n := stringNode(e.text)
	if k.Type == TypeJobs {
		n.Tag = "!!int"
	}
	return n
}

// judge refuses what Validate would refuse about a key, taken by the file alone.
func (f *File) judge(profile, key string) error {
	d := f.document()
	s, problems := fileOnly().load(d, profile)
	var about []Problem
	for _, p := range append(problems, s.Problems(f.AcceptRisks)...) {
		if p.Key == key && p.Message != notSet {
			about = append(about, p)
		}
	}
	return AsError(about)
}

// Unset removes a key, or an entry of a map, from a profile, so that the
// default holds again. It reports whether there was something to remove. A key
// that is unknown but stands in the file is removed too.
func (f *File) Unset(profile, name string) (bool, error) {
	path := []string{"profiles", profile}
	root, p := parseYAML(f.data, Origin{Layer: LayerProfile, File: f.path})
	if p != nil {
		return false, AsError([]Problem{*p})
	}
	if descend(root, append(path, name)...) != nil {
		return f.drop(append(path, name))
	}
	k, item, ok := Lookup(name)
	if !ok {
		parts := slices.Concat(path, strings.Split(name, "."))
		if descend(root, parts...) != nil {
			return f.drop(parts)
		}
		return false, AsError([]Problem{unknownKey(Keys(), "", name, Origin{})})
	}
	path = append(path, strings.Split(k.Name, ".")...)
	if item != "" {
		path = append(path, f.spelling(k, path, item))
	}
	return f.drop(path)
}

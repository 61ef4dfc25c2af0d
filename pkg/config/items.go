package config

import (
	"fmt"
	"maps"
	"slices"
	"strconv"
	"strings"
	"time"

	"go.yaml.in/yaml/v3"

	"github.com/redim-tools/redim/pkg/pam"
	"github.com/redim-tools/redim/pkg/secret"
)

// Item is one setting as it is shown.
type Item struct {
	Key    Key
	Name   string // the key's name, or KEY.ENTRY
	Text   string // as --set takes it, but for secrets: [redacted] and the source
	Value  any    // for JSON and YAML: text, bool, int, a list, or a map of text or of int64
	Origin Origin
}

// Items lists the settings that the command reads, in the order of the table,
// set or not.
func (s *Settings) Items() []Item {
	var out []Item
	for _, k := range s.keys() {
		if s.reads(k) {
			text, val := s.show(k)
			out = append(out, Item{Key: k, Name: k.Name, Text: text, Value: val, Origin: s.Origin(k.Name)})
		}
	}
	return out
}

// Get returns one setting, or one entry of a map by KEY.ENTRY. An unknown key
// is pam.ErrUsage with the nearest known one, an entry that is not there is
// pam.ErrNotFound.
func (s *Settings) Get(name string) (Item, error) {
	k, item, ok := Lookup(name)
	if !ok {
		return Item{}, AsError([]Problem{unknownKey(Keys(), s.tool, name, Origin{})})
	}
	text, val := s.show(k)
	if item != "" {
		if text, val, ok = entryOf(k, val, item); !ok {
			return Item{}, pam.Failf(pam.ErrNotFound, "%s has no entry %s", k.Name, item).WithHint("see: redim config get %s", k.Name)
		}
	}
	return Item{Key: k, Name: name, Text: text, Value: val, Origin: s.Origin(name)}, nil
}

// entryOf is one entry of a map that show made, as show makes values.
func entryOf(k Key, m any, name string) (string, any, bool) {
	switch m := m.(type) {
	case map[string]string:
		for have, text := range m {
			if sameEntry(k, have, name) {
				return text, text, true
			}
		}
	case map[string]int64:
		for have, n := range m {
			if sameEntry(k, have, name) {
				return strconv.FormatInt(n, 10), n, true
			}
		}
	}
	return "", nil, false
}

// show is a key's value as text and for encoders, without what may be secret.
func (s *Settings) show(k Key) (string, any) {
	if src := s.sources()[k.Name]; !k.Secret() && !src.IsZero() {
		text := string(KeyPassphrase) + ":" + src.String()
		return text, text
	}
	return show(k.field(s))
}

func show(field any) (string, any) {
	switch f := field.(type) {
	case *string:
		return *f, *f
	case *bool:
		return strconv.FormatBool(*f), *f
	case *int:
		return strconv.Itoa(*f), *f
	case *time.Duration:
		return shortDuration(*f), shortDuration(*f)
	case *secret.Source:
		return showSource(*f), showSource(*f)
	case *pam.DomainMap:
		return showMap(*f)
	case *map[pam.StoreType]int64:
		return showJobs(*f)
	case *[]string:
		return strings.Join(*f, ","), append([]string{}, *f...)
	case *map[string]secret.Source:
		return showRotators(*f)
	case *map[string]pam.Selector:
		return showServers(*f)
	case *map[string]any:
		return showTree(*f)
	}
	return fmt.Sprint(field), field
}

func showSource(s secret.Source) string {
	if s.IsZero() {
		return ""
	}
	return secret.Redacted + " (" + s.String() + ")"
}

// shortDuration leaves out the zeros at the end: 20m, not 20m0s.
func shortDuration(d time.Duration) string {
	text := d.String()
	if strings.HasSuffix(text, "m0s") {
		text = strings.TrimSuffix(text, "0s")
	}
	if strings.HasSuffix(text, "h0m") {
		text = strings.TrimSuffix(text, "0m")
	}
	return text
}

func showMap(m map[string]string) (string, any) {
	pairs := make([]string, 0, len(m))
	for _, name := range slices.Sorted(maps.Keys(m)) {
		pairs = append(pairs, name+"="+m[name])
	}
	text := strings.Join(pairs, ",")
	if m == nil {
		return text, map[string]string{}
	}
	return text, m
}

func showJobs(jobs map[pam.StoreType]int64) (string, any) {
	m, numbers := make(map[string]string, len(jobs)), make(map[string]int64, len(jobs))
	for t, id := range jobs {
		m[t.String()], numbers[t.String()] = strconv.FormatInt(id, 10), id
	}
	text, _ := showMap(m)
	return text, numbers
}

func showTree(tree map[string]any) (string, any) {
	if len(tree) == 0 {
		return "", map[string]any{}
	}
	node := &yaml.Node{}
	if err := node.Encode(tree); err != nil {
		return "", tree
	}
	node.Style = yaml.FlowStyle
	text, err := yaml.Marshal(node)
	if err != nil {
		return "", tree
	}
	return strings.TrimSpace(string(text)), tree
}

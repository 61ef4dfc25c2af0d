package config

import (
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/redim-tools/redim/pkg/pam"
	"github.com/redim-tools/redim/pkg/secret"
	"github.com/redim-tools/redim/pkg/spell"
)

// assign understands a value and puts it into its field.
func (s *Settings) assign(k Key, v value) []Problem {
	switch field := k.field(s).(type) {
	case *string:
		return one(s.assignText(field, k, v))
	case *bool:
		return one(assignBool(field, k, v))
	case *int:
		return one(assignInt(field, k, v))
	case *time.Duration:
		return one(assignDuration(field, k, v))
	case *secret.Source:
		return one(s.assignSource(field, k, v))
	case *pam.DomainMap:
		return assignDomains(field, k, v)
	case *map[pam.StoreType]int64:
		return assignJobs(field, k, v)
	case *[]string:
		return one(assignURLs(field, k, v))
	case *map[string]secret.Source:
		return assignRotators(field, k, v)
	case *map[string]pam.Selector:
		return assignServers(field, k, v)
	case *map[string]any:
		return one(assignTree(field, k, v))
	}
	panic("config: key " + k.Name + " has a field of unknown type")
}

func one(p *Problem) []Problem {
	if p == nil {
		return nil
	}
	return []Problem{*p}
}

func bad(k Key, at Origin, format string, args ...any) *Problem {
	p := problem(k.Name, at, format, args...).hint("write it like %s", k.Example)
	return &p
}

func (s *Settings) assignText(field *string, k Key, v value) *Problem {
	text := strings.TrimSpace(v.text)
	if err := pam.CheckText("value", text); err != nil {
		p := problem(k.Name, v.origin, "the value is longer than 1024 bytes or holds a control character").hint("write it in one line, for example %s", k.Example)
		return &p
	}
	if len(k.Choices) > 0 && !slices.Contains(k.Choices, text) {
		p := problem(k.Name, v.origin, "%q is none of %s", text, strings.Join(k.Choices, ", ")).hint("use one of them")
		if near := spell.Nearest(text, k.Choices); near != "" {
			p = p.hint("did you mean %s", near)
		}
		return &p
	}
	if k.check != nil {
		if err := k.check(text); err != nil {
			p := fromError(k.Name, v.origin, err)
			return &p
		}
	}
	if k.paths != nil {
		text = k.paths(v.origin, text)
	}
	*field = text
	return nil
}

// resolve makes a relative path absolute: one of the file starts at the file's
// folder, any other at the working folder.
func (o Origin) resolve(path string) string {
	if path == "" || filepath.IsAbs(path) {
		return path
	}
	start := "."
	if o.Layer == LayerProfile {
		start = filepath.Dir(o.File)
	}
	if start, err := filepath.Abs(start); err == nil {
		return filepath.Join(start, path)
	}
	return filepath.Join(start, path)
}

func assignBool(field *bool, k Key, v value) *Problem {
	switch strings.ToLower(strings.TrimSpace(v.text)) {
	case "true", "yes", "on", "1":
		*field = true
	case "false", "no", "off", "0":
		*field = false
	default:
		p := problem(k.Name, v.origin, "%q is neither true nor false", v.text).hint("write true or false")
		return &p
	}
	return nil
}

func assignInt(field *int, k Key, v value) *Problem {
	n, err := strconv.Atoi(strings.TrimSpace(v.text))
	if err != nil {
		return bad(k, v.origin, "%q is not a whole number", v.text)
	}
	if int64(n) < k.Min || int64(n) > k.Max {
		return bad(k, v.origin, "%d is not between %d and %d", n, k.Min, k.Max)
	}
	*field = n
	return nil
}

func assignDuration(field *time.Duration, k Key, v value) *Problem {
	text := strings.TrimSpace(v.text)
	d, err := time.ParseDuration(text)
	if _, plain := strconv.Atoi(text); plain == nil && err != nil {
		p := problem(k.Name, v.origin, "%q has no unit", text).hint("write %ss for seconds, %sm for minutes", text, text)
		return &p
	}
	if err != nil {
		return bad(k, v.origin, "%q is not a duration", v.text)
	}
	if int64(d) < k.Min || int64(d) > k.Max {
		return bad(k, v.origin, "%s is not between %s and %s", d, shortDuration(time.Duration(k.Min)), shortDuration(time.Duration(k.Max)))
	}
	*field = d
	return nil
}

func (s *Settings) assignSource(field *secret.Source, k Key, v value) *Problem {
	src, err := secret.ParseSource(v.text)
	if err != nil {
		p := fromError(k.Name, v.origin, err)
		if v.origin.Layer == LayerEnv {
			p = p.hint("%s holds a source; put the secret itself into a variable of another name, and set %s=env:THAT_NAME", k.Env(), k.Env())
		}
		return &p
	}
	if src.Kind == secret.KindFile {
		src.Arg = v.origin.resolve(src.Arg)
	}
	*field = src
	return nil
}

func assignTree(field *map[string]any, k Key, v value) *Problem {
	if v.tree == nil {
		return nil
	}
	if p := twice(v.tree, k, v.origin); p != nil {
		return p
	}
	var tree map[string]any
	if err := v.tree.Decode(&tree); err != nil {
		p := problem(k.Name, v.origin, "this is not a map of names").hint("see: redim dialect show")
		return &p
	}
	*field = tree
	return nil
}

package handover

import (
	"bytes"
	"os"
	"runtime"
	"slices"
	"strings"

	"github.com/redim-tools/redim/pkg/child"
	"github.com/redim-tools/redim/pkg/cli/handout"
	"github.com/redim-tools/redim/pkg/pam"
	"github.com/redim-tools/redim/pkg/secret"
)

// assignment is one variable that the program gets.
type assignment struct {
	name, field string
	file        bool // the variable holds the path of a file with the field
}

// parse reads the flags. With none of them, the program gets what -o env of a
// check-out writes.
func parse(env, file []string) ([]assignment, error) {
	var all []assignment
	for _, flag := range []struct {
		name  string
		texts []string
	}{{"--env", env}, {"--file", file}} {
		for _, text := range flag.texts {
			a, err := parseOne(flag.name, text)
			if err != nil {
				return nil, err
			}
			if slices.ContainsFunc(all, func(other assignment) bool { return sameName(other.name, a.name) }) {
				return nil, pam.Failf(pam.ErrUsage, "the variable %s is given twice", a.name).WithHint("give each its own name")
			}
			all = append(all, a)
		}
	}
	if len(all) == 0 {
		for _, v := range handout.Variables() {
			all = append(all, assignment{name: v.Name, field: v.Field})
		}
	}
	return all, nil
}

func parseOne(flag, text string) (assignment, error) {
	name, field, ok := strings.Cut(text, "=")
	if !ok || !isName(name) {
		return assignment{}, pam.Failf(pam.ErrUsage, "%s takes NAME=field, and %q is not that", flag, text).WithHint("for example %s DB_PASSWORD=password", flag)
	}
	if !slices.Contains(handout.Fields(), field) {
		return assignment{}, pam.Failf(pam.ErrUsage, "%s %s: the field %q is not known", flag, name, field).WithHint("use one of: %s", strings.Join(handout.Fields(), ", "))
	}
	return assignment{name: name, field: field, file: flag == "--file"}, nil
}

// isName reports whether a shell can name the variable.
func isName(s string) bool {
	for i, r := range s {
		letter := r == '_' || r >= 'A' && r <= 'Z' || r >= 'a' && r <= 'z'
		if !letter && (i == 0 || r < '0' || r > '9') {
			return false
		}
	}
	return s != ""
}

func sameName(one, other string) bool {
	return one == other || runtime.GOOS == "windows" && strings.EqualFold(one, other)
}

// environment is what the program gets, and the files that it names.
func (o *Options) environment(drop []string, c pam.Checkout, r pam.Release) ([]string, *files, error) {
	for _, a := range o.values {
		drop = append(drop, a.name)
	}
	env := slices.DeleteFunc(o.Environ(), func(pair string) bool {
		name, _, _ := strings.Cut(pair, "=")
		return slices.ContainsFunc(drop, func(other string) bool { return sameName(name, other) })
	})
	made := &files{options: o}
	for _, a := range o.values {
		value, err := a.value(made, c, r)
		if err != nil {
			return nil, made, err
		}
		env = append(env, a.name+"="+value)
	}
	return env, made, nil
}

// value is what the variable holds. That the secret becomes a text here can't be
// helped: an environment is made of texts.
func (a assignment) value(made *files, c pam.Checkout, r pam.Release) (string, error) {
	field := handout.Field(a.field, c, r)
	if a.file {
		return made.add(a.name, field)
	}
	var text string
	err := field.Reveal(func(b []byte) error {
		if bytes.IndexByte(b, 0) >= 0 {
			return pam.Failf(pam.ErrUsage, "the %s of %s holds a NUL byte, which no variable can", a.field, c.Credential.Ref()).
				WithHint("hand it over in a file: --file %s=%s", a.name, a.field)
		}
		text = string(b)
		return nil
	})
	return text, err
}

// files are made when the first one is wanted.
type files struct {
	options *Options
	made    *child.Files
}

func (f *files) add(name string, v secret.Value) (string, error) {
	if f.made == nil {
		made, inMemory, err := child.NewFiles(memory(f.options.Getenv), os.TempDir())
		if err != nil {
			return "", pam.Failf(pam.ErrOther, "no place for files: %w", err).WithHint("set TMPDIR to a directory that you may write to")
		}
		f.made = made
		if !inMemory {
			f.options.Warn("there is no place in memory here: the program's files are on disk in " + os.TempDir() + " until it ends")
		}
	}
	return f.made.Add(name, v)
}

// memory are the places for files that may be in memory.
func memory(getenv func(string) string) []string {
	return []string{getenv("XDG_RUNTIME_DIR"), "/dev/shm"}
}

// RemoveLeft removes the files of commands that were killed.
func RemoveLeft(getenv func(string) string) {
	child.RemoveLeft(append(memory(getenv), os.TempDir())...)
}

// Close removes them.
func (f *files) Close() error {
	if f.made == nil {
		return nil
	}
	return f.made.Close()
}

package config

import (
	"maps"
	"os"
	"path/filepath"
	"strings"

	"github.com/redim-tools/redim/pkg/pam"
)

// DefaultProfile is used when nobody names another.
const DefaultProfile = "default"

// Options say where settings are looked for.
type Options struct {
	Path    string              // as --config gives it; must exist. Empty: see Paths.ConfigFile
	Profile string              // as --profile gives it. Empty: REDIM_PROFILE, then default
	Set     []string            // KEY=VALUE, the later wins
	Store   string              // as --store gives it, which wins over Set. Empty: not given
	Server  string              // as --server gives it, likewise
	Getenv  func(string) string // nil is the environment of this process
	Tool    string              // redim or vault: the other one's settings are taken, but neither shown nor required. Empty: all
}

// Load reads the settings from all layers. Values that can't be understood,
// unknown keys and an unknown profile are pam.ErrUsage with file, line and
// hint. A settings file that does not exist is an empty one, unless
// Options.Path names it. Load does not judge the values: Validate does.
func Load(o Options) (*Settings, error) {
	d, pathErr, err := o.document()
	if err != nil {
		return nil, err
	}
	if err := AsError(d.problems); err != nil {
		return nil, err
	}
	if err := o.checkProfile(d); err != nil {
		return nil, err
	}
	s, problems := o.load(d, o.profile())
	s.pathErr = pathErr
	if err := AsError(problems); err != nil {
		return nil, err
	}
	return s, nil
}

func (o Options) getenv(name string) string {
	if o.Getenv == nil {
		return os.Getenv(name)
	}
	return o.Getenv(name)
}

func (o Options) profile() string {
	if o.Profile != "" {
		return o.Profile
	}
	if name := o.getenv("REDIM_PROFILE"); name != "" {
		return name
	}
	return DefaultProfile
}

// document reads the file. pathErr tells why there is no place for one.
func (o Options) document() (d *document, pathErr, err error) {
	path := o.Path
	if path == "" {
		if path, err = (Paths{Getenv: o.Getenv}).ConfigFile(); err != nil {
			return &document{missing: true, table: Keys()}, err, nil
		}
	}
	if d, err = readDocument(path); err != nil {
		return nil, nil, err
	}
	if d.missing && o.Path != "" {
		return nil, nil, pam.Failf(pam.ErrUsage, "settings file %s does not exist", path).WithHint("check --config, or make the file with: redim config init --config %s", path)
	}
	return d, nil, nil
}

// checkProfile refuses a profile that the file does not have.
func (o Options) checkProfile(d *document) error {
	name := o.profile()
	if _, ok := d.find(name); ok || name == DefaultProfile && len(d.profiles) == 0 {
		return nil
	}
	return noProfile(d, name)
}

// load puts the layers of one profile together. The problems are those of the
// values; the document's own are not among them.
func (o Options) load(d *document, name string) (*Settings, []Problem) {
	p, _ := d.find(name)
	l := &layers{table: d.table, tool: o.Tool, values: make(map[string]value, len(d.table))}
	maps.Copy(l.values, p.values)
	l.env(o.getenv)
	for _, assignment := range o.Set {
		l.set(assignment)
	}
	if o.Store != "" {
		l.take(StoreKey, o.Store, Origin{Layer: LayerFlag, Name: "--" + StoreKey})
	}
	if o.Server != "" {
		l.take(ServerKey, o.Server, Origin{Layer: LayerFlag, Name: "--" + ServerKey})
	}
	s := &Settings{tool: o.Tool, table: d.table, Path: d.path, Profile: name, missing: d.missing, loose: d.loose, values: l.values}
	problems := l.problems
	for _, k := range d.table {
		problems = append(problems, s.take(k, l.values)...)
	}
	return s, append(problems, s.checkOperations()...)
}

func (s *Settings) take(k Key, values map[string]value) []Problem {
	if v, ok := values[k.Name]; ok {
		return s.assign(k, v)
	}
	if k.Default == "" {
		return nil
	}
	return s.assign(k, value{text: k.Default, origin: Origin{Layer: LayerDefault}})
}

func noProfile(d *document, name string) error {
	f := pam.Failf(pam.ErrUsage, "settings have no profile %q", name)
	if d.missing {
		return f.WithHint("there is no settings file at %s; make one with: redim config init --profile %s", d.path, name)
	}
	names := make([]string, len(d.profiles))
	for i, p := range d.profiles {
		names[i] = p.name
	}
	if len(names) == 0 {
		return f.WithHint("%s holds no profile at all; add one with: redim config init --profile %s", d.path, name)
	}
	return f.WithHint("%s has %s", filepath.Base(d.path), strings.Join(names, ", "))
}

// CheckProfile refuses what can't be the name of a profile: it has 1 to 64
// letters, digits, dots, dashes and underscores.
func CheckProfile(name string) error {
	ok := len(name) > 0 && len(name) <= 64
	for _, r := range name {
		ok = ok && (r == '-' || r == '_' || r == '.' || r >= '0' && r <= '9' || r >= 'a' && r <= 'z' || r >= 'A' && r <= 'Z')
	}
	if !ok {
		return pam.Failf(pam.ErrUsage, "%q is not a name for a profile", name).WithHint("use 1 to 64 letters, digits, dots, dashes and underscores")
	}
	return nil
}

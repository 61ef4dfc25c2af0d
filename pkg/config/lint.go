package config

import (
	"errors"
	"io/fs"
	"os"
	"slices"
	"strings"

	"github.com/redim-tools/redim/pkg/spell"
)

// Lint reports everything that is wrong or suspicious at once: the form of the
// file, every profile in it, and the chosen profile with all layers on top.
// An error means that the file could not be read at all.
func Lint(o Options, acceptRisks []string) ([]Problem, error) {
	d, pathErr, err := o.document()
	if err != nil {
		return nil, err
	}
	out := slices.Concat(d.problems, d.checkMode())
	if err := o.checkProfile(d); err != nil {
		out = append(out, fromError("", d.at(0), err))
	} else {
		s, problems := o.load(d, o.profile())
		s.pathErr = pathErr
		readable := len(d.profiles) > 0 || len(d.problems) == 0 // else nobody knows what it says
		out = append(out, s.judge(problems, acceptRisks, readable)...)
	}
	for _, p := range d.profiles {
		if p.name == o.profile() {
			continue
		}
		s, problems := Options{Tool: o.Tool, Getenv: func(string) string { return "" }}.load(d, p.name)
		out = append(out, s.judge(problems, acceptRisks, false)...)
	}
	sortProblems(out)
	return out, nil
}

// judge is all about one profile. What is required may come from elsewhere
// when a profile is not in use; then complete is false.
func (s *Settings) judge(problems []Problem, acceptRisks []string, complete bool) []Problem {
	refused := map[string]bool{}
	out := slices.Clone(problems)
	for _, p := range problems {
		refused[p.Key] = true
	}
	for _, p := range append(s.Problems(acceptRisks), s.checkFiles()...) {
		if p.Message == notSet && (refused[p.Key] || !complete) {
			continue
		}
		out = append(out, p)
	}
	for i := range out {
		out[i].Profile = s.Profile
	}
	return out
}

func (d *document) checkMode() []Problem {
	if !d.writable {
		return nil
	}
	return []Problem{problem("", d.at(0), "others may change this file, and with it where passwords are sent").hint("use: chmod 600 %s", d.path)}
}

// checkFiles looks for the files that the settings name.
func (s *Settings) checkFiles() []Problem {
	var out []Problem
	for _, f := range []struct{ key, path string }{
		{"tls.ca_file", s.TLS.CAFile}, {"tls.client_cert", s.TLS.ClientCert}, {"tls.client_key", s.TLS.ClientKey},
		{"kerberos.keytab", s.Kerberos.Keytab},
	} {
		if f.path == "" {
			continue
		}
		if _, err := os.Stat(f.path); err != nil {
			out = append(out, s.at(f.key, "%s: %v", f.path, reasonOf(err)).warning().hint("check the path; one that is not absolute starts at the settings file's folder"))
		}
	}
	return out
}

func reasonOf(err error) error {
	if p, ok := errors.AsType[*fs.PathError](err); ok {
		return p.Err
	}
	return err
}

// LintEnv reports variables of an environment, in the form of os.Environ, that
// nothing reads and that look like a setting spelt wrong. The names in sources are
// read: secrets come from them.
func LintEnv(environ []string, sources ...string) []Problem {
	known := reserved()
	for _, k := range Keys() {
		known = append(known, k.Env())
	}
	var out []Problem
	for _, pair := range environ {
		name, text, _ := strings.Cut(pair, "=")
		if text == "" || !strings.HasPrefix(name, "REDIM_") || slices.Contains(sources, name) {
			continue
		}
		near := spell.Nearest(strings.TrimPrefix(name, "REDIM_"), trimmed(known))
		if near != "" && "REDIM_"+near != name {
			out = append(out, problem("", Origin{Layer: LayerEnv, Name: name}, "this variable is none of the settings").warning().hint("did you mean REDIM_%s", near))
		}
	}
	return out
}

// reserved are the variables that are no settings: those that say where things are,
// and those that a check-out fills for others.
func reserved() []string {
	return []string{"REDIM_CONFIG", "REDIM_PROFILE", "REDIM_CACHE_DIR", "REDIM_STATE_DIR", "REDIM_DATA_DIR", "REDIM_NO_INPUT",
		"REDIM_CHECKOUT_ID", "REDIM_USERNAME", "REDIM_SYSTEM", "REDIM_PASSWORD"}
}

func trimmed(names []string) []string {
	out := make([]string, len(names))
	for i, n := range names {
		out[i] = strings.TrimPrefix(n, "REDIM_")
	}
	return out
}

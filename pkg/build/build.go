// Package build tells which build this is. The linker sets the variables of a
// release; a build without them reads what the Go toolchain recorded.
package build

import "runtime/debug"

// Set by the linker: -X github.com/redim-tools/redim/pkg/build.version=1.2.3.
var version, commit, date string

// Info says which build this is. Commit and Date may be empty.
type Info struct {
	Version string
	Commit  string
	Date    string // RFC 3339, of the commit
}

// Get returns the build's facts.
func Get() Info {
	info := Info{Version: version, Commit: commit, Date: date}
	if info.Version != "" {
		return info
	}
	info.Version = "devel"
	bi, ok := debug.ReadBuildInfo()
	if !ok {
		return info
	}
	if v := bi.Main.Version; v != "" && v != "(devel)" {
		info.Version = v
	}
	for _, s := range bi.Settings {
		switch s.Key {
		case "vcs.revision":
			info.Commit = s.Value
		case "vcs.time":
			info.Date = s.Value
		}
	}
	return info
}

// String is one line for --version.
func (i Info) String() string {
	s := i.Version
	if i.Commit != "" {
		s += " (" + i.Commit[:min(12, len(i.Commit))]
		if i.Date != "" {
			s += ", " + i.Date
		}
		s += ")"
	}
	return s
}

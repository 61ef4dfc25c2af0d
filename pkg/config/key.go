package config

import (
	"slices"
	"strings"
)

// Type is what a setting's value must look like.
type Type string

// The types.
const (
	TypeText     Type = "text"
	TypeURL      Type = "URL"
	TypeSecret   Type = "secret source"
	TypeBool     Type = "bool"
	TypeDuration Type = "duration"
	TypeInt      Type = "number"
	TypeChoice   Type = "choice"
	TypeDomains  Type = "map of domains" // FQDN to NetBIOS name
	TypeJobs     Type = "map of jobs"    // account type to job id
	TypeTree     Type = "tree"           // nested, checked by who reads it
	TypeURLs     Type = "list of URLs"
	TypeRotators Type = "map of commands"
	TypeServers  Type = "map of credentials" // server to credential
)

// Key describes one setting. Everything about it is said here and nowhere else.
type Key struct {
	Name     string // as in the file below a profile, with dots for nesting
	Type     Type
	Default  string // as --set takes it; empty when there is none
	Vendor   string // the name in the vendor's own settings, if it has one
	Doc      string // one or two sentences, Markdown
	Example  string // a value as --set takes it
	Choices  []string
	Required bool
	Kept     bool   // a secret that config set can read and keep
	SignIn   string // the way to sign in that needs it; empty: every one
	Tool     string // the one command that reads it; empty: both
	Min, Max int64  // of a number; of a duration in nanoseconds

	field func(*Settings) any // pointer to the field that takes the value
	check func(text string) error
	paths func(at Origin, text string) string // makes relative paths in text absolute
}

// Env is the key's environment variable: REDIM_TLS_CA_FILE for tls.ca_file.
func (k Key) Env() string {
	return "REDIM_" + strings.ToUpper(strings.ReplaceAll(k.Name, ".", "_"))
}

// readBy reports whether a command reads the key; the empty name is any.
func (k Key) readBy(tool string) bool { return tool == "" || k.Tool == "" || k.Tool == tool }

// Secret reports whether the value is, or may hold, the source of a secret.
func (k Key) Secret() bool { return k.Type == TypeSecret }

// IsMap reports whether single entries can be set as KEY.ENTRY=VALUE.
func (k Key) IsMap() bool {
	return k.Type == TypeDomains || k.Type == TypeJobs || k.Type == TypeRotators || k.Type == TypeServers
}

// Lookup finds a key by name. For an entry of a map, such as
// domain_map.example.local, it returns the map's key and the entry's name.
func Lookup(name string) (k Key, entry string, ok bool) { return lookup(Keys(), name) }

func lookup(table []Key, name string) (k Key, entry string, ok bool) {
	for _, k := range table {
		if k.Name == name {
			return k, "", true
		}
		if rest, below := strings.CutPrefix(name, k.Name+"."); below && k.IsMap() && rest != "" {
			return k, rest, true
		}
	}
	return Key{}, "", false
}

// KeysOf lists the keys that one command reads, in the order of the table; all
// of them for the empty name. Both commands know all keys, because they share
// the file.
func KeysOf(tool string) []Key {
	keys := Keys()
	if tool == "" {
		return keys
	}
	return slices.DeleteFunc(keys, func(k Key) bool { return !k.readBy(tool) })
}

// Names lists the names of all keys in the order of the table.
func Names() []string {
	keys := Keys()
	names := make([]string, len(keys))
	for i, k := range keys {
		names[i] = k.Name
	}
	return names
}

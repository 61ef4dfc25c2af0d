package config

import (
	"net/url"
	"strings"

	"github.com/redim-tools/redim/pkg/pam"
)

// StoreKey and ServerKey are the names of the settings that have flags of their
// own, --store and --server.
const (
	StoreKey  = "store"
	ServerKey = "server"
)

// StoreDefault is the setting store when nobody sets it: a SQLite file in the
// user's data directory.
const StoreDefault = "sqlite"

// checkStore refuses other forms, and addresses with a password, without
// repeating them.
func checkStore(text string) error {
	scheme, rest, _ := strings.Cut(text, ":")
	switch {
	case text == StoreDefault, scheme == "sqlite" && rest != "":
		return nil
	case scheme == "postgres" || scheme == "postgresql":
		return checkNoPassword(rest)
	}
	return pam.Failf(pam.ErrUsage, "this is not the address of a store").WithHint("use sqlite, sqlite:PATH or postgres://USER@HOST:PORT/DATABASE")
}

// checkNoPassword takes the address apart by hand: several hosts are no URL
// that could be parsed, and a failure to parse would repeat it.
func checkNoPassword(rest string) error {
	rest = strings.TrimPrefix(rest, "//")
	base, query, _ := strings.Cut(rest, "?")
	user := ""
	if at := strings.LastIndex(base, "@"); at >= 0 {
		user = base[:at]
	}
	values, err := url.ParseQuery(query)
	if strings.Contains(user, ":") || err != nil || namesPassword(values) {
		return pam.Failf(pam.ErrUsage, "the address of the store holds a password, or can't be understood").
			WithHint("leave the password out, and put it into PostgreSQL's password file (passfile=PATH in the address, or ~/.pgpass) or into PGPASSWORD")
	}
	return nil
}

// namesPassword finds password, sslpassword and whatever else is called so.
func namesPassword(values url.Values) bool {
	for name := range values {
		if strings.Contains(strings.ToLower(name), "password") {
			return true
		}
	}
	return false
}

// resolveStore makes the path in sqlite:PATH absolute.
func resolveStore(at Origin, text string) string {
	if path, ok := strings.CutPrefix(text, "sqlite:"); ok {
		return "sqlite:" + at.resolve(strings.TrimPrefix(path, "//"))
	}
	return text
}

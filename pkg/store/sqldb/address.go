package sqldb

import (
	"maps"
	"net/url"
	"path/filepath"
	"strings"

	"github.com/redim-tools/redim/pkg/pam"
)

// Dialect is a kind of database.
type Dialect string

// The dialects.
const (
	SQLite     Dialect = "sqlite"
	PostgreSQL Dialect = "postgres"
)

// Address says where a database is: a file, or a PostgreSQL service.
type Address struct {
	Dialect Dialect
	Path    string // of the SQLite file
	dsn     string // of the PostgreSQL service; may hold a password
}

// ParseAddress reads sqlite:PATH or postgres://…. The failure is ErrUsage.
func ParseAddress(s string) (Address, error) {
	scheme, rest, ok := strings.Cut(s, ":")
	switch {
	case ok && scheme == "sqlite":
		return sqliteAddress(rest)
	case ok && (scheme == "postgres" || scheme == "postgresql"):
		return postgresAddress(s)
	}
	return Address{}, badAddress("the store's address does not begin with sqlite: or postgres://")
}

func badAddress(says string) error {
	return pam.Failf(pam.ErrUsage, "%s", says).WithHint("write sqlite:PATH, or postgres://USER@HOST:PORT/DATABASE; several hosts are separated by commas")
}

func sqliteAddress(path string) (Address, error) {
	if after, ok := strings.CutPrefix(path, "//"); ok {
		path = after
	}
	switch {
	case path == "" || strings.HasSuffix(path, string(filepath.Separator)):
		return Address{}, badAddress("the store's address names no file")
	case strings.Contains(path, ":memory:") || strings.ContainsRune(path, 0):
		return Address{}, badAddress("the store's address is not the path of a file")
	}
	return Address{Dialect: SQLite, Path: filepath.Clean(path)}, nil
}

// postgresAddress checks what url.Parse would refuse with the address, and so
// with the password, in its message.
func postgresAddress(s string) (Address, error) {
	_, rest, ok := strings.Cut(s, "://")
	if !ok || rest == "" || strings.HasPrefix(rest, "/") && !strings.Contains(rest, "host=") {
		return Address{}, badAddress("the store's address names no host")
	}
	return Address{Dialect: PostgreSQL, dsn: s}, nil
}

// String is the address without a password.
func (a Address) String() string {
	if a.Dialect == SQLite {
		return "sqlite:" + a.Path
	}
	scheme, rest, _ := strings.Cut(a.dsn, "://")
	before, _, _ := strings.Cut(rest, "?")
	at := strings.LastIndex(before, "@")
	if at < 0 {
		at = strings.LastIndex(rest, "@") // of a password with a question mark
	}
	if at >= 0 {
		user, _, _ := strings.Cut(rest[:at], ":")
		rest = user + rest[at:]
	}
	base, query, _ := strings.Cut(scheme+"://"+rest, "?")
	if query = withoutPasswords(query); query == "" {
		return base
	}
	return base + "?" + query
}

// withoutPasswords leaves out password, sslpassword and whatever else is called so, or
// all that can't be understood.
func withoutPasswords(query string) string {
	values, err := url.ParseQuery(query)
	if err != nil {
		return ""
	}
	all := len(values)
	maps.DeleteFunc(values, func(name string, _ []string) bool { return strings.Contains(strings.ToLower(name), "password") })
	if len(values) == all {
		return query
	}
	return values.Encode()
}

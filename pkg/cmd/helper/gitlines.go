package helper

import (
	"bytes"
	"slices"
	"strings"

	"github.com/redim-tools/redim/pkg/pam"
)

// gitLines are what git says of the server and the user.
type gitLines struct {
	server
	username string
}

// parseGitLines reads git's lines KEY=VALUE up to an empty one. Of keys that it
// has no use for, the password among them, it keeps nothing.
func parseGitLines(text []byte) (gitLines, error) {
	var g gitLines
	fields := map[string]*string{"protocol": &g.scheme, "host": &g.host, "path": &g.path, "username": &g.username}
	var seen []string
	for line := range bytes.Lines(text) {
		line = bytes.TrimSuffix(line, []byte("\n"))
		if len(line) == 0 {
			break
		}
		name, val, ok := bytes.Cut(line, []byte("="))
		if !ok || bytes.IndexByte(line, 0) >= 0 {
			return gitLines{}, badGitLine("a line is not KEY=VALUE")
		}
		key := string(name)
		field, known := fields[key]
		if !known {
			continue
		}
		if slices.Contains(seen, key) {
			return gitLines{}, badGitLine(key + " is given twice")
		}
		seen = append(seen, key)
		*field = string(val)
		if err := isText(key, *field); err != nil {
			return gitLines{}, err
		}
	}
	g.scheme = strings.ToLower(g.scheme)
	return g, nil
}

func badGitLine(what string) error {
	return pam.Failf(pam.ErrUsage, "what git says can't be read: %s", what).WithHint("git calls this command with lines such as host=git.example.com on standard input; see: git help gitcredentials")
}

// over reports whether git signs in over HTTP, where it sends passwords.
func (g gitLines) over() bool { return (g.scheme == "https" || g.scheme == "http") && g.host != "" }

package redim

import (
	"path/filepath"
	"strings"
)

// Arguments are those of the command line that a program's name stands for: other
// programs call us by names of theirs, without saying that a helper is wanted.
func Arguments(program string, args []string) []string {
	name := strings.TrimSuffix(filepath.Base(strings.ToLower(program)), ".exe")
	helpers := map[string]string{"summon-redim": "summon", "git-credential-redim": "git", "docker-credential-redim": "docker"}
	helper, ok := helpers[name]
	if !ok {
		return args
	}
	return append([]string{"helper", helper}, args...)
}

package seal

import (
	"context"
	"io"
	"os"
	"path/filepath"
	"strings"

	"github.com/redim-tools/redim/pkg/pam"
)

// systemdKey is a credential that the service manager hands to a service. Its
// mode is not looked at: the manager opens it to the service's user by an
// access list, which shows as a mode of 0440.
type systemdKey struct {
	name   string
	getenv func(string) string
}

func newSystemdKey(name string, env Env) (systemdKey, error) {
	if name == "" || name != filepath.Base(name) || strings.HasPrefix(name, ".") {
		return systemdKey{}, pam.Failf(pam.ErrUsage, "%s names %q, which is not the name of a credential", env.setting(), name).
			WithHint("use the name of a LoadCredential= or LoadCredentialEncrypted= line, for example systemd:redim-key")
	}
	return systemdKey{name: name, getenv: env.Getenv}, nil
}

func (s systemdKey) path() (string, error) {
	dir := ""
	if s.getenv != nil {
		dir = s.getenv("CREDENTIALS_DIRECTORY")
	}
	if dir == "" {
		return "", pam.Failf(pam.ErrUsage, "systemd handed over no credentials: CREDENTIALS_DIRECTORY is not set").
			WithHint("add LoadCredential=%s:/path/to/key to the unit, and run redim from that unit", s.name)
	}
	return filepath.Join(dir, s.name), nil
}

func (s systemdKey) open(context.Context) (Key, error) {
	path, err := s.path()
	if err != nil {
		return Key{}, err
	}
	f, err := os.Open(path)
	if err != nil {
		return Key{}, pam.Failf(pam.ErrUsage, "can not read the systemd credential %s: %w", s.name, err).
			WithHint("add LoadCredential=%s:/path/to/key to the unit", s.name)
	}
	defer f.Close()
	data, err := io.ReadAll(io.LimitReader(f, maxKey))
	defer clear(data)
	if key, ok := parseKey(data); ok && err == nil {
		return key, nil
	}
	return Key{}, pam.Failf(pam.ErrUsage, "the systemd credential %s holds no key", s.name).WithHint(keyHint)
}

func (s systemdKey) status(ctx context.Context) Status {
	st := Status{Source: "systemd:" + s.name, Opened: "read from the systemd credential at every command"}
	st.Path, _ = s.path()
	_, st.Err = s.open(ctx)
	st.Made = st.Err == nil
	return st
}

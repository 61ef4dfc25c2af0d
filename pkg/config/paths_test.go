package config

import (
	"path/filepath"
	"testing"
)

func TestPathsFollowTheSystem(t *testing.T) {
	t.Parallel()
	home := []string{"HOME", "/home/u", "APPDATA", "/roaming", "LOCALAPPDATA", "/local"}
	xdg := append([]string{"XDG_CONFIG_HOME", "/c", "XDG_CACHE_HOME", "/k", "XDG_STATE_HOME", "/s"}, home...)
	loose := append([]string{"XDG_CONFIG_HOME", "c", "XDG_CACHE_HOME", "./k", "XDG_STATE_HOME", "s"}, home...)
	ours := append([]string{"REDIM_CONFIG", "my.yaml", "REDIM_CACHE_DIR", "/mk", "REDIM_STATE_DIR", "/ms"}, xdg...)
	for _, c := range []struct {
		name, goos           string
		env                  []string
		config, cache, state string
	}{
		{"linux", "linux", home, "/home/u/.config/redim/settings.yaml", "/home/u/.cache/redim", "/home/u/.local/state/redim"},
		{"linux with XDG", "linux", xdg, "/c/redim/settings.yaml", "/k/redim", "/s/redim"},
		{"relative XDG is passed over", "freebsd", loose, "/home/u/.config/redim/settings.yaml", "/home/u/.cache/redim", "/home/u/.local/state/redim"},
		{"macOS", "darwin", xdg, "/home/u/Library/Application Support/redim/settings.yaml", "/home/u/Library/Caches/redim", "/home/u/Library/Application Support/redim/state"},
		{"windows", "windows", xdg, "/roaming/redim/settings.yaml", "/local/redim/cache", "/local/redim/state"},
		{"our own variables", "linux", ours, "my.yaml", "/mk", "/ms"},
		{"our own variables on windows", "windows", ours, "my.yaml", "/mk", "/ms"},
		{"our own variables and nothing else", "linux", ours[:6], "my.yaml", "/mk", "/ms"},
	} {
		t.Run(c.name, func(t *testing.T) {
			t.Parallel()
			p := Paths{Getenv: env(c.env...), goos: c.goos}
			for what, get := range map[string]func() (string, error){c.config: p.ConfigFile, c.cache: p.CacheDir, c.state: p.StateDir} {
				if got, err := get(); err != nil || filepath.ToSlash(got) != what {
					t.Errorf("%q, %v, want %q", got, err, what)
				}
			}
		})
	}
}

func TestNoHomeIsToldWhenAPathIsAskedFor(t *testing.T) {
	t.Parallel()
	for goos, variable := range map[string]string{"linux": "HOME", "darwin": "HOME", "windows": "APPDATA"} {
		p := Paths{Getenv: noEnv, goos: goos}
		_, err := p.ConfigFile()
		refused(t, err, "no place for the settings: "+variable, "REDIM_CONFIG or --config")
		_, err = p.CacheDir()
		refused(t, err, "no place for the token cache", "REDIM_CACHE_DIR")
		_, err = p.StateDir()
		refused(t, err, "no place for the journal", "REDIM_STATE_DIR")
	}
	if dir, err := (Paths{}).ConfigDir(); err == nil && !filepath.IsAbs(dir) {
		t.Errorf("%q is not absolute", dir)
	}
}

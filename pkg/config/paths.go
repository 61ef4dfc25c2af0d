package config

import (
	"os"
	"path/filepath"
	"runtime"

	"github.com/redim-tools/redim/pkg/pam"
)

// Paths finds the places that belong to the user. The zero Paths asks the
// environment of this process. A place that can't be found is ErrUsage, told
// only when that place is asked for.
type Paths struct {
	Getenv func(string) string

	goos string // for tests; empty is this system
}

// ConfigFile is the settings file: REDIM_CONFIG, or settings.yaml in ConfigDir.
func (p Paths) ConfigFile() (string, error) {
	if path := p.getenv("REDIM_CONFIG"); path != "" {
		return path, nil
	}
	dir, err := p.ConfigDir()
	return filepath.Join(dir, "settings.yaml"), err
}

// ConfigDir is where settings are kept when nobody says otherwise.
func (p Paths) ConfigDir() (string, error) {
	switch p.system() {
	case "windows":
		return p.under("settings", "REDIM_CONFIG or --config", "APPDATA", "redim")
	case "darwin":
		return p.underHome("settings", "REDIM_CONFIG or --config", "Library", "Application Support", "redim")
	}
	return p.xdg("settings", "REDIM_CONFIG or --config", "XDG_CONFIG_HOME", ".config")
}

// CacheDir is where tokens are kept: REDIM_CACHE_DIR, or the user's cache folder.
func (p Paths) CacheDir() (string, error) {
	if dir := p.getenv("REDIM_CACHE_DIR"); dir != "" {
		return dir, nil
	}
	switch p.system() {
	case "windows":
		return p.under("token cache", "REDIM_CACHE_DIR", "LOCALAPPDATA", "redim", "cache")
	case "darwin":
		return p.underHome("token cache", "REDIM_CACHE_DIR", "Library", "Caches", "redim")
	}
	return p.xdg("token cache", "REDIM_CACHE_DIR", "XDG_CACHE_HOME", ".cache")
}

// StateDir is where the journal is kept: REDIM_STATE_DIR, or the user's state folder.
func (p Paths) StateDir() (string, error) {
	if dir := p.getenv("REDIM_STATE_DIR"); dir != "" {
		return dir, nil
	}
	switch p.system() {
	case "windows":
		return p.under("journal", "REDIM_STATE_DIR", "LOCALAPPDATA", "redim", "state")
	case "darwin":
		return p.underHome("journal", "REDIM_STATE_DIR", "Library", "Application Support", "redim", "state")
	}
	return p.xdg("journal", "REDIM_STATE_DIR", "XDG_STATE_HOME", ".local", "state")
}

// DataDir is where the vault's store is kept: REDIM_DATA_DIR, or the user's data
// folder.
func (p Paths) DataDir() (string, error) {
	if dir := p.getenv("REDIM_DATA_DIR"); dir != "" {
		return dir, nil
	}
	switch p.system() {
	case "windows":
		return p.under("vault's store", "REDIM_DATA_DIR or --store", "LOCALAPPDATA", "redim", "data")
	case "darwin":
		return p.underHome("vault's store", "REDIM_DATA_DIR or --store", "Library", "Application Support", "redim", "data")
	}
	return p.xdg("vault's store", "REDIM_DATA_DIR or --store", "XDG_DATA_HOME", ".local", "share")
}

func (p Paths) getenv(name string) string {
	if p.Getenv == nil {
		return os.Getenv(name)
	}
	return p.Getenv(name)
}

func (p Paths) system() string {
	if p.goos == "" {
		return runtime.GOOS
	}
	return p.goos
}

// xdg is variable/redim, or the folder below the home directory. A variable
// that is not an absolute path is passed over, as its specification asks.
func (p Paths) xdg(what, instead, variable string, below ...string) (string, error) {
	if dir := p.getenv(variable); filepath.IsAbs(dir) {
		return filepath.Join(dir, "redim"), nil
	}
	return p.underHome(what, instead, append(below, "redim")...)
}

func (p Paths) underHome(what, instead string, below ...string) (string, error) {
	variable := "HOME"
	if p.system() == "windows" {
		variable = "USERPROFILE"
	}
	return p.under(what, instead, variable, below...)
}

func (p Paths) under(what, instead, variable string, below ...string) (string, error) {
	dir := p.getenv(variable)
	if dir == "" {
		return "", pam.Failf(pam.ErrUsage, "no place for the %s: %s is not set", what, variable).
			WithHint("set %s, or %s", instead, variable)
	}
	return filepath.Join(append([]string{dir}, below...)...), nil
}

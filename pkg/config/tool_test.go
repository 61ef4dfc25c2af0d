package config_test

import (
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"github.com/redim-tools/redim/pkg/config"
)

// loadAs loads settings as one of the commands does, over a file.
func loadAs(t *testing.T, tool, text string, set ...string) (*config.Settings, error) {
	t.Helper()
	path := filepath.Join(t.TempDir(), "settings.yaml")
	if err := os.WriteFile(path, []byte(text), 0o600); err != nil {
		t.Fatal(err)
	}
	return config.Load(config.Options{Tool: tool, Path: path, Set: set, Getenv: func(string) string { return "" }})
}

func shownNames(s *config.Settings) []string {
	var out []string
	for _, i := range s.Items() {
		out = append(out, i.Name)
	}
	return out
}

func containsAll(list, of []string) bool {
	return !slices.ContainsFunc(of, func(name string) bool { return !slices.Contains(list, name) })
}

func TestEachToolShowsItsOwnSettingsAndTakesTheOthers(t *testing.T) {
	t.Parallel()
	const file = "profiles:\n  default:\n    store: postgres://vault@db.example.com/vault\n    timeout: 1m\n"
	vault, err := loadAs(t, config.ToolVault, file)
	if err != nil {
		t.Fatal(err)
	}
	if got, want := shownNames(vault), []string{"timeout", "cache.key", "cache.token_ttl", "store", "key", "listen"}; !containsAll(got, want) || slices.Contains(got, "endpoint_url") {
		t.Errorf("vault shows %v", got)
	}
	if err := vault.Validate(nil); err != nil {
		t.Errorf("vault needs what only redim does: %v", err)
	}
	if i, err := vault.Get("timeout"); err != nil || i.Text != "1m" {
		t.Errorf("%+v, %v", i, err)
	}
	redim, err := loadAs(t, config.ToolRedim, file)
	if err != nil {
		t.Fatal(err)
	}
	if got := shownNames(redim); slices.Contains(got, "store") || slices.Contains(got, "key") || !slices.Contains(got, "endpoint_url") {
		t.Errorf("redim shows %v", got)
	}
	if err := redim.Validate(nil); err == nil {
		t.Error("redim requires nothing")
	}
	if all := config.KeysOf(""); len(all) != len(config.Keys()) || len(config.KeysOf(config.ToolVault)) != len(vault.Items()) {
		t.Errorf("%d keys", len(all))
	}
}

func TestTheAddressOfAStoreHoldsNoPassword(t *testing.T) {
	t.Parallel()
	for text, ok := range map[string]bool{
		"sqlite": true, "sqlite:/a/b.db": true, "postgres://h/db": true, "postgresql://u@h1:1,h2:2/db?sslmode=verify-full": true,
		"": false, "sqlite:": false, "mysql://h/db": false, "/a/b.db": false, "postgres://u:c4nary@h/db": false,
		"postgres://u:c4n@ry@h/db": false, "postgres://u@h/db?password=c4nary": false, "postgres://u@h/db?a=%zzc4nary": false,
	} {
		_, err := loadAs(t, config.ToolVault, "", "store="+text)
		if (err == nil) != ok {
			t.Errorf("%q: %v", text, err)
		}
		if err != nil && strings.Contains(err.Error(), "c4n") {
			t.Errorf("the failure repeats a password: %v", err)
		}
	}
}

func TestAStoreOfTheFileStartsAtItsFolder(t *testing.T) {
	t.Parallel()
	s, err := loadAs(t, config.ToolVault, "profiles:\n  default:\n    store: sqlite:vault.db\n    key: file:master.key\n")
	if err != nil {
		t.Fatal(err)
	}
	dir := filepath.Dir(s.Path)
	if s.Store != "sqlite:"+filepath.Join(dir, "vault.db") || s.Key != "file:"+filepath.Join(dir, "master.key") {
		t.Errorf("%s, %s", s.Store, s.Key)
	}
}

func TestTheDataDirectory(t *testing.T) {
	t.Parallel()
	for name, c := range map[string]struct {
		env  map[string]string
		want string
	}{
		"named":   {map[string]string{"REDIM_DATA_DIR": "/d", "HOME": "/h"}, "/d"},
		"of XDG":  {map[string]string{"XDG_DATA_HOME": "/x", "HOME": "/h"}, "/x/redim"},
		"at home": {map[string]string{"HOME": "/h"}, "/h/.local/share/redim"},
	} {
		got, err := config.Paths{Getenv: func(n string) string { return c.env[n] }}.DataDir()
		if err != nil || got != c.want {
			t.Errorf("%s: %s, %v", name, got, err)
		}
	}
	if _, err := (config.Paths{Getenv: func(string) string { return "" }}).DataDir(); err == nil || !strings.Contains(err.Error(), "HOME is not set") {
		t.Error(err)
	}
}

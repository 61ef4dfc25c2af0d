package config

import (
	"os"
	"path/filepath"
	"strings"
	"testing"
)

func TestThePageOnSettingsIsTheOneInDocs(t *testing.T) {
	t.Parallel()
	path := filepath.Join("..", "..", "docs", "settings.md")
	want := Markdown()
	got, err := os.ReadFile(path)
	if err != nil || string(got) != want {
		t.Errorf("docs/settings.md is not what the table of keys says (%v); use: go generate ./...", err)
	}
	for _, k := range Keys() {
		if strings.Count(want, "### "+k.Name+"\n") != 1 || !strings.Contains(want, k.Env()) {
			t.Errorf("%s is not described", k.Name)
		}
	}
}

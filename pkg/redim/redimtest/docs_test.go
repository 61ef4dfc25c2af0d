package redimtest

import (
	"os"
	"path/filepath"
	"reflect"
	"regexp"
	"strings"
	"testing"
)

func manual(t *testing.T) string {
	t.Helper()
	data, err := os.ReadFile(filepath.Join("..", "..", "..", "docs", "simulate.md"))
	if err != nil {
		t.Fatal(err)
	}
	return string(data)
}

func TestTheManualsEstateIsRead(t *testing.T) {
	t.Parallel()
	_, rest, _ := strings.Cut(manual(t), "```yaml\n")
	text, _, _ := strings.Cut(rest, "```")
	e, err := ParseEstate("simulate.md", []byte(text))
	if err != nil {
		t.Fatal(err)
	}
	want := e.Service.withDefaults()
	if want.TokenLifetime != (Service{}).withDefaults().TokenLifetime || want.CheckoutLifetime != (Service{}).withDefaults().CheckoutLifetime || want.Errors != ErrorsAsStatus {
		t.Errorf("the defaults in the manual are %+v", want)
	}
	if _, err := New(Options{Estate: e}); err != nil {
		t.Error(err)
	}
	for _, key := range keysOf(reflect.TypeFor[Estate]()) {
		if !strings.Contains(text, key+":") {
			t.Errorf("the manual's estate does not show %s", key)
		}
	}
}

// keysOf lists the YAML keys of a type and of what it holds.
func keysOf(t reflect.Type) []string {
	var keys []string
	for f := range t.Fields() {
		key, _, _ := strings.Cut(f.Tag.Get("yaml"), ",")
		keys = append(keys, key)
		inner := f.Type
		if inner.Kind() == reflect.Slice {
			inner = inner.Elem()
		}
		if inner.Kind() == reflect.Struct && strings.HasPrefix(inner.PkgPath(), reflect.TypeFor[Estate]().PkgPath()) {
			keys = append(keys, keysOf(inner)...)
		}
	}
	return keys
}

func TestTheManualsFaultsAreReadAndComplete(t *testing.T) {
	t.Parallel()
	_, rest, _ := strings.Cut(manual(t), "| fault | what happens |")
	table, _, _ := strings.Cut(rest, "\n\n")
	seen := map[string]bool{}
	for _, m := range regexp.MustCompile("`([a-z0-9-]+(?:=[^`]+)?)`").FindAllStringSubmatch(table, -1) {
		if _, err := parseFault(m[1]); err != nil {
			t.Error(err)
		}
		kind, _, _ := strings.Cut(m[1], "=")
		seen[kind] = true
	}
	for _, kind := range faultKinds() {
		if !seen[kind] {
			t.Errorf("the manual does not show the fault %s", kind)
		}
	}
}

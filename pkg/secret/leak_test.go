package secret_test

import (
	"bytes"
	"encoding/base64"
	"encoding/hex"
	"encoding/json"
	"encoding/xml"
	"errors"
	"fmt"
	"log/slog"
	"net/url"
	"strings"
	"testing"

	"go.yaml.in/yaml/v3"

	"github.com/redim-tools/redim/pkg/secret"
)

const canary = `c4nary-Pa55/+"<&é`

// spellings are the forms in which the canary may hide in a text.
func spellings() []string {
	js, _ := json.Marshal(canary)
	var x bytes.Buffer
	_ = xml.EscapeText(&x, []byte(canary))
	return []string{
		canary, "c4nary", url.QueryEscape(canary), url.PathEscape(canary), strings.Trim(string(js), `"`), x.String(),
		base64.StdEncoding.EncodeToString([]byte(canary)), hex.EncodeToString([]byte("c4nary")), strings.ToUpper(hex.EncodeToString([]byte("c4nary"))),
		strings.Trim(fmt.Sprint([]byte("c4nary")), "[]"), strings.Trim(fmt.Sprintf("%o", []byte("c4nary")), "[]"), strings.Trim(fmt.Sprintf("%#v", []byte("c4nary")), "[]byte{}"),
		strings.TrimSuffix(fmt.Sprintf("%q", []rune("c4nary")), "]")[1:], strings.Trim(fmt.Sprintf("%U", []rune("c4nary")), "[]"),
	}
}

func leaks(text string) bool {
	for _, s := range spellings() {
		if strings.Contains(text, s) {
			return true
		}
	}
	return false
}

type open struct {
	Name  string
	Value secret.Value
}

type closed struct {
	name  string
	value secret.Value
}

type nested struct {
	Open   *open
	closed *closed
	list   []secret.Value
	any    any
}

// holders are all the shapes in which a Value may come to a printer.
func holders() map[string]any {
	v := secret.FromString(canary)
	o, c := open{"n", v}, closed{"n", v}
	return map[string]any{
		"alone":              v,
		"pointer":            &v,
		"exported field":     o,
		"pointer to it":      &o,
		"unexported field":   c,
		"pointer to that":    &c,
		"slice":              []secret.Value{v, v},
		"slice of pointers":  []*secret.Value{&v},
		"array":              [1]secret.Value{v},
		"map":                map[string]secret.Value{"k": v},
		"map of structs":     map[string]closed{"k": c},
		"interface in slice": []any{v, o, c, &c},
		"nested":             nested{&o, &c, []secret.Value{v}, c},
		"pointer to nested":  &nested{&o, &c, []secret.Value{v}, &c},
		"error":              fmt.Errorf("login with %v: %w", v, errors.New("refused")),
		"error with fields":  fmt.Errorf("login with %+v and %#v", c, &o),
		"source error":       &secret.SourceError{Source: secret.Source{Kind: secret.KindCommand, Arg: "echo x"}, Reason: fmt.Sprint(v)},
		"channel of it":      make(chan secret.Value),
		"function of it":     func() secret.Value { return v },
	}
}

func TestNoVerbShowsASecret(t *testing.T) {
	t.Parallel()
	flags := []string{"", "+", "#", "-", " ", "0", "20", ".3", "+#", "-20.3", "[1]"}
	for name, held := range holders() {
		for verb := rune('A'); verb <= 'z'; verb++ {
			for _, flag := range flags {
				if text := fmt.Sprintf("%"+flag+string(verb), held); leaks(text) {
					t.Errorf("%s with %%%s%c: %s", name, flag, verb, text)
				}
			}
		}
		for _, text := range []string{fmt.Sprint(held), fmt.Sprintln(held, held), fmt.Sprintf("%d", held), fmt.Sprintf("%*d", 3, held)} {
			if leaks(text) {
				t.Errorf("%s: %s", name, text)
			}
		}
	}
}

func TestNoEncoderShowsASecret(t *testing.T) {
	t.Parallel()
	for name, held := range holders() {
		js, _ := json.Marshal(held)
		indented, _ := json.MarshalIndent(map[string]any{"x": held}, "", " ")
		xm, _ := xml.Marshal(held)
		for encoder, text := range map[string][]byte{"json": js, "json indented": indented, "yaml": yamlOf(held), "xml": xm} {
			if leaks(string(text)) {
				t.Errorf("%s in %s: %s", name, encoder, text)
			}
		}
	}
}

// yamlOf is empty for what has no form in YAML, a channel for example.
func yamlOf(held any) (text []byte) {
	defer func() {
		if recover() != nil {
			text = nil
		}
	}()
	text, _ = yaml.Marshal(held)
	return text
}

func TestNoLogShowsASecret(t *testing.T) {
	t.Parallel()
	var buf bytes.Buffer
	opts := &slog.HandlerOptions{AddSource: true, Level: slog.LevelDebug}
	for name, held := range holders() {
		for _, h := range []slog.Handler{slog.NewTextHandler(&buf, opts), slog.NewJSONHandler(&buf, opts)} {
			log := slog.New(h).With("with", held)
			log.Info("m", "k", held)
			log.Info("m", slog.Any("any", held), slog.Group("g", slog.Any("in", held)))
			log.WithGroup("w").Error(fmt.Sprint(held), "err", held)
		}
		if leaks(buf.String()) {
			t.Errorf("%s: %s", name, buf.String())
		}
		buf.Reset()
	}
}

func TestTheMatrixWouldSeeALeak(t *testing.T) {
	t.Parallel()
	planted := struct{ v []byte }{[]byte(canary)}
	for _, verb := range []string{"%s", "%v", "%d", "%x", "%X", "%q", "%o", "%#v"} {
		if !leaks(fmt.Sprintf(verb, planted)) {
			t.Errorf("a leak by %s is not seen: %s", verb, fmt.Sprintf(verb, planted))
		}
	}
	js, _ := json.Marshal([]byte(canary))
	if !leaks(string(js)) {
		t.Error("a leak by base64 is not seen")
	}
}

func TestAValueShowsItsPlaceholder(t *testing.T) {
	t.Parallel()
	v := secret.FromString(canary)
	js, err := json.Marshal(open{"n", v})
	if err != nil || string(js) != `{"Name":"n","Value":"[redacted]"}` {
		t.Errorf("json: %s, %v", js, err)
	}
	ym, err := yaml.Marshal(map[string]any{"v": v})
	if err != nil || string(ym) != "v: '[redacted]'\n" {
		t.Errorf("yaml: %s, %v", ym, err)
	}
	if v.String() != secret.Redacted || fmt.Sprintf("%d", v) != secret.Redacted {
		t.Errorf("fmt: %s %d", v, v)
	}
}

package secret_test

import (
	"encoding/json"
	"errors"
	"testing"

	"pgregory.net/rapid"

	"github.com/redim-tools/redim/pkg/secret"
)

func reveal(t testing.TB, v secret.Value) string {
	t.Helper()
	var text string
	if err := v.Reveal(func(b []byte) error { text = string(b); return nil }); err != nil {
		t.Fatal(err)
	}
	return text
}

func TestAValueGivesBackWhatItWasMadeOf(t *testing.T) {
	t.Parallel()
	rapid.Check(t, func(rt *rapid.T) {
		text := rapid.String().Draw(rt, "text")
		v := secret.FromString(text)
		if reveal(t, v) != text || v.Len() != len(text) || v.IsEmpty() != (text == "") {
			rt.Fatal("another text came back")
		}
		other := rapid.String().Draw(rt, "other")
		if v.Equal(secret.FromString(other)) != (text == other) {
			rt.Fatal("Equal is wrong")
		}
	})
}

func TestWipeEmptiesAllCopies(t *testing.T) {
	t.Parallel()
	bytes := []byte(canary)
	v := secret.New(bytes)
	twin := v
	v.Wipe()
	for i, b := range bytes {
		if b != 0 {
			t.Fatalf("byte %d is left", i)
		}
	}
	if leaks(reveal(t, twin)) {
		t.Error("the copy still has it")
	}
	secret.Value{}.Wipe()
}

func TestRevealHandsOnTheError(t *testing.T) {
	t.Parallel()
	want := errors.New("no")
	if err := secret.FromString("x").Reveal(func([]byte) error { return want }); !errors.Is(err, want) {
		t.Error(err)
	}
}

func TestDecodersFillAValue(t *testing.T) {
	t.Parallel()
	var held struct{ A, B, C secret.Value }
	if err := json.Unmarshal([]byte(`{"A":"c4nary-\u00e9","B":null}`), &held); err != nil {
		t.Fatal(err)
	}
	if reveal(t, held.A) != "c4nary-é" || !held.B.IsEmpty() || !held.C.IsEmpty() {
		t.Error("JSON came out wrong")
	}
	for _, bad := range []string{`{"A":17}`, `{"A":["c4nary"]}`, `{"A":{"x":"c4nary"}}`} {
		if err := json.Unmarshal([]byte(bad), &held); err == nil || leaks(err.Error()) {
			t.Errorf("%s: %v", bad, err)
		}
	}
}

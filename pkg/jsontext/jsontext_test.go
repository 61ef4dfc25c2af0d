package jsontext_test

import (
	"bytes"
	"encoding/json"
	"strings"
	"testing"

	"pgregory.net/rapid"

	"github.com/redim-tools/redim/pkg/jsontext"
)

func TestATextIsWrittenAsTheLibraryDoes(t *testing.T) {
	t.Parallel()
	check := func(t *rapid.T, text string) {
		var want bytes.Buffer
		e := json.NewEncoder(&want)
		e.SetEscapeHTML(false)
		if err := e.Encode(text); err != nil {
			t.Fatal(err)
		}
		if got := string(jsontext.AppendString([]byte("x"), text)) + "\n"; got != "x"+want.String() {
			t.Errorf("%q is %s, not %s", text, got, want.String())
		}
		if plain := want.String() == `"`+text+"\"\n" && !strings.ContainsFunc(text, func(r rune) bool { return r > '~' }); jsontext.IsPlain(text) != plain {
			t.Errorf("%q is plain: %t", text, !plain)
		}
	}
	rapid.Check(t, func(t *rapid.T) {
		check(t, rapid.OneOf(rapid.String(), rapid.StringMatching(`[ -~]{0,8}`), rapid.StringMatching("[<>&\"\\\\\u2028\u007f\x00é]{1,3}")).Draw(t, "text"))
		check(t, string(rapid.SliceOfN(rapid.Byte(), 0, 6).Draw(t, "bytes")))
	})
}

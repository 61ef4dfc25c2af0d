package api

import (
	"bytes"
	"crypto/sha256"
	"encoding/base64"
	"encoding/json"
	"testing"

	"pgregory.net/rapid"
)

// TestADigestIsThatOfTheJSON draws bodies. Keys that were used once are known by these
// digests.
func TestADigestIsThatOfTheJSON(t *testing.T) {
	t.Parallel()
	raw := rapid.Map(rapid.SliceOfN(rapid.Byte(), 0, 6), func(b []byte) string { return string(b) })
	text := rapid.OneOf(rapid.Just(""), rapid.StringMatching(`[ -~]{0,9}`), rapid.StringMatching("[a<>&\"\\\\\u2028\u2029\u007f\x00é]{1,3}"), rapid.String(), raw)
	hours := rapid.SampledFrom([]json.Number{"", "8", "0.25", "-1", "1e3", "12E-2"})
	rapid.Check(t, func(t *rapid.T) {
		q := asked{
			System: text.Draw(t, "system"), Account: text.Draw(t, "account"), Hours: hours.Draw(t, "hours"),
			Reason: text.Draw(t, "reason"), Comment: text.Draw(t, "comment"), Ticket: text.Draw(t, "ticket"),
		}
		long, err := json.Marshal(q)
		if err != nil {
			t.Fatal(err)
		}
		sum := sha256.Sum256(long)
		if got, want := q.digest(), base64.RawURLEncoding.EncodeToString(sum[:]); got != want {
			t.Errorf("%+v is %s, not %s", q, got, want)
		}
		if short, plain := q.appendJSON(nil); plain && !bytes.Equal(short, long) {
			t.Errorf("%s, not %s", short, long)
		}
	})
}

func TestTheDigestOfABodyIsForEver(t *testing.T) {
	t.Parallel()
	q := asked{System: "web01", Account: "root", Hours: "8", Reason: "why", Comment: "words", Ticket: "CHG-1"}
	if got := q.digest(); got != "-R6ttub8Y_I6zZ2VmJ1R0KHPpbaGKAG8NCcUzAuAU1g" {
		t.Error(got)
	}
}

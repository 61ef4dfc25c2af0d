package api

import (
	"bytes"
	"encoding/json"
	"testing"
	"time"

	"pgregory.net/rapid"
)

// TestADocumentWritesItselfAsTheLibraryWould draws check-outs.
func TestADocumentWritesItselfAsTheLibraryWould(t *testing.T) {
	t.Parallel()
	text := rapid.OneOf(rapid.Just(""), rapid.String())
	moment := rapid.Custom(func(t *rapid.T) time.Time {
		return time.Unix(rapid.Int64Range(0, 200_000_000_000).Draw(t, "seconds"), rapid.Int64Range(0, 999_999_999).Draw(t, "nanoseconds")).UTC()
	})
	rapid.Check(t, func(t *rapid.T) {
		d := checkoutDoc{
			ID: text.Draw(t, "id"), State: text.Draw(t, "state"), System: text.Draw(t, "system"), Account: text.Draw(t, "account"), Version: rapid.Int64().Draw(t, "version"),
			Since: moment.Draw(t, "since"), Due: moment.Draw(t, "due"), Reason: text.Draw(t, "reason"), Comment: text.Draw(t, "comment"), Ticket: text.Draw(t, "ticket"), Request: text.Draw(t, "request"),
		}
		if rapid.Bool().Draw(t, "over") {
			d.Ended = moment.Draw(t, "ended")
		}
		var want bytes.Buffer
		e := json.NewEncoder(&want)
		e.SetEscapeHTML(false)
		if err := e.Encode(d); err != nil {
			t.Fatal(err)
		}
		if got, err := marshal(d); err != nil || !bytes.Equal(got, want.Bytes()) {
			t.Fatalf("%v:\n%s%s", err, got, want.Bytes())
		}
	})
}

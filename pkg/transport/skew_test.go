package transport_test

import (
	"io"
	"net/http"
	"testing"
	"time"

	"github.com/redim-tools/redim/pkg/transport"
)

func TestTheClockOffsetComesFromTheDateHeader(t *testing.T) {
	t.Parallel()
	now := time.Date(2026, 1, 2, 3, 4, 5, 0, time.UTC)
	var s transport.Skew
	if _, known := s.Offset(); known {
		t.Error("an offset is known before any answer")
	}
	s.Observe("not a date", now, now)
	if _, known := s.Offset(); known {
		t.Error("an offset is taken from no date")
	}
	s.Observe(now.Add(90*time.Second).Format(http.TimeFormat), now, now.Add(time.Second))
	if offset, known := s.Offset(); !known || offset != 90*time.Second {
		t.Errorf("the offset is %v, %v", offset, known)
	}
}

func TestEveryAnswerIsObserved(t *testing.T) {
	t.Parallel()
	server := plainServer(t, func(w http.ResponseWriter, _ *http.Request) {
		w.Header().Set("Date", time.Now().Add(-time.Hour).UTC().Format(http.TimeFormat))
		_, _ = io.WriteString(w, "x")
	})
	var s transport.Skew
	c := newClient(t, transport.Options{})
	c.Transport = transport.RecordSkew(c.Transport, &s, time.Now)
	mustPost(t.Context(), t, c, server.URL, "{}")
	if offset, known := s.Offset(); !known || (offset+time.Hour).Abs() > 5*time.Second {
		t.Errorf("the offset is %v, %v", offset, known)
	}
	if _, err := post(t.Context(), c, "http://127.0.0.1:1/", "{}"); err == nil {
		t.Error("nothing is there, and answers")
	}
}

package vaultapp

import (
	"bytes"
	"errors"
	"log/slog"
	"math"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/redim-tools/redim/pkg/secret"
)

// TestTheLogWritesWhatTheLibraryWould compares lines with those of slog's own handler.
func TestTheLogWritesWhatTheLibraryWould(t *testing.T) {
	t.Parallel()
	at := time.Date(2026, 2, 3, 4, 5, 6, 789_000_000, time.FixedZone("east", 3600))
	for name, attrs := range map[string][]slog.Attr{
		"nothing":     nil,
		"a call":      {slog.String("id", "00ff"), slog.String("route", "/v1/checkouts/{id}"), slog.Int("status", 201), slog.Float64("ms", 1.234), slog.String("from", "10.0.0.1")},
		"numbers":     {slog.Float64("zero", 0), slog.Float64("whole", 12), slog.Float64("small", 1e-7), slog.Float64("least", 1e-6), slog.Float64("large", 1e21), slog.Float64("less", -0.5), slog.Float64("minus zero", math.Copysign(0, -1)), slog.Int64("n", -5)},
		"infinite":    {slog.Float64("ms", math.Inf(1))},
		"quoted":      {slog.String("name", `a "b" \c`)},
		"letters":     {slog.String("name", "Zürich\n\x00\xff\u2028<&>")},
		"a key":       {slog.String(`a"b`, "c")},
		"no key":      {slog.String("", "c")},
		"a secret":    {slog.Any("credential", secret.FromString("c4nary-Pa55")), slog.String("after", "it")},
		"an error":    {slog.Any("error", errors.New("it failed")), slog.Duration("took", time.Second), slog.Bool("yes", true), slog.Time("at", at)},
		"a group":     {slog.Group("of", slog.String("one", "1")), slog.Group("empty")},
		"many values": {slog.Int("a", 1), slog.Int("b", 2), slog.Int("c", 3), slog.Int("d", 4), slog.Int("e", 5), slog.Int("f", 6), slog.Int("g", 7)},
	} {
		for _, level := range []slog.Level{slog.LevelInfo, slog.LevelWarn, slog.LevelError, slog.LevelError + 1} {
			var got, want bytes.Buffer
			r := slog.NewRecord(at, level, "call", 0)
			r.AddAttrs(attrs...)
			if err := errors.Join(newLog(&got).Handler().Handle(t.Context(), r), inUTC{slog.NewJSONHandler(&want, nil)}.Handle(t.Context(), r)); err != nil {
				t.Fatal(err)
			}
			if got.String() != want.String() || strings.Contains(got.String(), "c4nary") {
				t.Errorf("%s:\n%s%s", name, got.String(), want.String())
			}
		}
	}
	var got, want bytes.Buffer
	r := slog.NewRecord(time.Time{}, slog.LevelInfo, `it "says"`, 0)
	if err := errors.Join(newLog(&got).Handler().Handle(t.Context(), r), inUTC{slog.NewJSONHandler(&want, nil)}.Handle(t.Context(), r)); err != nil || got.String() != want.String() {
		t.Errorf("%v: %s%s", err, got.String(), want.String())
	}
}

// TestLinesOfManyCallsStayApart logs both ways at once.
func TestLinesOfManyCallsStayApart(t *testing.T) {
	t.Parallel()
	var out bytes.Buffer
	log := newLog(&out)
	named := log.With("part", "upkeep").WithGroup("its")
	var wg sync.WaitGroup
	for range 8 {
		wg.Go(func() {
			for range 50 {
				log.Info("plain", "n", 1)
				log.Info("not", "text", "é")
				named.Warn("plain", "n", 1)
			}
		})
	}
	wg.Wait()
	lines := strings.Split(strings.TrimSpace(out.String()), "\n")
	if len(lines) != 8*50*3 {
		t.Fatalf("%d lines", len(lines))
	}
	for _, line := range lines {
		if !strings.HasPrefix(line, `{"time":"`) || !strings.HasSuffix(line, "}") || strings.Count(line, `"time"`) != 1 {
			t.Fatal(line)
		}
	}
	if !strings.Contains(out.String(), `"msg":"plain","part":"upkeep","its":{"n":1}}`) {
		t.Error("the lines of a part do not say which")
	}
}

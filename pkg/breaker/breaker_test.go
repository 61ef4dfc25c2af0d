package breaker_test

import (
	"os"
	"path/filepath"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/redim-tools/redim/pkg/breaker"
)

// clock is one that tests move.
type clock struct{ at time.Time }

func (c *clock) now() time.Time { return c.at }

func newClock() *clock { return &clock{time.Date(2026, 1, 1, 0, 0, 0, 0, time.UTC)} }

func TestAPlaceThatFailedIsTriedLastForAWhile(t *testing.T) {
	t.Parallel()
	for name, path := range map[string]string{"in this process": "", "in a file": filepath.Join(t.TempDir(), "sub", "outages.json")} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			c := newClock()
			b := breaker.Open(path, c.now)
			places := []string{"a", "b", "c"}
			order := func(want string) {
				t.Helper()
				c.at = c.at.Add(2 * time.Second) // so that the file is read again
				if got := strings.Join(b.Order(places), ""); got != want {
					t.Errorf("at %s: order %s, want %s", c.at.Format("15:04:05"), got, want)
				}
			}
			order("abc")
			b.Failed("a")
			order("bca")
			b.Failed("b")
			order("cab")
			c.at = c.at.Add(40 * time.Second)
			order("abc") // their pauses are over; a is on trial
			order("bca") // by somebody else
			b.Answered("a")
			b.Answered("b")
			order("abc")
			b.Failed("a")
			c.at = c.at.Add(31 * time.Second)
			b.Failed("a") // and a second time in a row
			c.at = c.at.Add(50 * time.Second)
			order("bca")
			c.at = c.at.Add(20 * time.Second)
			order("abc")
		})
	}
}

func TestTheNextProcessKnows(t *testing.T) {
	t.Parallel()
	path := filepath.Join(t.TempDir(), "outages.json")
	c := newClock()
	breaker.Open(path, c.now).Failed("https://a.example.com")
	next := breaker.Open(path, c.now)
	if got := next.Order([]string{"https://a.example.com", "b"}); got[0] != "b" {
		t.Errorf("order %v", got)
	}
	info, err := os.Stat(path)
	if err != nil || info.Mode().Perm() != 0o600 {
		t.Errorf("the file: %v, %v", info, err)
	}
	next.Answered("https://a.example.com")
	if got := breaker.Open(path, c.now).Order([]string{"https://a.example.com", "b"}); got[0] != "https://a.example.com" {
		t.Errorf("order after an answer %v", got)
	}
}

func TestWhatCantBeReadIsForgotten(t *testing.T) {
	t.Parallel()
	c := newClock()
	for name, text := range map[string]string{
		"nonsense": "{", "another schema": `{"schema":2,"places":{"a":{"failures":1,"until":"2026-01-01T00:00:20Z"}}}`,
		"null": "null", "a clock that is far ahead": `{"schema":1,"places":{"a":{"failures":1,"until":"2036-01-01T00:00:20Z"}}}`,
	} {
		path := filepath.Join(t.TempDir(), "outages.json")
		if err := os.WriteFile(path, []byte(text), 0o600); err != nil {
			t.Fatal(err)
		}
		b := breaker.Open(path, c.now)
		if got := b.Order([]string{"a", "b"}); !slices.Equal(got, []string{"a", "b"}) {
			t.Errorf("%s: order %v", name, got)
		}
		b.Failed("a")
		if got := breaker.Open(path, c.now).Order([]string{"a", "b"}); got[0] != "b" {
			t.Errorf("%s: not written anew: %v", name, got)
		}
	}
}

func TestAPlaceWithoutAFileStillWorks(t *testing.T) {
	t.Parallel()
	dir := filepath.Join(t.TempDir(), "a file")
	if err := os.WriteFile(dir, nil, 0o600); err != nil {
		t.Fatal(err)
	}
	b := breaker.Open(filepath.Join(dir, "outages.json"), newClock().now)
	b.Failed("a")
	b.Answered("b")
	if got := b.Order([]string{"a", "b"}); got[0] != "b" {
		t.Errorf("order %v", got)
	}
}

func TestManyMayAskAtOnce(t *testing.T) {
	t.Parallel()
	path := filepath.Join(t.TempDir(), "outages.json")
	var wg sync.WaitGroup
	for i := range 8 {
		b := breaker.Open(path, time.Now)
		wg.Go(func() {
			for range 5 {
				b.Failed(string(rune('a' + i)))
				b.Order([]string{"a", "z"})
			}
		})
	}
	wg.Wait()
	if got := breaker.Open(path, time.Now).Order([]string{"a", "z"}); got[0] != "z" {
		t.Errorf("order %v", got)
	}
}

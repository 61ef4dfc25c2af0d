package metrics_test

import (
	"regexp"
	"runtime"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/redim-tools/redim/pkg/metrics"
)

func TestWhatIsWrittenIsWhatWasCounted(t *testing.T) {
	t.Parallel()
	var r metrics.Registry
	c := r.Counter("calls_total", "Calls with a \\ and\na break.", "route", "code")
	c.Add(1, "b", "200")
	c.Add(2, `a"\`+"\n", "500")
	c.Add(3, "b", "200")
	h := r.Histogram("took_seconds", "How long.", []float64{0.1, 1}, "route")
	for _, v := range []float64{0.05, 0.1, 0.5, 7} {
		h.Observe(v, "a")
	}
	r.Gauge("there", "Is.", func() (float64, bool) { return 1.5, true })
	r.Gauge("absent", "Is not.", func() (float64, bool) { return 0, false })
	r.Reading("grows_total", "Grows.", func() (float64, bool) { return 1e21, true })
	want := `# HELP calls_total Calls with a \\ and\na break.
# TYPE calls_total counter
calls_total{route="a\"\\\n",code="500"} 2
calls_total{route="b",code="200"} 4
# HELP took_seconds How long.
# TYPE took_seconds histogram
took_seconds_bucket{route="a",le="0.1"} 2
took_seconds_bucket{route="a",le="1"} 3
took_seconds_bucket{route="a",le="+Inf"} 4
took_seconds_sum{route="a"} 7.65
took_seconds_count{route="a"} 4
# HELP there Is.
# TYPE there gauge
there 1.5
# HELP grows_total Grows.
# TYPE grows_total counter
grows_total 1e+21
`
	if got := text(t, &r); got != want {
		t.Errorf("got\n%s\nwant\n%s", got, want)
	}
}

func text(t *testing.T, r *metrics.Registry) string {
	t.Helper()
	var b strings.Builder
	if err := r.Write(&b); err != nil {
		t.Fatal(err)
	}
	return b.String()
}

func TestNothingIsLostWhenManyCount(t *testing.T) {
	t.Parallel()
	var r metrics.Registry
	c := r.Counter("n_total", "N.", "who")
	h := r.Histogram("v", "V.", []float64{1})
	var all sync.WaitGroup
	for range 8 {
		all.Go(func() {
			for range 1000 {
				c.Add(1, "x")
				h.Observe(2)
			}
			_ = r.Write(&strings.Builder{})
		})
	}
	all.Wait()
	got := text(t, &r)
	for _, line := range []string{`n_total{who="x"} 8000`, `v_bucket{le="1"} 0`, `v_bucket{le="+Inf"} 8000`, "v_sum 16000", "v_count 8000"} {
		if !strings.Contains(got, line+"\n") {
			t.Errorf("%q is not in\n%s", line, got)
		}
	}
}

func TestAProcessTellsOfItself(t *testing.T) {
	t.Parallel()
	if runtime.GOOS != "linux" {
		t.Skip("/proc is Linux's")
	}
	var r metrics.Registry
	r.Process(time.Unix(1700000000, 500e6))
	got := text(t, &r)
	for _, name := range []string{"process_cpu_seconds_total", "process_open_fds", "process_resident_memory_bytes", "go_goroutines"} {
		if !regexp.MustCompile(`(?m)^` + name + ` [0-9.e+]+$`).MatchString(got) {
			t.Errorf("%s is not in\n%s", name, got)
		}
	}
	if !strings.Contains(got, "process_start_time_seconds 1.7000000005e+09\n") {
		t.Error(got)
	}
}

func TestTheWrongNumberOfLabelsIsAMistake(t *testing.T) {
	t.Parallel()
	defer func() {
		if recover() == nil {
			t.Error("it was taken")
		}
	}()
	var r metrics.Registry
	r.Counter("n_total", "N.", "who").Add(1)
}

package journal

import (
	"bytes"
	"fmt"
	"hash/crc32"
	"os"
	"slices"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/redim-tools/redim/pkg/pam"
)

// sealed is a line with a right checksum.
func sealed(body string) string {
	return fmt.Sprintf("%08x %s\n", crc32.ChecksumIEEE([]byte(body)), body)
}

// history is a file of several records, and its lines.
func history(t *testing.T) (records []pam.Checkout, lines [][]byte) {
	t.Helper()
	records = []pam.Checkout{checkout("a", stateIntended), checkout("a", stateOpen), checkout("b", stateIntended), checkout("b", stateRefused), checkout("c", stateIntended)}
	for _, c := range records {
		lines = append(lines, line(t, c))
	}
	return records, lines
}

// folded is what a file of these records lists.
func folded(records []pam.Checkout) []pam.Checkout {
	var out []pam.Checkout
	for _, c := range records {
		if i := slices.IndexFunc(out, func(o pam.Checkout) bool { return o.ID == c.ID }); i >= 0 {
			out[i] = c
			continue
		}
		out = append(out, c)
	}
	return out
}

// whole counts the lines of which n bytes hold all; the newline may lack.
func whole(lines [][]byte, n int) int {
	for i, l := range lines {
		if n -= len(l); n < -1 {
			return i
		}
	}
	return len(lines)
}

func TestAFileCutAtAnyLengthLosesItsLastRecordOnly(t *testing.T) {
	t.Parallel()
	records, lines := history(t)
	data := bytes.Join(lines, nil)
	for n := range len(data) + 1 {
		got := fold(data[:n])
		left := whole(lines, n)
		if want := folded(records[:left]); !slices.Equal(want, got.checkouts) || len(got.damaged) != 0 {
			t.Fatalf("cut to %d bytes: %d damaged (-want +got):\n%s", n, len(got.damaged), cmp.Diff(want, got.checkouts))
		}
		rest := n - len(bytes.Join(lines[:left], nil))
		if len(got.tail) != max(rest, 0) {
			t.Fatalf("cut to %d bytes: a tail of %d, want %d", n, len(got.tail), rest)
		}
	}
}

func TestAppendAfterACutAtAnyLength(t *testing.T) {
	t.Parallel()
	records, lines := history(t)
	lines = lines[:3] // each append waits for the disk
	data := bytes.Join(lines, nil)
	j := New(t.TempDir())
	next := checkout("next", stateOpen)
	for n := range len(data) + 1 {
		if err := os.WriteFile(j.Path(), data[:n], 0o600); err != nil {
			t.Fatal(err)
		}
		add(t, j, next)
		got, err := j.read()
		if err != nil {
			t.Fatal(err)
		}
		if diff := cmp.Diff(folded(append(slices.Clone(records[:whole(lines, n)]), next)), got.checkouts); diff != "" || len(got.tail) != 0 {
			t.Fatalf("cut to %d bytes (-want +got):\n%s", n, diff)
		}
	}
}

func TestAFlippedBitLosesItsOwnLineOnlyAndIsNoticed(t *testing.T) {
	t.Parallel()
	records, lines := history(t)
	data := bytes.Join(lines, nil)
	at, end := 0, len(lines[0])
	for n := range data {
		if n == end {
			at++
			end += len(lines[at])
		}
		touched := 1
		if data[n] == '\n' && at+1 < len(lines) {
			touched = 2 // the next line hangs on to this one
		}
		want := folded(slices.Concat(records[:at], records[at+touched:]))
		for bit := range 8 {
			flipped := bytes.Clone(data)
			flipped[n] ^= 1 << bit
			got := fold(flipped)
			if !slices.Equal(want, got.checkouts) || len(got.unreadable()) == 0 {
				t.Fatalf("byte %d, bit %d: %d unreadable (-want +got):\n%s", n, bit, len(got.unreadable()), cmp.Diff(want, got.checkouts))
			}
		}
	}
}

func TestDamageIsToldAndSetAsideAndNothingElseIsLost(t *testing.T) {
	t.Parallel()
	flipped := func(l []byte) []byte {
		l = bytes.Clone(l)
		l[len(l)/2] ^= 4
		return l
	}
	records, lines := history(t)
	tests := map[string]struct {
		data  [][]byte
		left  []pam.Checkout
		aside []byte
	}{
		"a damaged line of a checkout that is open": {
			[][]byte{lines[0], flipped(lines[1]), lines[2]}, []pam.Checkout{records[0], records[2]}, flipped(lines[1]),
		},
		"the only line of one": {
			[][]byte{flipped(lines[4]), lines[2]}, records[2:3], flipped(lines[4]),
		},
		"a record that was cut": {
			[][]byte{lines[0], lines[2][:30]}, records[:1], append(bytes.Clone(lines[2][:30]), '\n'),
		},
		"both": {
			[][]byte{flipped(lines[1]), lines[2], lines[4][:99]}, records[2:3], slices.Concat(flipped(lines[1]), lines[4][:99], []byte("\n")),
		},
		"zeros, as after a power failure": {
			[][]byte{lines[0], make([]byte, 50)}, records[:1], append(make([]byte, 50), '\n'),
		},
		"empty lines are nothing": {[][]byte{lines[0], []byte("\n\n"), lines[2]}, []pam.Checkout{records[0], records[2]}, nil},
	}
	for name, tt := range tests {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			j, messages := told(t)
			if err := os.WriteFile(j.Path(), bytes.Join(tt.data, nil), 0o600); err != nil {
				t.Fatal(err)
			}
			for range 2 { // the second time there is no damage left, but the file for it
				if diff := cmp.Diff(tt.left, all(t, j)); diff != "" {
					t.Errorf("(-want +got):\n%s", diff)
				}
			}
			if got, _ := os.ReadFile(j.DamagedPath()); !bytes.Equal(got, tt.aside) {
				t.Errorf("set aside %q, want %q", got, tt.aside)
			}
			checkTold(t, j, *messages, tt.aside != nil)
		})
	}
}

// checkTold wants one message for each of two readings, and none once the file
// for the damaged lines is gone.
func checkTold(t *testing.T, j *Journal, messages []string, damaged bool) {
	t.Helper()
	want := 0
	if damaged {
		want = 2
	}
	if len(messages) != want {
		t.Errorf("told %d times: %q", len(messages), messages)
	}
	for _, m := range messages {
		if !strings.Contains(m, j.DamagedPath()) || !strings.Contains(m, "remove that file") {
			t.Errorf("told %q", m)
		}
	}
	_ = os.Remove(j.DamagedPath())
	j.Warn = func(m string) { t.Errorf("told again: %q", m) }
	all(t, j)
}

func TestDamageThatCanNotBeSetAsideIsToldAndStays(t *testing.T) {
	t.Parallel()
	j, messages := told(t)
	add(t, j, checkout("a", stateOpen))
	damage(t, j, "nonsense\n")
	if err := os.Mkdir(j.DamagedPath(), 0o700); err != nil { // stands in the way
		t.Fatal(err)
	}
	before, _ := os.ReadFile(j.Path())
	if got := all(t, j); len(got) != 1 {
		t.Errorf("listed %v", got)
	}
	if after, _ := os.ReadFile(j.Path()); !bytes.Equal(before, after) {
		t.Errorf("the file is now %q", after)
	}
	if len(*messages) == 0 || !strings.Contains((*messages)[0], "1 lines of "+j.Path()+" are cut or damaged") {
		t.Errorf("told %q", *messages)
	}
}

func TestDamageOfDifferentDaysIsKeptTogether(t *testing.T) {
	t.Parallel()
	j, _ := told(t)
	for _, text := range []string{"monday\n", "tuesday\n"} {
		add(t, j, checkout("a", stateOpen))
		damage(t, j, text)
		all(t, j)
	}
	if got, err := os.ReadFile(j.DamagedPath()); string(got) != "monday\ntuesday\n" {
		t.Errorf("kept %q, %v", got, err)
	}
}

func stat(t *testing.T, j *Journal) os.FileInfo {
	t.Helper()
	info, err := os.Stat(j.Path())
	if err != nil {
		t.Fatal(err)
	}
	return info
}

func TestARecordBeingWrittenIsNoDamage(t *testing.T) {
	t.Parallel()
	j, messages := told(t)
	add(t, j, checkout("a", stateOpen))
	l := line(t, checkout("b", stateOpen))
	damage(t, j, string(l[:40]))
	half, err := j.read()
	if err != nil || len(half.tail) != 40 {
		t.Fatalf("%+v, %v", half, err)
	}
	damage(t, j, string(l[40:])) // it is there by the time that the reader has the lock
	before := stat(t, j)
	if got := j.mend(t.Context(), half); len(got.checkouts) != 2 || len(got.unreadable()) != 0 || !os.SameFile(before, stat(t, j)) {
		t.Errorf("got %+v", got)
	}
	if _, err := os.Stat(j.DamagedPath()); err == nil || len(*messages) != 0 {
		t.Error("it was taken for damage")
	}
}

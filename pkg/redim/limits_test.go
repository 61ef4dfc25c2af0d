package redim_test

import (
	"strings"
	"testing"

	"github.com/redim-tools/redim/pkg/pam"
	"github.com/redim-tools/redim/pkg/redim/redimtest"
)

func TestWhatIsTooLargeForTheFrameworkIsToldSo(t *testing.T) {
	t.Parallel()
	inEachDialect(t, func(t *testing.T, spoken string) {
		b := newBench(t, redimtest.Options{Dialect: spoken})
		c := b.client()
		cred := b.find(c, alice(), "web01", "Administrator")
		for _, comment := range []string{strings.Repeat("x", 8193), strings.Repeat("🔑", 4097)} {
			_, err := c.CheckOut(t.Context(), alice(), cred, comment)
			wantFailure(t, err, pam.ErrUsage, "comment is longer than 8,192", false)
		}
		for _, comment := range []string{strings.Repeat("x", 8192), strings.Repeat("🔑", 4096)} {
			if _, err := c.CheckOut(t.Context(), alice(), cred, comment); err != nil {
				t.Errorf("%d bytes: %v", len(comment), err)
			}
		}
		self := pam.Identity{Name: b.APIUser()}
		large := `{"Padding":[` + strings.Repeat(" ", 64<<10) + `]}`
		_, err := c.CreatePasswordJob(t.Context(), self, []byte(large))
		wantFailure(t, err, pam.ErrUsage, "larger than 64 KiB", false)
		_, err = c.CreatePasswordJob(t.Context(), self, []byte(`{"SystemList":""}`))
		wantFailure(t, err, pam.ErrDenied, "does not say why", false)
		if stats := b.Stats(); stats.Jobs.Created != 0 || stats.Checkouts.Made != 2 {
			t.Errorf("the stats are %+v", stats)
		}
	})
}

package build

import "testing"

func TestAVersionIsOneLine(t *testing.T) {
	t.Parallel()
	for _, c := range []struct {
		name string
		info Info
		want string
	}{
		{"a release", Info{Version: "1.2.3", Commit: "0123456789abcdef", Date: "2026-01-02T03:04:05Z"}, "1.2.3 (0123456789ab, 2026-01-02T03:04:05Z)"},
		{"a commit without a date", Info{Version: "devel", Commit: "0123"}, "devel (0123)"},
		{"nothing known", Info{Version: "devel"}, "devel"},
	} {
		t.Run(c.name, func(t *testing.T) {
			t.Parallel()
			if got := c.info.String(); got != c.want {
				t.Errorf("got %q, want %q", got, c.want)
			}
		})
	}
}

func TestABuildWithoutAReleaseStillHasAVersion(t *testing.T) {
	t.Parallel()
	if got := Get(); got.Version == "" {
		t.Errorf("got %+v", got)
	}
}

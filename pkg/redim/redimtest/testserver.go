package redimtest

// TB is the part of testing.TB that NewServer needs. The package does not
// import testing, so that a program with a built-in server does not either.
type TB interface {
	Helper()
	Cleanup(func())
	Fatalf(format string, args ...any)
}

// NewServer starts a server for one test and ends it with the test. Without
// options it is the sample estate over TLS.
func NewServer(t TB, opts ...Options) *Running {
	t.Helper()
	var o Options
	if len(opts) > 0 {
		o = opts[0]
	}
	r, err := Start(o)
	if err != nil {
		t.Fatalf("start the stand-in server: %v", err)
		return nil
	}
	t.Cleanup(func() { _ = r.Close() })
	return r
}

package storetest

import (
	"net"
	"net/url"
	"os"
	"path/filepath"
	"strconv"
	"testing"
	"time"

	"github.com/jackc/pgx/v5"
)

// Standby makes a second server that follows s. From then on a commit of s is
// answered when both have it, so nothing is lost when s is.
func (s *Server) Standby(tb testing.TB) *Server {
	tb.Helper()
	dir, err := os.MkdirTemp(place(), "pg")
	if err != nil {
		tb.Fatal(err)
	}
	tb.Cleanup(func() { _ = os.RemoveAll(dir) })
	second := &Server{Dir: dir, bin: s.bin, data: filepath.Join(dir, "data")}
	if err := second.own(); err != nil {
		tb.Fatal(err)
	}
	copying := second.command("pg_basebackup", "-h", s.Dir, "-p", strconv.Itoa(s.Port), "-U", "admin", "-D", second.data, "-X", "stream", "-c", "fast", "-R", "--no-sync")
	if out, err := copying.CombinedOutput(); err != nil {
		tb.Fatalf("pg_basebackup: %v: %s", err, out)
	}
	if err := second.Launch(); err != nil {
		tb.Fatal(err)
	}
	tb.Cleanup(second.Kill)
	s.Exec(tb, "postgres", "alter system set synchronous_standby_names = '*'")
	s.Exec(tb, "postgres", "select pg_reload_conf()")
	s.follow(tb)
	return second
}

// follow waits until the standby takes part in commits.
func (s *Server) follow(tb testing.TB) {
	tb.Helper()
	conn, err := pgx.Connect(tb.Context(), s.URL("postgres"))
	if err != nil {
		tb.Fatal(err)
	}
	defer func() { _ = conn.Close(tb.Context()) }()
	for range 1000 {
		var n int
		if err := conn.QueryRow(tb.Context(), "select count(*) from pg_stat_replication where sync_state in ('sync', 'quorum')").Scan(&n); err != nil {
			tb.Fatal(err)
		}
		if n > 0 {
			return
		}
		time.Sleep(20 * time.Millisecond)
	}
	tb.Fatal("the standby does not follow")
}

// Promote lets a standby take writes.
func (s *Server) Promote(tb testing.TB) {
	tb.Helper()
	cmd := s.command("pg_ctl", "promote", "-D", s.data, "-w", "-t", "30")
	if out, err := cmd.CombinedOutput(); err != nil {
		tb.Fatalf("pg_ctl promote: %v: %s", err, out)
	}
}

// EitherURL is the address of a database at whichever of s and other takes
// writes.
func (s *Server) EitherURL(other *Server, database string) string {
	hosts := net.JoinHostPort("127.0.0.1", strconv.Itoa(s.Port)) + "," + net.JoinHostPort("127.0.0.1", strconv.Itoa(other.Port))
	u := url.URL{Scheme: "postgres", User: url.User("admin"), Host: hosts, Path: "/" + database, RawQuery: "sslmode=disable&target_session_attrs=read-write"}
	return u.String()
}

package storetest

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"net"
	"net/url"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"sync/atomic"
	"syscall"
	"testing"
	"time"

	"github.com/jackc/pgx/v5"
)

// Server is a running PostgreSQL server.
type Server struct {
	Dir  string // of the socket
	Port int
	bin  string
	data string
	made atomic.Int64
	cmd  *exec.Cmd
	out  *os.File
}

// Start starts a server that ends with the test, or skips the test when the
// system has no PostgreSQL.
func Start(tb testing.TB) *Server {
	tb.Helper()
	bin := binaries()
	if bin == "" {
		tb.Skip("needs PostgreSQL's server programs (Debian: postgresql-15)")
	}
	dir, err := os.MkdirTemp(place(), "pg")
	if err != nil {
		tb.Fatal(err)
	}
	tb.Cleanup(func() { _ = os.RemoveAll(dir) })
	s := &Server{Dir: dir, bin: bin, data: filepath.Join(dir, "data")}
	if err := s.init(); err != nil {
		tb.Fatal(err)
	}
	if err := s.Launch(); err != nil {
		tb.Fatal(err)
	}
	tb.Cleanup(s.Kill) // nobody needs the data any more, so no time is spent on keeping it
	s.Exec(tb, "postgres", "create extension if not exists pg_trgm")
	return s
}

// binaries is the folder of the newest server programs.
func binaries() string {
	found, _ := filepath.Glob("/usr/lib/postgresql/*/bin/postgres")
	if len(found) == 0 {
		path, err := exec.LookPath("postgres")
		if err != nil {
			return ""
		}
		found = []string{path}
	}
	slices.Sort(found)
	return filepath.Dir(found[len(found)-1])
}

// init makes the data folder.
func (s *Server) init() error {
	if err := s.own(); err != nil {
		return err
	}
	cmd := s.command("initdb", "-D", s.data, "-U", "admin", "--auth=trust", "-E", "UTF8", "--locale=C", "--no-sync")
	if out, err := cmd.CombinedOutput(); err != nil {
		return fmt.Errorf("initdb: %w: %s", err, out)
	}
	return nil
}

// command runs one of the server's programs as a user without rights.
func (s *Server) command(name string, args ...string) *exec.Cmd {
	cmd := exec.CommandContext(context.Background(), filepath.Join(s.bin, name), args...)
	cmd.Dir, cmd.Env = s.Dir, []string{"PATH=" + s.bin + ":/usr/bin:/bin", "LC_ALL=C", "TZ=UTC"}
	unprivileged(cmd)
	return cmd
}

// Launch starts the server, also again after Stop or Kill, on the same port.
func (s *Server) Launch() error {
	if s.Port == 0 {
		port, err := freePort()
		if err != nil {
			return err
		}
		s.Port = port
	}
	log, err := os.OpenFile(filepath.Join(s.Dir, "log"), os.O_CREATE|os.O_APPEND|os.O_WRONLY, 0o600)
	if err != nil {
		return err
	}
	s.cmd = s.command("postgres", "-D", s.data, "-p", strconv.Itoa(s.Port), "-k", s.Dir,
		"-c", "listen_addresses=127.0.0.1", "-c", "max_connections=300", "-c", "shared_buffers=128MB", "-c", "timezone=UTC")
	s.cmd.Stdout, s.cmd.Stderr, s.out = log, log, log
	if err := s.cmd.Start(); err != nil {
		return err
	}
	return s.answers()
}

func freePort() (int, error) {
	l, err := (&net.ListenConfig{}).Listen(context.Background(), "tcp", "127.0.0.1:0")
	if err != nil {
		return 0, err
	}
	defer l.Close()
	if a, ok := l.Addr().(*net.TCPAddr); ok {
		return a.Port, nil
	}
	return 0, errors.New("no port")
}

// answers waits until the server takes connections.
func (s *Server) answers() error {
	ctx, cancel := context.WithTimeout(context.Background(), time.Minute)
	defer cancel()
	for {
		conn, err := pgx.Connect(ctx, s.URL("postgres"))
		if err == nil {
			return conn.Close(ctx)
		}
		select {
		case <-time.After(20 * time.Millisecond):
		case <-ctx.Done():
			log, _ := os.ReadFile(filepath.Join(s.Dir, "log"))
			return fmt.Errorf("PostgreSQL does not answer: %w: %s", err, bytes.TrimSpace(log))
		}
	}
}

// URL is the address of a database over loopback.
func (s *Server) URL(database string) string {
	u := url.URL{Scheme: "postgres", User: url.User("admin"), Host: net.JoinHostPort("127.0.0.1", strconv.Itoa(s.Port)), Path: "/" + database, RawQuery: "sslmode=disable"}
	return u.String()
}

// SocketURL is the address of a database through the server's Unix socket.
func (s *Server) SocketURL(database string) string {
	values := url.Values{"host": {s.Dir}, "port": {strconv.Itoa(s.Port)}}
	u := url.URL{Scheme: "postgres", User: url.User("admin"), Path: "/" + database, RawQuery: values.Encode()}
	return u.String()
}

// Database makes an empty schema, which is quicker than a database and as
// separate, and returns the address that leads there.
func (s *Server) Database(tb testing.TB) string {
	tb.Helper()
	name := "test" + strconv.FormatInt(s.made.Add(1), 10)
	s.Exec(tb, "postgres", "create schema "+name)
	return s.URL("postgres") + "&search_path=" + name + ",public"
}

// Exec runs statements in a database.
func (s *Server) Exec(tb testing.TB, database, text string) {
	tb.Helper()
	conn, err := pgx.Connect(tb.Context(), s.URL(database))
	if err != nil {
		tb.Fatal(err)
	}
	defer func() { _ = conn.Close(context.Background()) }()
	if _, err := conn.Exec(tb.Context(), text); err != nil {
		tb.Fatal(err)
	}
}

// Files lists what the server keeps tables in, as they are on disk now.
func (s *Server) Files(tb testing.TB) []string {
	tb.Helper()
	s.Exec(tb, "postgres", "checkpoint")
	files, err := filepath.Glob(filepath.Join(s.data, "base", "*", "*"))
	if err != nil || len(files) == 0 {
		tb.Fatalf("%d files, %v", len(files), err)
	}
	return files
}

// Dump is what pg_dump writes of one schema, in the words of any schema: without
// its name, without what differs from one dump to the next, and its lines in
// order, for rows have none.
func (s *Server) Dump(tb testing.TB, schema string) string {
	tb.Helper()
	out, err := s.command("pg_dump", "-h", s.Dir, "-p", strconv.Itoa(s.Port), "-U", "admin", "-n", schema, "postgres").CombinedOutput()
	if err != nil {
		tb.Fatalf("pg_dump: %v: %s", err, out)
	}
	var kept []string
	for line := range strings.Lines(strings.ReplaceAll(string(out), schema, "SCHEMA")) {
		if !strings.HasPrefix(line, "--") && !strings.HasPrefix(line, `\`) {
			kept = append(kept, line)
		}
	}
	slices.Sort(kept)
	return strings.Join(kept, "")
}

// Bench runs pgbench and returns what it printed.
func (s *Server) Bench(tb testing.TB, args ...string) string {
	tb.Helper()
	cmd := s.command("pgbench", append([]string{"-h", s.Dir, "-p", strconv.Itoa(s.Port), "-U", "admin"}, args...)...)
	out, err := cmd.CombinedOutput()
	if err != nil {
		tb.Fatalf("pgbench: %v: %s", err, out)
	}
	return string(out)
}

// Stop ends the server in order.
func (s *Server) Stop() { s.end(syscall.SIGINT) }

// Kill ends it as a power cut would.
func (s *Server) Kill() { s.end(syscall.SIGQUIT) }

func (s *Server) end(sig syscall.Signal) {
	if s.cmd == nil {
		return
	}
	_ = s.cmd.Process.Signal(sig)
	_ = s.cmd.Wait()
	_ = s.out.Close()
	s.cmd = nil
}

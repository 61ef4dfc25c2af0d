package storetest

import (
	"context"
	"strings"
	"testing"
	"time"

	"github.com/jackc/pgx/v5"
)

// Settle waits until no other session of the server behind a PostgreSQL address
// is in a transaction: a process that was killed may have sent a commit, and the
// server ends it when the process is long gone. Other addresses need no waiting.
func Settle(tb testing.TB, address string) {
	tb.Helper()
	if !strings.HasPrefix(address, "postgres") {
		return
	}
	conn, err := pgx.Connect(tb.Context(), address)
	if err != nil {
		tb.Fatal(err)
	}
	defer func() { _ = conn.Close(context.Background()) }()
	for deadline := time.Now().Add(30 * time.Second); busy(tb, conn) > 0; time.Sleep(5 * time.Millisecond) {
		if time.Now().After(deadline) {
			tb.Fatal("a transaction of another session does not end")
		}
	}
}

func busy(tb testing.TB, conn *pgx.Conn) (sessions int) {
	tb.Helper()
	err := conn.QueryRow(tb.Context(), `select count(*) from pg_stat_activity
		where backend_type = 'client backend' and pid <> pg_backend_pid() and state <> 'idle'`).Scan(&sessions)
	if err != nil {
		tb.Fatal(err)
	}
	return sessions
}

package store_test

import (
	"bufio"
	"context"
	"errors"
	"fmt"
	"os"
	"os/exec"
	"strconv"
	"strings"
	"testing"
	"time"

	"github.com/redim-tools/redim/pkg/audit"
	"github.com/redim-tools/redim/pkg/store"
	"github.com/redim-tools/redim/pkg/vault"
)

// A copy of this test binary with REDIM_TEST_WORKER set is a worker: it does
// what the variable says on the store that REDIM_STORE names.
const (
	workerVariable = "REDIM_TEST_WORKER"
	storeVariable  = "REDIM_STORE"
)

func TestMain(m *testing.M) {
	what := os.Getenv(workerVariable)
	if what == "" {
		os.Exit(m.Run())
	}
	if err := work(what, os.Getenv(storeVariable)); err != nil {
		fmt.Fprintln(os.Stderr, err)
		os.Exit(1)
	}
}

// worker is a process of its own.
func worker(ctx context.Context, what, address string) *exec.Cmd {
	cmd := exec.CommandContext(ctx, os.Args[0])
	cmd.Env = append(os.Environ(), workerVariable+"="+what, storeVariable+"="+address)
	cmd.Stderr = os.Stderr
	return cmd
}

// work does "what", one of: edit N, hold N FILE, forever, alone N,
// crowd N (64 callers check out N times each).
func work(what, address string) error {
	s, err := store.Open(context.Background(), options(address))
	if err != nil {
		return err
	}
	words := strings.Fields(what)
	n := 0
	if len(words) > 1 {
		n, _ = strconv.Atoi(words[1])
	}
	switch words[0] {
	case "edit":
		err = repeat(n, func(int) error { return edit(s) })
	case "hold":
		err = repeat(n, func(i int) error { return hold(s, fmt.Sprintf("%d-%d", os.Getpid(), i), words[2]) })
	case "alone":
		err = repeat(n, func(i int) error {
			return checkOut(s, fmt.Sprintf("l%d-%d", os.Getpid(), i), fmt.Sprintf("c%d-%d", os.Getpid(), i), false)
		})
	case "crowd":
		err = crowd(s, n)
	case "forever":
		out := bufio.NewWriterSize(os.Stdout, 1)
		err = repeat(1<<30, func(i int) error { return tell(s, out, fmt.Sprintf("%d-%d", os.Getpid(), i)) })
	}
	return errors.Join(err, s.Close())
}

func crowd(s *store.Store, n int) error {
	const callers = 64
	errs := make(chan error, callers)
	for caller := range callers {
		go func() {
			errs <- repeat(n, func(i int) error {
				return checkOut(s, fmt.Sprintf("l%d-%d-%d", os.Getpid(), caller, i), fmt.Sprintf("c%d-%d-%d", os.Getpid(), caller, i), false)
			})
		}()
	}
	var all error
	for range callers {
		all = errors.Join(all, <-errs)
	}
	return all
}

func repeat(n int, do func(int) error) error {
	for i := range n {
		if err := do(i); err != nil {
			return err
		}
	}
	return nil
}

// edit adds one to the number that an integration's comment is, with its event.
func edit(s *store.Store) error {
	for {
		err := s.Update(context.Background(), func(ctx context.Context, tx vault.Tx) error {
			i, err := tx.Integration(ctx, id(1))
			if err != nil {
				return err
			}
			n, _ := strconv.Atoi(i.Comment)
			i.Comment = strconv.Itoa(n + 1)
			if err := tx.ChangeIntegration(ctx, i); err != nil {
				return err
			}
			return record(ctx, tx, anEvent(1, audit.IntegrationChanged, "a"))
		})
		if !errors.Is(err, vault.ErrStale) {
			return err
		}
	}
}

// checkOut adds a lease with its two events. Busy ones are waited for.
func checkOut(s *store.Store, lease, credential string, wait bool) error {
	for {
		err := s.Update(context.Background(), func(ctx context.Context, tx vault.Tx) error {
			l := aLease(lease, credential)
			if _, err := tx.LockCredential(ctx, credential); err != nil && !errors.Is(err, vault.ErrAbsent) {
				return err
			}
			if err := tx.AddLease(ctx, l); err != nil {
				return err
			}
			intent, outcome := anEvent(1, audit.CheckoutIntent, "a"), anEvent(1, audit.CheckoutOutcome, "a")
			intent.Lease, outcome.Lease = lease, lease
			return record(ctx, tx, intent, outcome)
		})
		if !wait || !errors.Is(err, vault.ErrTaken) {
			return err
		}
		time.Sleep(time.Millisecond)
	}
}

func checkIn(s *store.Store, lease string) error {
	return s.Update(context.Background(), func(ctx context.Context, tx vault.Tx) error {
		l, err := tx.Lease(ctx, lease)
		if err != nil {
			return err
		}
		l.State, l.Ended = vault.LeaseReturned, at(50)
		e := anEvent(1, audit.CheckinOutcome, "a")
		e.Lease = lease
		return errors.Join(tx.ChangeLease(ctx, l), record(ctx, tx, e))
	})
}

// hold checks out and in, and notes in a file from when to when it held.
func hold(s *store.Store, lease, file string) error {
	if err := checkOut(s, lease, id(1), true); err != nil {
		return err
	}
	f, err := os.OpenFile(file, os.O_WRONLY|os.O_APPEND|os.O_CREATE, 0o600)
	if err != nil {
		return err
	}
	_, err1 := fmt.Fprintf(f, "+%s\n", lease)
	_, err2 := fmt.Fprintf(f, "-%s\n", lease)
	return errors.Join(err1, err2, f.Close(), checkIn(s, lease))
}

// tell checks out and tells of it as soon as it may, then checks in. What a
// killed worker left open is ended first.
func tell(s *store.Store, out *bufio.Writer, lease string) error {
	err := checkOut(s, lease, id(1), false)
	if errors.Is(err, vault.ErrTaken) {
		return endOpen(s)
	}
	if err != nil {
		return err
	}
	if _, err := fmt.Fprintln(out, lease); err != nil {
		return err
	}
	if err := out.Flush(); err != nil {
		return err
	}
	return checkIn(s, lease)
}

func endOpen(s *store.Store) error {
	var open vault.Page[vault.Lease]
	err := s.View(context.Background(), func(ctx context.Context, r vault.Reader) (err error) {
		open, err = r.Leases(ctx, vault.LeaseCriteria{State: vault.LeaseOpen, Paging: vault.Paging{Limit: 10}})
		return err
	})
	for _, l := range open.Items {
		if e := checkIn(s, l.ID); err == nil && !errors.Is(e, vault.ErrStale) {
			err = e
		}
	}
	return err
}

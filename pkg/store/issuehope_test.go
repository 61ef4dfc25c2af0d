package store_test

import (
	"errors"
	"fmt"
	"strings"
	"testing"

	"github.com/redim-tools/redim/pkg/store/storetest"
	"github.com/redim-tools/redim/pkg/vault"
)

// TestWhatIsIssuedInHopeIsKeptWholeOrNotAtAll has lots of several sizes issued on
// PostgreSQL without a look at what became of each lease.
func TestWhatIsIssuedInHopeIsKeptWholeOrNotAtAll(t *testing.T) {
	t.Parallel()
	server := storetest.Start(t)
	for _, size := range []int{1, 2, 8, 9, 20} {
		t.Run(fmt.Sprintf("%d leases", size), func(t *testing.T) {
			t.Parallel()
			s := open(t, server.Database(t))
			good := make([]vault.Issue, size)
			for n := range good {
				good[n] = issuable(t, s, n)
			}
			for name, spoil := range refusals(t, s, good[0]) {
				bad := append([]vault.Issue(nil), good...)
				spoil(&bad[size/2])
				if err := s.IssueHoping(t.Context(), bad...); err == nil {
					t.Errorf("%s was kept", name)
				}
			}
			verify(t, s, 0)
			if err := s.IssueHoping(t.Context(), good...); err != nil {
				t.Fatal(err)
			}
			verify(t, s, uint64(2*size))
		})
	}
}

// TestAHopeThatFailsIsNotKnownToCallers opens the store anew for each, for after a
// refusal it hopes no more for a while.
func TestAHopeThatFailsIsNotKnownToCallers(t *testing.T) {
	t.Parallel()
	server := storetest.Start(t)
	address := server.Database(t)
	first := open(t, address)
	good := issuable(t, first, 1)
	spoilt := refusals(t, first, good)
	next := 10
	for name, spoil := range spoilt {
		s := open(t, address)
		bad := good
		spoil(&bad)
		for _, c := range []struct {
			vault.Issue
			want error
		}{{issuable(t, s, next), nil}, {bad, vault.ErrStale}, {issuable(t, s, next+1), nil}} { // the first begins the chain
			if err := s.Issue(t.Context(), c.Issue); !errors.Is(err, c.want) {
				t.Errorf("%s: %v, want %v", name, err, c.want)
			}
		}
		next += 2
	}
	verify(t, first, uint64(4*len(spoilt)))
	mayNotRefuse(t, server, address, issuable(t, first, next), issuable(t, first, next+1))
}

// mayNotRefuse issues as a user who may do all with the tables, but call no function.
func mayNotRefuse(t *testing.T, server *storetest.Server, address string, issues ...vault.Issue) {
	t.Helper()
	_, path, _ := strings.Cut(address, "search_path=")
	schema, _, _ := strings.Cut(path, ",")
	server.Exec(t, "postgres", "create role app login; grant usage on schema "+schema+" to app; grant all on all tables in schema "+schema+" to app; "+
		"revoke execute on all functions in schema "+schema+" from public")
	s := open(t, strings.Replace(address, "//admin@", "//app@", 1))
	for _, i := range issues { // the first begins the chain
		if err := s.Issue(t.Context(), i); err != nil {
			t.Error(err)
		}
	}
}

// TestEveryLeaseOfALotIsKept has lots on SQLite, where the statements that add rows
// have several sizes.
func TestEveryLeaseOfALotIsKept(t *testing.T) {
	t.Parallel()
	for _, size := range []int{1, 7, 8, 9, 15, 16, 31, 32, 33, 77} {
		s := open(t, sqliteBackend().make(t))
		lot := make([]vault.Issue, size)
		for n := range lot {
			lot[n] = issuable(t, s, n)
		}
		if err := s.IssueHoping(t.Context(), lot...); err != nil {
			t.Fatal(size, err)
		}
		verify(t, s, uint64(2*size))
		for _, i := range lot {
			if got := leaseOf(t, s, i.Lease.ID); got.CredentialID != i.Lease.CredentialID {
				t.Errorf("of %d: %s is of credential %q", size, i.Lease.ID, got.CredentialID)
			}
		}
	}
}

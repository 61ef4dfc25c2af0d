//go:build unix

package bench

import (
	"context"
	"fmt"
	"net/netip"
	"path/filepath"
	"sync"
	"sync/atomic"
	"syscall"
	"testing"
	"time"

	"github.com/redim-tools/redim/pkg/seal"
	"github.com/redim-tools/redim/pkg/secret"
	"github.com/redim-tools/redim/pkg/store"
	"github.com/redim-tools/redim/pkg/store/storetest"
	"github.com/redim-tools/redim/pkg/vault"
)

// applicants is how many integrations there are.
const applicants = 1000

// BenchmarkLogIn signs applications in by generated credentials: a token and an
// event on disk for each. BenchmarkAuthenticate is what each later call costs.
func BenchmarkLogIn(b *testing.B) {
	onBothStores(b, func(b *testing.B, d *doorway, callers int) {
		between(b, callers, func(n int64) error {
			_, err := d.logIn(n)
			return err
		})
	})
}

// BenchmarkAuthenticate holds tokens against the store.
func BenchmarkAuthenticate(b *testing.B) {
	onBothStores(b, func(b *testing.B, d *doorway, callers int) {
		var tokens []secret.Value
		for n := range int64(applicants) {
			got, err := d.logIn(n)
			if err != nil {
				b.Fatal(err)
			}
			tokens = append(tokens, got.Token)
		}
		between(b, callers, func(n int64) error {
			_, err := d.Authenticate(context.Background(), d.door(n), tokens[n%applicants])
			return err
		})
	})
}

func onBothStores(b *testing.B, run func(b *testing.B, d *doorway, callers int)) {
	addresses := map[string]func() string{"sqlite": func() string { return "sqlite:" + filepath.Join(b.TempDir(), "vault.db") }}
	server := storetest.Start(b)
	addresses["postgres"] = func() string { return server.Database(b) }
	for _, kind := range []string{"sqlite", "postgres"} {
		d := openDoorway(b, addresses[kind]())
		for _, callers := range []int{1, 8, 64} {
			b.Run(fmt.Sprintf("%s/%d", kind, callers), func(b *testing.B) { run(b, d, callers) })
		}
	}
}

type doorway struct {
	*vault.Service
	credentials []secret.Value
}

type oneKey struct{ vault.Key }

func (k oneKey) Current(context.Context) (vault.Key, error)      { return k.Key, nil }
func (k oneKey) Find(context.Context, string) (vault.Key, error) { return k.Key, nil }

func openDoorway(b *testing.B, address string) *doorway {
	b.Helper()
	ctx := context.Background()
	options := store.Options{Address: address, Now: time.Now, NewID: vault.NewID}
	if _, err := store.Migrate(ctx, options); err != nil {
		b.Fatal(err)
	}
	s, err := store.Open(ctx, options)
	if err != nil {
		b.Fatal(err)
	}
	b.Cleanup(func() { _ = s.Close() })
	d := &doorway{}
	if d.Service, err = vault.Open(ctx, vault.Options{Store: s, Keys: oneKey{seal.GenerateKey()}, Clock: time.Now, TokenLife: time.Hour}); err != nil {
		b.Fatal(err)
	}
	for n := range applicants {
		got, err := d.CreateIntegration(ctx, vault.Actor{Kind: vault.ActorAdmin, Name: "root"}, vault.IntegrationEdit{
			Name: new(fmt.Sprintf("app%04d", n)), Generate: true, AddGrants: []vault.Pattern{{System: "web*", Account: "*"}},
			AddAllowed: []netip.Prefix{netip.MustParsePrefix("10.0.0.0/8"), netip.MustParsePrefix("192.0.2.0/24")},
		})
		if err != nil {
			b.Fatal(err)
		}
		d.credentials = append(d.credentials, got.Generated)
	}
	return d
}

func (d *doorway) door(n int64) vault.Door {
	return vault.Door{From: netip.AddrFrom4([4]byte{10, 0, byte(n % applicants >> 8), byte(n % applicants)}), Request: "01900000-0000-7000-8000-000000000000"}
}

func (d *doorway) logIn(n int64) (vault.Admission, error) {
	return d.LogIn(context.Background(), d.door(n), fmt.Sprintf("app%04d", n%applicants), d.credentials[n%applicants])
}

// between runs b.N calls among so many callers.
func between(b *testing.B, callers int, do func(n int64) error) {
	b.Helper()
	var next atomic.Int64
	var wg sync.WaitGroup
	b.ResetTimer()
	before := cpu()
	for range callers {
		wg.Go(func() {
			for n := next.Add(1); n <= int64(b.N); n = next.Add(1) {
				if err := do(n); err != nil {
					b.Error(err)
					return
				}
			}
		})
	}
	wg.Wait()
	b.ReportMetric(float64(b.N)/b.Elapsed().Seconds(), "ops/s")
	b.ReportMetric(float64((cpu()-before).Microseconds())/float64(b.N), "cpu-us/op")
}

// cpu is the time that this process has computed.
func cpu() time.Duration {
	var u syscall.Rusage
	if syscall.Getrusage(syscall.RUSAGE_SELF, &u) != nil {
		return 0
	}
	return time.Duration(u.Utime.Nano() + u.Stime.Nano())
}

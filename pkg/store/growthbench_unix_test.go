//go:build unix

package store_test

import (
	"context"
	"fmt"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/redim-tools/redim/pkg/store/storetest"
)

// BenchmarkGrowth compares what is done with one record in a store of 10,000
// integrations and in one of many, in turn. Both have 10,000 credentials.
func BenchmarkGrowth(b *testing.B) {
	server := storetest.Start(b)
	for _, kind := range []string{"sqlite", "postgres"} {
		b.Run(kind, func(b *testing.B) {
			few, many := grown(b, server, kind, 10_000), grown(b, server, kind, benchRecords())
			for name, do := range map[string]func(*grownVault, int64) error{"show": (*grownVault).show, "check-out": (*grownVault).checkOutAny} {
				b.Run(fmt.Sprintf("%s of %d", name, many.records), func(b *testing.B) { inTurn(b, few, many, do) })
			}
		})
	}
}

// grownVault is a vault with so many integrations.
type grownVault struct {
	*benchVault
	records int
	calls   int64
}

func grown(b *testing.B, server *storetest.Server, kind string, records int) *grownVault {
	b.Helper()
	address := "sqlite:" + filepath.Join(b.TempDir(), fmt.Sprint(records, ".db"))
	if kind == "postgres" {
		address = server.Database(b)
	}
	v := &grownVault{benchVault: newBenchVault(b, address, benchCredentials), records: records}
	if strings.HasPrefix(address, "sqlite:") {
		many(b, open(b, address), records)
	} else {
		manyInPostgreSQL(b, server, address, records)
	}
	return v
}

func (v *grownVault) show(n int64) error {
	_, err := v.Integration(context.Background(), manyName(int(n*7919)%v.records))
	return err
}

func (v *grownVault) checkOutAny(n int64) error { return v.checkOut(host(scattered(n))) }

// inTurn does it in one and in the other, a hundred times in each round.
func inTurn(b *testing.B, few, many *grownVault, do func(*grownVault, int64) error) {
	b.Helper()
	const calls = 100
	took := map[*grownVault][]time.Duration{}
	for b.Loop() {
		for _, v := range []*grownVault{few, many} {
			for range calls {
				v.calls++
				start := time.Now()
				if err := do(v, v.calls); err != nil {
					b.Fatal(err)
				}
				took[v] = append(took[v], time.Since(start))
			}
			v.giveBack(b)
		}
	}
	for _, all := range took {
		slices.Sort(all)
	}
	middle := func(v *grownVault) float64 { return float64(took[v][len(took[v])/2].Nanoseconds()) / 1e3 }
	b.ReportMetric(middle(few), "few-p50-us")
	b.ReportMetric(middle(many), "many-p50-us")
	b.ReportMetric(middle(many)/middle(few), "x-few")
	b.ReportMetric(0, "ns/op")
}

package dialect_test

import (
	"strings"
	"testing"

	"github.com/redim-tools/redim/pkg/redim/wcf"
)

// BenchmarkOpen is what the first use of one operation costs a process.
func BenchmarkOpen(b *testing.B) {
	for b.Loop() {
		operation(b, open(b, nil), "stored_check_out")
	}
}

func BenchmarkEncode(b *testing.B) {
	op, p := operation(b, open(b, nil), "stored_check_out"), allParams()
	b.ReportAllocs()
	for b.Loop() {
		if _, err := op.Encode(p); err != nil {
			b.Fatal(err)
		}
	}
}

func BenchmarkReadPassword(b *testing.B) {
	op, reply := operation(b, open(b, nil), "stored_check_out"), []byte(`{"OperationMessage":"","OperationSucceeded":true,"Password":"c4nary-Pa55\/+"}`)
	b.ReportAllocs()
	for b.Loop() {
		value, _ := wcf.Valid(reply)
		if s, err := op.Secret(value); err != nil || s.IsEmpty() {
			b.Fatal(err)
		}
	}
}

func BenchmarkReadThousandRecords(b *testing.B) {
	const one = `{"AccountName":"EX\\svc","AccountStore":{"CustomTypeName":"","TargetName":"web01","Type":1},"AssetTag":"","AutoSpin":true,"CheckedOutBy":null,"CheckOutExpires":null,"IsRandomPassword":true,"LastChanged":"\/Date(1700000000000)\/","Namespace":"web01","SystemName":"web01"}`
	reply := []byte("[" + strings.Repeat(one+",", 999) + one + "]")
	op := operation(b, open(b, nil), "stored_list")
	b.SetBytes(int64(len(reply)))
	b.ReportAllocs()
	for b.Loop() {
		value, _ := wcf.Valid(reply)
		records, err := op.Records(value)
		if err != nil {
			b.Fatal(err)
		}
		for r := range records {
			_, _, _, _ = r.Text("account"), r.Text("target"), r.Bool("random"), r.Date("last_changed")
		}
	}
}

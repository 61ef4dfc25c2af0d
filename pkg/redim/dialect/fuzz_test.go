package dialect_test

import (
	"testing"

	"github.com/redim-tools/redim/pkg/redim/dialect"
	"github.com/redim-tools/redim/pkg/redim/wcf"
)

// FuzzReply reads any reply as the answer to every operation.
func FuzzReply(f *testing.F) {
	for _, seed := range []string{
		`{"OperationMessage":"c4nary-token","OperationSucceeded":true}`, `"c4nary\/token"`, `{"Password":"c4nary"}`,
		`[{"AccountName":"EX\\svc","AccountStore":{"Type":"1","TargetName":"web01"},"LastChanged":"\/Date(1700000000000)\/"}]`,
		`{"ListValues":[{"Value":"a"}]}`, `{"JobID":"7"}`, `7`, `null`, ``, `<html>`, `[[[`, `{"AccountStore":[]}`,
	} {
		f.Add([]byte(seed))
	}
	d := open(f, nil)
	f.Fuzz(func(t *testing.T, text []byte) {
		reply, ok := wcf.Valid(text)
		if !ok {
			return
		}
		_ = dialect.Refused(reply)
		for _, key := range d.Keys() {
			readAll(t, operation(t, d, key), reply)
		}
	})
}

func readAll(t *testing.T, op *dialect.Operation, reply []byte) {
	t.Helper()
	if s, err := op.Secret(reply); err != nil && !s.IsEmpty() {
		t.Fatalf("%s: a secret and a failure", op.Key)
	}
	_, _ = op.Text(reply)
	_, _ = op.Object(reply)
	_ = op.JobID(reply)
	_ = op.Expires(reply)
	records, err := op.Records(reply)
	if err != nil {
		return
	}
	for r := range records {
		_, _, _, _ = r.Text("account"), r.Bool("random"), r.Date("last_changed"), r.StoreType("type")
	}
}

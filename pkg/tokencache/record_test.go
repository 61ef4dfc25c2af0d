package tokencache

import (
	"bytes"
	"testing"
	"time"

	"pgregory.net/rapid"

	"github.com/redim-tools/redim/pkg/pam"
	"github.com/redim-tools/redim/pkg/seal"
	"github.com/redim-tools/redim/pkg/secret"
)

func anyTime(t *rapid.T, label string) time.Time {
	return fromNano(rapid.Int64().Draw(t, label))
}

func TestARecordIsReadBackAsItWas(t *testing.T) {
	t.Parallel()
	rapid.Check(t, func(t *rapid.T) {
		text := rapid.String()
		r := record{
			kind: rapid.SampledFrom([]kind{kindToken, kindRefusal}).Draw(t, "kind"), fingerprint: text.Draw(t, "fingerprint"), profile: text.Draw(t, "profile"),
			identity: pam.Identity{Domain: text.Draw(t, "domain"), Name: text.Draw(t, "name")},
			stored:   anyTime(t, "stored"), until: anyTime(t, "until"),
			token: pam.Token{Value: secret.FromString(text.Draw(t, "token")), Issued: anyTime(t, "issued"), Expires: anyTime(t, "expires")},
			class: pam.Class(text.Draw(t, "class")), message: text.Draw(t, "message"), hint: text.Draw(t, "hint"),
		}
		b := r.encode()
		got, ok := decode(b)
		if !ok || !bytes.Equal(got.encode(), b) || got.identity != r.identity || !got.token.Value.Equal(r.token.Value) || !got.until.Equal(r.until) {
			t.Fatalf("got %+v, %v", got, ok)
		}
		for n := range b {
			if _, ok := decode(b[:n]); ok {
				t.Fatalf("decoded %d of %d bytes", n, len(b))
			}
		}
	})
}

func FuzzDecode(f *testing.F) {
	f.Add(record{kind: kindToken, identity: pam.Identity{Domain: "EX", Name: "alice"}, token: pam.Token{Value: secret.FromString(canary)}}.encode())
	f.Add(record{kind: kindRefusal, class: pam.ErrDelegationRefused, message: "no"}.encode())
	f.Add([]byte{})
	f.Fuzz(func(t *testing.T, b []byte) {
		r, ok := decode(b)
		if !ok {
			return
		}
		again, ok := decode(r.encode())
		if !ok || !bytes.Equal(again.encode(), r.encode()) {
			t.Fatalf("%x is not read back", b)
		}
	})
}

// FuzzFile feeds whole files: whatever stands there, there is no panic, and
// nothing opens but what was sealed, unchanged.
func FuzzFile(f *testing.F) {
	key := seal.GenerateKey()
	name := fileName(key, "fp", alice())
	good := sealedAs(f, key, name, record{kind: kindToken, fingerprint: "fp", identity: alice()})
	f.Add([]byte("rdms\x01 and then some more bytes than a header and a tag have"), uint16(0), byte(1))
	f.Add([]byte{}, uint16(60), byte(0))
	f.Fuzz(func(t *testing.T, data []byte, at uint16, flip byte) {
		if _, err := key.Open(data, associated(name)); err == nil {
			t.Fatalf("opened what was never sealed: %x", data)
		}
		changed := bytes.Clone(good)
		changed[int(at)%len(good)] ^= flip
		if _, err := key.Open(changed, associated(name)); (err == nil) != (flip == 0) {
			t.Fatalf("byte %d changed by %x: %v", at, flip, err)
		}
	})
}

package negotiate

import (
	"bytes"
	"encoding/binary"
	"os"
	"path/filepath"
	"testing"
	"time"

	"github.com/jcmturner/gofork/encoding/asn1"
	"github.com/jcmturner/gokrb5/v8/types"
)

// forge makes what a KDC would: a ticket sealed with the service's key.
func forge(tb testing.TB, key types.EncryptionKey, now time.Time) credential {
	tb.Helper()
	session := types.EncryptionKey{KeyType: 18, KeyValue: bytes.Repeat([]byte{7}, 32)}
	client := principal{realm: "TEST.LOCAL", kind: namePrincipal, name: []string{"alice"}}
	service := principal{realm: "TEST.LOCAL", kind: nameService, name: []string{"HTTP", "localhost"}}
	none, err := asn1.Marshal(struct {
		Type     int    `asn1:"explicit,tag:0"`
		Contents []byte `asn1:"explicit,tag:1"`
	}{})
	if err != nil {
		tb.Fatal(err)
	}
	now = now.UTC().Truncate(time.Second)
	plain, err := encode(tagEncTicket, ticketPart{
		Flags: flags(), Key: session, Realm: client.realm, Name: client.types(), Transited: explicit(4, none), AuthTime: now, EndTime: now.Add(time.Hour),
	})
	if err != nil {
		tb.Fatal(err)
	}
	sealed, err := seal(plain, key, usageTicket, 1)
	if err != nil {
		tb.Fatal(err)
	}
	tkt, err := encode(tagTicket, ticket{Version: protocolVersion, Realm: service.realm, Service: service.types(), Sealed: sealed})
	if err != nil {
		tb.Fatal(err)
	}
	return credential{client: client, service: service, key: session, end: now.Add(time.Hour), ticket: tkt}
}

// forgeKeytab writes a keytab with one AES key.
func forgeKeytab(tb testing.TB) (path string, key types.EncryptionKey) {
	tb.Helper()
	key = types.EncryptionKey{KeyType: 18, KeyValue: bytes.Repeat([]byte{3}, 32)}
	text := func(b []byte, s string) []byte { return append(binary.BigEndian.AppendUint16(b, uint16(len(s))), s...) }
	entry := binary.BigEndian.AppendUint16(nil, 2)
	for _, s := range []string{"TEST.LOCAL", "HTTP", "localhost"} {
		entry = text(entry, s)
	}
	entry = binary.BigEndian.AppendUint32(binary.BigEndian.AppendUint32(entry, nameService), 0)
	entry = binary.BigEndian.AppendUint16(append(entry, 1), uint16(key.KeyType))
	entry = text(entry, string(key.KeyValue))
	file := append(binary.BigEndian.AppendUint32([]byte{5, 2}, uint32(len(entry))), entry...)
	path = filepath.Join(tb.TempDir(), "http.keytab")
	if err := os.WriteFile(path, file, 0o600); err != nil {
		tb.Fatal(err)
	}
	return path, key
}

// forgeToken is a token as a client sends it.
func forgeToken(tb testing.TB, c *Client, cred credential) (Proof, []byte) {
	tb.Helper()
	sent, err := c.prove(cred, usageAPAuth, gssChecksum(), []int{optionMutual})
	if err != nil {
		tb.Fatal(err)
	}
	token, err := initToken(sent.request)
	if err != nil {
		tb.Fatal(err)
	}
	return Proof{key: cred.key, sent: sent}, token
}

func TestTheClientChecksWhoAnswers(t *testing.T) {
	t.Parallel()
	path, key := forgeKeytab(t)
	a, err := NewAcceptor(AcceptorConfig{Keytab: path})
	if err != nil {
		t.Fatal(err)
	}
	client, cred := New(Config{}), forge(t, key, time.Now())
	proof, token := forgeToken(t, client, cred)
	caller, reply, err := a.Accept(t.Context(), token)
	if err != nil || caller.String() != "alice@TEST.LOCAL" {
		t.Fatalf("accepted %v, %v", caller, err)
	}
	if err := proof.Check(reply); err != nil {
		t.Errorf("the right answer: %v", err)
	}
	other, _ := forgeToken(t, client, cred)
	if other.Check(reply) == nil {
		t.Error("an answer to another token was taken")
	}
	reject, err := rejectToken()
	if err != nil || proof.Check(reject) == nil || proof.Check([]byte("x")) == nil || proof.Check(nil) != nil {
		t.Errorf("a rejection, nonsense and nothing: %v, %v, %v", proof.Check(reject), proof.Check([]byte("x")), proof.Check(nil))
	}
}

func FuzzAccept(f *testing.F) {
	path, key := forgeKeytab(f)
	now := time.Date(2026, 1, 1, 0, 0, 0, 0, time.UTC)
	clock := func() time.Time { return now }
	a, err := NewAcceptor(AcceptorConfig{Keytab: path, Now: clock})
	if err != nil {
		f.Fatal(err)
	}
	_, good := forgeToken(f, New(Config{Now: clock}), forge(f, key, now))
	f.Add(good)
	f.Add([]byte("NTLMSSP\x00"))
	f.Add([]byte{0x60, 0x82})
	f.Fuzz(func(t *testing.T, token []byte) {
		if caller, _, err := a.Accept(t.Context(), token); err == nil && caller.String() != "alice@TEST.LOCAL" {
			t.Errorf("a token that nobody made was accepted: %v", caller)
		}
	})
}

func FuzzReadFiles(f *testing.F) {
	path, _ := forgeKeytab(f)
	file, err := os.ReadFile(path)
	if err != nil {
		f.Fatal(err)
	}
	f.Add(file)
	f.Add([]byte("\x05\x04\x00\x00\x00\x00\x00\x01\x00\x00\x00\x01\x00\x00\x00\x01A\x00\x00\x00\x01b"))
	f.Add([]byte("[libdefaults]\n default_realm = A\n[realms]\n A = {\n  kdc = b\n }\n[domain_realm]\n .c = A\n"))
	f.Fuzz(func(t *testing.T, b []byte) {
		if kt, err := parseKeytab(b); err == nil && len(kt) > len(b) {
			t.Errorf("%d entries of %d bytes", len(kt), len(b))
		}
		new(ccache).parse(b)
		c := &krb5conf{kdcs: map[string][]string{}, realms: map[string]string{}}
		p := confParser{conf: c, dir: t.TempDir()}
		for line := range bytes.SplitSeq(b, []byte("\n")) {
			if !bytes.HasPrefix(line, []byte("include")) {
				_ = p.line(string(bytes.TrimSpace(line)))
			}
		}
		_, _, _ = openReply(b)
		c.realmOf(string(b))
	})
}

func BenchmarkAccept(b *testing.B) {
	path, key := forgeKeytab(b)
	a, err := NewAcceptor(AcceptorConfig{Keytab: path, MaxReplays: 1 << 24})
	if err != nil {
		b.Fatal(err)
	}
	client, cred := New(Config{}), forge(b, key, time.Now())
	for b.Loop() {
		_, token := forgeToken(b, client, cred)
		if _, _, err := a.Accept(b.Context(), token); err != nil {
			b.Fatal(err)
		}
	}
}

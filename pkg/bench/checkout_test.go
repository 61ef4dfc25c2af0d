package bench

import (
	"crypto/aes"
	"crypto/cipher"
	"crypto/rand"
	"encoding/json"
	"net/http"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/redim-tools/redim/pkg/redim/redimtest"
)

// BenchmarkCheckout compares a check-out with a warm token cache over TLS with
// the smallest client that makes the same requests.
func BenchmarkCheckout(b *testing.B) {
	server, err := redimtest.Start(redimtest.Options{})
	if err != nil {
		b.Fatal(err)
	}
	b.Cleanup(func() { _ = server.Close() })
	dir := b.TempDir()
	if err := server.WriteDir(dir); err != nil {
		b.Fatal(err)
	}
	redim := build(b, "../../cmd/redim")
	env := []string{"REDIM_CONFIG=" + filepath.Join(dir, "settings.yaml"), "REDIM_CACHE_DIR=" + filepath.Join(dir, "cache"), "REDIM_STATE_DIR=" + filepath.Join(dir, "state")}
	checkout := command{path: redim, env: env, args: []string{"checkout", "--user", `EX\alice`, "--endpoint", "web01", "--account", "svc-web", "--field", "password"}}
	checkout.run(b) // fills the token cache
	beside(b, checkout, minClient(b, server, dir))
}

// minClient seals a token of its own and lists the requests that a check-out
// makes, as the server sees them.
func minClient(b *testing.B, server *redimtest.Running, dir string) command {
	b.Helper()
	base := server.URL() + "/ERPMWebService/JSON/V2/AuthService.svc/"
	token := signIn(b, server, base)
	key := make([]byte, 32)
	_, _ = rand.Read(key)
	block, err := aes.NewCipher(key)
	if err != nil {
		b.Fatal(err)
	}
	aead, err := cipher.NewGCMWithRandomNonce(block)
	if err != nil {
		b.Fatal(err)
	}
	account := `{"AccountName":"svc-web","AccountStore":{"CustomTypeName":"","TargetName":"web01","Type":1},"PasswordList":""}`
	lines := []string{
		base + `AccountStoreOps_StoredCredential_GetListForSystem {"AuthenticationToken":"TOKEN","SystemName":"web01"}`,
		base + `AccountStoreOps_StoredCredential_GetListForSystem {"AuthenticationToken":"TOKEN","SystemName":"example.local"}`,
		base + `AccountStoreOps_SharedCredential_GetLists {"AuthenticationToken":"TOKEN"}`,
		base + `AccountStoreOps_SharedCredential_GetListEntries {"AuthenticationToken":"TOKEN","SharedCredentialListName":"Network gear"}`,
		base + `AccountStoreOps_StoredCredential_CheckOut {"AuthenticationToken":"TOKEN","Comment":"","AccountIdentificationInfo":` + account + `}`,
	}
	files := map[string][]byte{
		"min.key": key, "min.token": aead.Seal(nil, nil, []byte(token), nil), "min.requests": []byte(strings.Join(lines, "\n") + "\n"),
	}
	for name, data := range files {
		if err := os.WriteFile(filepath.Join(dir, name), data, 0o600); err != nil {
			b.Fatal(err)
		}
	}
	return command{path: build(b, "./testdata/minclient"), args: []string{
		filepath.Join(dir, "min.key"), filepath.Join(dir, "min.token"), filepath.Join(dir, "ca.pem"), filepath.Join(dir, "min.requests"),
	}}
}

// signIn obtains a token of EX\alice.
func signIn(b *testing.B, server *redimtest.Running, base string) string {
	b.Helper()
	var password string
	_ = server.APIPassword().Reveal(func(p []byte) error { password = string(p); return nil })
	delegation := post(b, server.HTTPClient(), base+"DoLogin2", map[string]any{"Username": server.APIUser(), "Password": password, "LoginType": 1})
	return post(b, server.HTTPClient(), base+"DoLoginImpersonated", map[string]any{"AuthenticationToken": delegation, "Username": "alice", "Authenticator": "EX", "LoginType": 2})
}

// post returns the member OperationMessage of the answer.
func post(b *testing.B, client *http.Client, url string, body map[string]any) string {
	b.Helper()
	text, err := json.Marshal(body)
	if err != nil {
		b.Fatal(err)
	}
	resp, err := client.Post(url, "application/json", strings.NewReader(string(text)))
	if err != nil {
		b.Fatal(err)
	}
	defer func() { _ = resp.Body.Close() }()
	var reply struct{ OperationMessage string }
	if err := json.NewDecoder(resp.Body).Decode(&reply); err != nil || reply.OperationMessage == "" {
		b.Fatalf("%s: status %s, %v", url, resp.Status, err)
	}
	return reply.OperationMessage
}

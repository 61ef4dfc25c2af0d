package e2e

import (
	"bytes"
	"context"
	"crypto/tls"
	"crypto/x509"
	"encoding/json"
	"fmt"
	"io"
	"math/rand/v2"
	"net/http"
	"os"
	"path/filepath"
	"strconv"
	"strings"
	"testing"
	"time"
)

// duration is what a variable says, or a short one for every day.
func duration(t *testing.T, variable string, short time.Duration) time.Duration {
	t.Helper()
	text := os.Getenv(variable)
	if text == "" {
		return short
	}
	d, err := time.ParseDuration(text)
	if err != nil {
		t.Fatal(err)
	}
	return d
}

// caller calls the Integration API.
type caller struct{ http.Client }

// generate makes an integration that may have everything, and returns its credential.
func (h vaultHome) generate(name string) string {
	h.Helper()
	out := h.must("admin", "integrations", "new", name, "--auth", "application", "--generate", "--reveal", "-o", "json",
		"--allow-ip", "127.0.0.1", "--grant", "*/*", "--hours", "1")
	var made map[string]any
	if err := json.Unmarshal([]byte(out), &made); err != nil {
		h.Fatal(err)
	}
	credential, ok := made["generated_credential"].(string)
	if !ok {
		h.Fatal("no credential was generated")
	}
	return credential
}

// trusting makes a caller that trusts the certificate of vault serve --dev.
func (h vaultHome) trusting() *caller {
	roots := func() *x509.CertPool {
		pool := x509.NewCertPool()
		if pem, err := os.ReadFile(filepath.Join(h.env["REDIM_DATA_DIR"], "dev", "dev-cert.pem")); err == nil {
			pool.AppendCertsFromPEM(pem)
		}
		return pool
	}
	verify := func(state tls.ConnectionState) error {
		_, err := state.PeerCertificates[0].Verify(x509.VerifyOptions{Roots: roots(), DNSName: state.ServerName})
		return err
	}
	config := &tls.Config{MinVersion: tls.VersionTLS13, InsecureSkipVerify: true, VerifyConnection: verify} // verified by hand: the file is there only once a server is
	return &caller{http.Client{Timeout: 15 * time.Second, Transport: &http.Transport{TLSClientConfig: config, MaxIdleConnsPerHost: 8}}}
}

// post sends a document and reads the one that comes back; 0 when none came.
func (c *caller) post(ctx context.Context, url, token, key string, body any) (int, map[string]any) {
	text, _ := json.Marshal(body)
	req, err := http.NewRequestWithContext(ctx, http.MethodPost, url, bytes.NewReader(text))
	if err != nil {
		return 0, nil
	}
	req.Header.Set("Content-Type", "application/json")
	if token != "" {
		req.Header.Set("Authorization", "Bearer "+token)
	}
	if key != "" {
		req.Header.Set("Idempotency-Key", key)
	}
	resp, err := c.Do(req)
	if err != nil {
		return 0, map[string]any{"error": err.Error()}
	}
	defer resp.Body.Close()
	answer, err := io.ReadAll(resp.Body)
	if err != nil {
		return 0, nil
	}
	var doc map[string]any
	_ = json.Unmarshal(answer, &doc)
	return resp.StatusCode, doc
}

// application checks out and in until it is told to stop. A question that got no
// answer is asked again with the same key, at any server.
func (f *fleet) application(ctx context.Context, name, credential string) {
	token := ""
	for n := 0; ctx.Err() == nil; n++ {
		system := "web0" + strconv.Itoa(1+rand.IntN(3))
		comment := name + "-" + strconv.Itoa(n)
		ask := map[string]string{"system": system, "account": "root", "comment": comment}
		for done := false; !done && ctx.Err() == nil; {
			if token == "" {
				token = f.logIn(ctx, credential)
				continue
			}
			status, doc := f.client.post(ctx, f.any()+"/v1/checkouts", token, comment, ask)
			switch done = f.judge(ctx, status, doc, "check-out "+comment); status {
			case http.StatusUnauthorized:
				token, done = "", false
			case http.StatusCreated:
				f.hold(system+"/root", comment, doc)
				f.again(ctx, token, comment, ask)
				token = f.giveBack(ctx, token, credential, system+"/root", doc)
				time.Sleep(f.pace)
			}
		}
	}
}

func (f *fleet) logIn(ctx context.Context, credential string) string {
	status, doc := f.client.post(ctx, f.any()+"/v1/login", "", "", map[string]string{"name": "fleet", "credential": credential})
	f.judge(ctx, status, doc, "log-in")
	token, _ := doc["token"].(string)
	return token
}

// judge reports whether an answer is one; no answer, or that nothing could be
// done now, is asked again.
func (f *fleet) judge(ctx context.Context, status int, doc map[string]any, what string) bool {
	f.mu.Lock()
	defer f.mu.Unlock()
	if code, ok := doc["code"].(string); ok {
		f.codes[code]++
	}
	f.said = fmt.Sprint(what, ": ", status, " ", doc["code"], " ", doc["error"])
	switch {
	case status == 0 || status == http.StatusUnauthorized: // its server was killed, or the token is another server's no more
		return false
	case status == http.StatusServiceUnavailable || status == http.StatusTooManyRequests:
		if !f.outage && ctx.Err() == nil {
			f.Errorf("%s: %d %v although the store answers", what, status, doc)
		}
		return false
	case status >= 500:
		f.Errorf("%s: %d %v", what, status, doc)
	}
	return true
}

func (f *fleet) hold(credential, comment string, doc map[string]any) {
	f.mu.Lock()
	defer f.mu.Unlock()
	id, _ := doc["id"].(string)
	if other, twice := f.holders[credential]; twice && other != id {
		f.Errorf("%s is held as %s and as %s", credential, other, id)
	}
	if secret, _ := doc["secret"].(string); !strings.HasPrefix(secret, "c4nary-") {
		f.Errorf("check-out %s came without its secret", comment)
	}
	f.holders[credential], f.told[comment] = id, id
	f.last, f.answered = time.Now(), f.answered+1
}

// again asks, now and then, what was answered already: it is the same lease.
func (f *fleet) again(ctx context.Context, token, comment string, ask map[string]string) {
	if rand.IntN(4) > 0 {
		return
	}
	status, doc := f.client.post(ctx, f.any()+"/v1/checkouts", token, comment, ask)
	f.judge(ctx, status, doc, "check-out "+comment+" once more")
	f.mu.Lock()
	defer f.mu.Unlock()
	if id, _ := doc["id"].(string); status == http.StatusCreated && id != f.told[comment] {
		f.Errorf("%s was %s, and with the same key it is %s", comment, f.told[comment], id)
	}
}

// giveBack gives back until that is answered, with another token where the first
// one has ended, and returns the token that is good.
func (f *fleet) giveBack(ctx context.Context, token, secret, credential string, doc map[string]any) string {
	id, _ := doc["id"].(string)
	f.mu.Lock()
	delete(f.holders, credential)
	f.mu.Unlock()
	for ctx.Err() == nil {
		if token == "" {
			token = f.logIn(ctx, secret)
			continue
		}
		status, doc := f.client.post(ctx, f.any()+"/v1/checkouts/"+id+"/checkin", token, "", map[string]string{})
		if f.judge(ctx, status, doc, "check-in "+id) {
			break
		}
		if status == http.StatusUnauthorized {
			token = ""
		}
	}
	return token
}

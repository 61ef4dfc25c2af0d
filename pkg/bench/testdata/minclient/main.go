// The smallest useful client: it opens a sealed token, sends the requests that
// a file lists over HTTPS, and prints the last answer.
//
// Usage: minclient KEYFILE TOKENFILE CAFILE REQUESTS, where each line of REQUESTS
// is a URL, a blank and a body with TOKEN in the place of the token.
package main

import (
	"bytes"
	"crypto/aes"
	"crypto/cipher"
	"crypto/tls"
	"crypto/x509"
	"fmt"
	"io"
	"net/http"
	"os"
	"strings"
	"time"
)

func must[T any](v T, err error) T {
	if err != nil {
		fmt.Fprintln(os.Stderr, err)
		os.Exit(1)
	}
	return v
}

func main() {
	aead := must(cipher.NewGCMWithRandomNonce(must(aes.NewCipher(must(os.ReadFile(os.Args[1]))))))
	token := must(aead.Open(nil, nil, must(os.ReadFile(os.Args[2])), nil))
	pool := x509.NewCertPool()
	pool.AppendCertsFromPEM(must(os.ReadFile(os.Args[3])))
	client := &http.Client{Timeout: 30 * time.Second, Transport: &http.Transport{TLSClientConfig: &tls.Config{RootCAs: pool}}}
	var last []byte
	for line := range strings.Lines(string(must(os.ReadFile(os.Args[4])))) {
		url, body, _ := strings.Cut(strings.TrimSpace(line), " ")
		resp := must(client.Post(url, "application/json", bytes.NewReader(bytes.Replace([]byte(body), []byte("TOKEN"), token, 1))))
		last = must(io.ReadAll(resp.Body))
		resp.Body.Close()
		if resp.StatusCode != http.StatusOK {
			fmt.Fprintln(os.Stderr, resp.Status, url)
			os.Exit(1)
		}
	}
	os.Stdout.Write(append(last, '\n'))
}

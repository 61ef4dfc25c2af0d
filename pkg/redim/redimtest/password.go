package redimtest

import (
	"crypto/rand"
	"encoding/base64"
	"slices"

	"github.com/redim-tools/redim/pkg/secret"
)

// marker stands in every secret the server makes, so that a search finds a leak.
const marker = "c4nary"

// awkward holds characters that change under URL, JSON, XML and shell quoting.
const awkward = `/+"<&é`

// newPassword makes a random password that holds the marker and awkward
// characters. Its length in characters is length, or 26 when that is smaller.
func newPassword(length int) secret.Value {
	fixed := len(marker) + 1 + len([]rune(awkward))
	n := max(length, 26) - fixed
	random := []byte(rand.Text())
	for len(random) < n {
		random = append(random, rand.Text()...)
	}
	return secret.New(slices.Concat([]byte(marker+"-"), random[:n], []byte(awkward)))
}

// newToken makes an opaque token. The slash shows whether a client undoes the
// framework's escape.
func newToken() secret.Value {
	raw := make([]byte, 24)
	_, _ = rand.Read(raw) // never fails
	return secret.New([]byte(marker + "/" + base64.StdEncoding.EncodeToString(raw) + "+=="))
}
